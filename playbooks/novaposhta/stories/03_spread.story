# Замовлення з сайту, форми й дзвінки діляться між менеджерами порівну
covers: D.2-spread, D.fields

at 2026-03-02 12:00
order 701 placed total 125000 phone +380671234501 items "Кросівки"
see stage new_order
see tag "замовлення з сайту"
see responsible Оксана
see field budget 125000
see field cod 125000
see field goods Кросівки
see task "Підтвердити замовлення" kind call due 13:00

customer Олег is "Олег" phone +380671234502
about customer Олег
form callback name=Олег
see stage new_order
see responsible Андрій

customer Ганна is "Ганна" phone +380671234503
about customer Ганна
call missed +380671234503
see stage new_order
see responsible Оксана
see message sms "не встигли відповісти"
