# An unpaid order that is ready: a tag, a mail on the third day, tasks on the fifth and seventh
covers: A2.10-unpaid, E.passing

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
order 4711 placed total 125000
order 4711 ready office "Заводская, 3"
see stage ready
see tag "офис на Заводской"
see message whatsapp template pickup_ready "4711"
see message email "К оплате при получении: 1 250 ₽"
+2d
see task "готов уже два дня" kind call for anna
+1d
see message email "третий день ждёт вас: Заводская, 3"
see message email "Храним заказы 7 дней, осталось 4"
see message email "позвоните нам"
see message email "доставку курьером"
see message email "сохраним его месяц"
see no message whatsapp
until 2026-04-11 12:01
see task "неоплаченный заказ 4711 лежит пятый день" kind call
until 2026-04-13 12:01
see task "Срок хранения неоплаченного заказа 4711 вышел"
manager anna sets keep_until=2026-04-20
until 2026-04-20 10:01
see task "Продлённый срок хранения"
payment 4711 "1250.00"
see message email "Теперь мы храним заказ 4711 месяц"
see stage ready
order 4711 handed_over
see won
see no task "4711"
