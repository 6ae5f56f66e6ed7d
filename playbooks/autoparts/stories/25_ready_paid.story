# A paid order that is ready tells both offices and waits for a month
covers: A2.10-paid, A2.10-month

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
customer whatsapp: Здравствуйте
order 4711 placed total 125000
order 4711 paid
+1d
order 4711 ready office "Северная, 14"
see stage ready
see message whatsapp "На Северной, 14"
see message whatsapp "на Заводской, 3"
see message email "на Заводской, 3"
see message email "готов к выдаче"
see no tag "офис на Северной"
+3d
see no message
+20d
see message email "осталась неделя"
see message whatsapp template pickup_last_week
see no task "лежит месяц"
+8d
see task "Оплаченный заказ 4711 лежит месяц" kind storage
