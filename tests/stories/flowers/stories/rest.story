# Сколько осталось заплатить: цена без аванса и без того, что уже пришло; деньги не ждут заполненных полей
people: Лена

at 2026-03-02 12:00
customer telegram: [phone +79160000001]
manager Лена sets budget=350000 advance=50000 bouquet_on=2026-03-20
see field rest 300000
order 4711 placed
about order 4711
manager Лена moves agreed
payment 4711 "1000.00"
see field paid_sum 100000
see field rest 200000
see stage agreed
payment 4711 "2 000,00"
see field rest 0
see stage making
audit
see finding missing_field
manager Лена sets delivery=самовывоз
audit
see no finding missing_field
