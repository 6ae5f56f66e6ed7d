# Who has left nothing but a mailbox is asked by mail, once a time
covers: A2.7-ask, A2.7-again, A2.7-unpaid, E.passing
channels: email

at 2026-04-06 12:00
order 4711 placed total 125000 name "Анна Петрова" email anna@example.com
+15m
see stage paying
see message email "ваш заказ 4711 оформлен"
see robot how_to_pay held
+1d
manager anna takes
+4d
see task "Выяснить, почему не оплачен заказ 4711"
payment 4711 "1250.00"
see stage order_in_work
see no task "Выяснить"
see done task "Выяснить, почему не оплачен заказ 4711"
