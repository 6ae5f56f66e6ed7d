# Who is talking to a manager is not interrupted by the collector
covers: A3.silent

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567
customer whatsapp: Здравствуйте
manager anna takes
order 4711 placed total 125000
+20m
see stage order_placed
see no message
see no bot
see task "переведите сделку на этап «Оплата»" for anna
manager anna moves paying
see bot collector
manager anna writes "Это я, Анна. Оплатить можно и завтра"
see bot collector stopped
see timeline "написал клиенту"
+2d
see no message whatsapp
