# The payment comes after the bot has given up: nobody has to find out why, and nobody waits
covers: A2.7-unpaid, A2.7-paid

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
customer whatsapp: Здравствуйте
order 4711 placed total 125000
+15m
see bot collector
+4d
see task "Выяснить, почему не оплачен заказ 4711"
payment 4711 "1250.00"
see stage order_in_work
see no task "Выяснить, почему не оплачен"
see no waiting
