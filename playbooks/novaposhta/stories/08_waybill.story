# Номер накладної переводить на пакування; без номера туди не можна
covers: D.7-waybill

at 2026-03-02 12:00
order 701 placed total 125000 phone +380671234501
manager Оксана moves packed
see refused "Номер ТТН"
manager Оксана sets tracking=20450000000001
see stage packed
see task "Запакувати й передати: ТТН 20450000000001, накладений платіж 1 250 ₴" for Степан
