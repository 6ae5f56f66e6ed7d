# Money that goes back for an order in work is somebody's to look into; news of an order that was given up, too
covers: A2.6-placed

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
order 4711 placed total 100000
payment 4711 "1000.00"
see stage order_in_work
payment 4711 "-1000.00"
see field paid no
see task "вернули деньги за заказ 4711"
manager anna moves paying
see no task "вернули деньги"
manager anna moves lost reason price
order 4711 in_work
see task "сделка по нему закрыта"
