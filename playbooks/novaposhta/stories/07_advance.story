# Аванс: решта стає накладеним платежем
covers: D.fields, D.6-confirmed

at 2026-03-02 12:00
order 701 placed total 125000 phone +380671234501
manager Оксана moves awaiting
payment 701 "300.00"
see timeline "Оплата за замовлення 701: 300"
see stage production
see task "Підготувати замовлення" for Степан due 2026-03-03 12:00
see field advance 30000
see field cod 95000
see timeline "Етап: Очікує оплату → Виробництво або підтверджено"
manager Оксана sets budget=145000
see field cod 115000
manager Оксана sets cod=1
see refused "Бюджет, Аванс"
