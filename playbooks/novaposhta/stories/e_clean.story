# Першого числа магазин переглядається сам: відправлено без ТТН, немає відділення, домовлений день минув
covers: E.own, E.monthly, E.per-manager, E.export, E.severity, E.status

at 2026-03-30 12:00
# Сплачене замовлення в роботі, а куди везти, ніхто не записав.
customer Ганна is "Ганна Коваль" phone +380671230101
order 701 placed total 125000
payment 701 "1250.00"
see stage production
see responsible Оксана
manager Оксана notes "Розміри уточнила"

# Відправили, а номер у картку не внесли.
customer Олег is "Олег Бойко" phone +380671230102
order 702 placed total 80000
see responsible Андрій
manager Андрій sets city=Львів warehouse=5
manager Андрій moves production
manager Андрій moves sent

# Обіцяв вирішити до вівторка.
customer Марта is "Марта Гнатюк" phone +380671230103
form callback goods="Кросівки"
manager Оксана moves thinking decide_on=2026-03-31

until 2026-03-31 09:00
audit
see no finding day_over
about customer Ганна
see finding no_warehouse for Оксана severity critical says "Не заповнено: Місто, Номер відділення"
see no finding no_waybill
about customer Олег
see finding no_waybill for Андрій severity critical says "Не заповнено: Номер ТТН"
see no finding no_warehouse

# Оксана питає місто, Андрій каже, що номер загубили; керівник не згоден.
about customer Ганна
manager Оксана sets city=Київ warehouse=12
about customer Олег
manager Андрій settles no_waybill as cannot_fix
see refused
manager Андрій settles no_waybill as cannot_fix because "Квитанцію загубили"
see finding no_waybill status cannot_fix
manager Ірина settles no_waybill as not_handled
see finding no_waybill status not_handled

until 2026-04-01 08:01
see finding no_waybill by Андрій
see no finding no_waybill by Оксана
about customer Ганна
see no finding no_warehouse
see trend no_warehouse 1 0
about customer Марта
see finding day_over for Оксана severity normal says "Домовлений день минув"
see sheet no_waybill "Менеджер" "Клієнт" "Сума" "Етап" "Що не так"
see sheet no_waybill "Андрій" "Олег Бойко" "800" "Продажі: Відправлено" "Не заповнено: Номер ТТН"
see sheet day_over by Оксана "Марта Гнатюк"
see no sheet no_waybill by Оксана "Олег Бойко"
manager Оксана sets decide_on=2026-04-10
about customer Олег
manager Андрій sets tracking=20450000000002
audit
see no finding no_waybill
about customer Марта
see no finding day_over
