# What is missing of an order is asked for where the order stands, and silence closes no order
covers: A2.2-clarify

at 2026-04-06 10:00
customer is "Анна Петрова" phone +79161234567
customer whatsapp: Здравствуйте
order 4711 placed total 125000
payment 4711 "1250.00"
see stage order_in_work
manager anna clarifies address
see stage order_in_work
see bot clarify_address
+11h
see open
see stage order_in_work
see bot clarify_address timed_out
see task "не ответил боту, а заказ уже есть" kind call for anna
manager anna clarifies vin
see stage order_in_work
customer whatsapp: XTA210990Y1234567
see field vin XTA210990Y1234567
see task "Клиент ответил про VIN"
