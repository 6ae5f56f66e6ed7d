# An unpaid order is asked for by mail and messenger, again after one and three days, and then by a person
covers: A2.7-ask, A2.7-collector, A2.7-again, A2.7-unpaid

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
customer whatsapp: Здравствуйте
order 4711 placed total 125000
see no message
+15m
see stage paying
see bot collector
see message whatsapp "Анна, ваш заказ 4711 оформлен. К оплате: 1 250 ₽"
see message whatsapp "картой или наличными в офисе выдачи"
see message email "отложен за вами до оплаты"
see message email "1 250 ₽"
see message email "больше 48 часов заказываем у поставщика после предоплаты"
customer whatsapp: 2
see message whatsapp "по СБП"
+23h
see no message
+1h
see message email "вчера вы оформили заказ 4711"
see message whatsapp "Напоминаем об оплате"
+2d
see message email "третий день ждёт оплаты"
+1d
see task "Выяснить, почему не оплачен заказ 4711" for anna
see tag "не оплачен"
+2d
see robot unpaid held
