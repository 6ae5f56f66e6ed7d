# Картка: гроші, накладна, оплата, доставка, сповіщення, примітка, місто й відділення
covers: D.fields, D.notice

at 2026-03-02 12:00
customer is "Ірина" phone +380671234501
form callback name=Ірина
manager Оксана takes
manager Оксана sets budget="1 250,50 ₴" advance="250,50"
see field budget 125050
see field advance 25050
see field cod 100000
manager Оксана sets payment_way="накладений платіж" delivery_way=поштомат notify=Telegram remark="Дзвонити після 18:00"
see field payment_way "накладений платіж"
see field delivery_way поштомат
see field notify Telegram
see field remark "Дзвонити після 18:00"
manager Оксана sets city=Львів warehouse=12
see field city Львів
see field warehouse 12
manager Оксана sets delivery_way=голубом
see refused "відділення"
manager Оксана sets budget="багато"
see refused "budget"
manager Оксана sets tracking=20450000000001
see field tracking 20450000000001
see stage packed
