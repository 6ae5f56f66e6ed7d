# The request and the order of one customer become one deal, which the order leads
covers: A1.order-joins, A1.order, A2.6-placed

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
customer whatsapp: Нужны колодки на Рио
see bot qualifier
+5m
order 4711 placed total 125000
see open deals 1
see stage order_placed
see tag "заказ с сайта"
see field order 4711
see no bot
see timeline "Нужны колодки на Рио"
see timeline "пришёл заказ 4711"
customer whatsapp: Когда привезёте?
see open deals 1
order 4712 placed total 50000
see open deals 2
