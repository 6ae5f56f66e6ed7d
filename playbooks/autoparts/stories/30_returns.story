# A return request is answered by mail and checked by somebody
covers: A2.returns

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
form return order=4711 reason="Не подошла" name="Анна" phone=+79161234567 email=anna@example.com
see funnel returns
see stage received
see tag возврат
see message email "заявка на возврат получена: 4711"
see no message whatsapp
see task "Проверить заявку на возврат: заказ 4711, причина: Не подошла" for anna
until 2026-04-09 17:00
manager anna moves checking
until 2026-04-13 16:59
see no task "«Проверка» дольше положенного"
until 2026-04-13 17:01
see task "«Проверка» дольше положенного" due 17:00
manager anna moves refunding
see refused "Почему возвращаем деньги"
manager anna moves refunding refund_reason="Брак" refund_sum=125000
see task "Вернуть 1 250 ₽ за заказ 4711. Причина: Брак" kind refund
manager anna moves won
see message email "деньги за возврат отправлены"
customer Борис whatsapp: Здравствуйте
form return phone=+79160000002
see open deals 2
about funnel returns
see stage received
see no message "спасибо за заявку"
