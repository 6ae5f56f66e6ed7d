# A quick order needs nobody
covers: A2.self-served, A1.order, A2.6-placed

at 2026-04-06 02:10
customer is "Анна Петрова" phone +79161234567 email anna@example.com
order 4711 placed total 125000
see stage order_placed
+5m
order 4711 paid
see stage order_in_work
see no message
until 2026-04-08 03:00
order 4711 ready office "Северная, 14"
see no message
until 2026-04-08 10:01
see message email "4711 собран и оплачен"
until 2026-04-09 12:00
order 4711 handed_over
see won
+2h
see message "Оцените нас"
see no task
see no responsible
