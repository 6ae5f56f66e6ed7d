# Взять сделку можно всегда; этап подождёт, пока не заполнено обязательное
people: Лена

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Лена sets budget=350000
manager Лена takes
see responsible Лена
see stage asked
see timeline "Для этапа «Договорились» не хватает: Когда вручить. Заполните и переведите сделку"
manager Лена moves agreed
see refused "Когда вручить"
manager Лена moves agreed bouquet_on=20.03.2026
see stage agreed
see field order_by 2026-03-18
until 2026-03-18 10:00
see task "Заказать цветы"
