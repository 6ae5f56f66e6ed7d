# The shop's system tells that money went back: the return is over, and the order is not paid any more
covers: A2.returns

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
order 4711 placed total 125000
payment 4711 "1250.00"
see field paid yes
order 4711 handed_over
form return order=4711 reason="Не подошла"
about funnel returns
see stage received
manager anna moves refunding refund_reason="Брак"
payment 4711 "-1250.00"
see won
see field paid no
see timeline "Возврат денег по заказу 4711"
see message email "деньги за возврат отправлены"
