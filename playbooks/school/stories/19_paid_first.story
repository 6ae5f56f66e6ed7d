# Деньги пришли раньше самого заказа: заявка всё равно становится его частью, а «нет, это другой» возвращает её
covers: B.sales

at 2026-03-02 12:00
customer Дина is "Дина" phone +79161234505
form lesson name=Дина study=английский lesson_at=2026-03-06
manager Ольга takes
manager Ольга moves qualified
manager Ольга moves in_work
manager Ольга moves offer price=890000
payment 77 "8900.00"
see open deals 1
+4m
order 77 placed total 890000
see open deals 0
see won
see timeline "Оплата по заказу 77"
see timeline "Подобрать группу"
+3d
see no message "Остались вопросы"
manager Ольга undoes merge
see open deals 1
about stage offer
see field price 890000
see no field paid_sum
about order 77
see won
see field paid_sum 890000

customer Егор is "Егор" phone +79161234506
order 78 placed total 890000
see stage offer
see field price 890000
see no message
payment 78 "8900.00"
see won
