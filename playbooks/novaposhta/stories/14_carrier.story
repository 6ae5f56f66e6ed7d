# Накладна створюється з картки угоди: місто й відділення з довідника, зворотна доставка на суму накладеного платежу
covers: D.7-made, D.7-directory, D.7-waybill, D.fields

at 2026-03-02 12:00
customer is "Ірина Коваль" phone +380671234501
order 701 placed total 125000
payment 701 "300.00"
manager Оксана makes waybill
see refused "city"
see directory "Л" Львів
see directory "Л" Луцьк
see no directory "Л" Київ
manager Оксана sets city=Львів
see directory Львів "№7" 7
see no directory Львів "№7" 8
manager Оксана makes waybill
see refused "office"
manager Оксана sets warehouse=7
manager Оксана makes waybill
see waybill name="Ірина Коваль" phone=380671234501 city=Львів office=7 cost=1250 cod=950
see field tracking 20450000000001
see stage packed
see task "Запакувати й передати: ТТН 20450000000001, накладений платіж 950 ₴" for Степан
manager Оксана makes waybill
see refused "has_waybill"

customer Олег is "Олег" phone +380671234502
form callback name=Олег
manager Андрій makes waybill city=Дніпро office=3 cost=50000
see waybill name=Олег city=Дніпро office=3 cost=500 cod=
see stage packed
