# A payment moves the deal on by itself, and nothing reminds of it any more
covers: A2.7-paid

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
customer whatsapp: Здравствуйте
order 4711 placed total 125000
+15m
see bot collector
payment 4711 "250.00"
see stage paying
see field paid partly
payment 4711 "1000.00"
see stage order_in_work
see bot collector stopped
see field paid yes
+4d
see no message
see no task "Выяснить"
