# Посилка рухає угоду сама: прийнято, у відділенні, третій день, забрали, гроші надійшли
covers: D.8-sent, D.9-arrived, D.9-day3, D.10-cod, D.notice

at 2026-03-02 12:00
customer is "Ірина" phone +380671234501
order 701 placed total 125000
manager Оксана sets tracking=20450000000001
parcel 20450000000001 accepted
see stage sent
see message sms "ТТН 20450000000001"
parcel 20450000000001 in_transit
see stage sent
see no message
+1d
parcel 20450000000001 arrived
see timeline "Посилка 20450000000001: прибула у відділення"
see stage arrived
see message sms "вже у відділенні. До сплати при отриманні: 1 250 ₴"
+3d
see message sms "третій день чекає у відділенні"
until 2026-03-06 13:00
see task "Третій день не забирає посилку" kind call
parcel 20450000000001 collected
see stage collected
see open
+4d
see task "Гроші за ТТН 20450000000001 не надійшли"
parcel 20450000000001 money_received
see field paid yes
see won
see timeline "Угоду закрито: Успішно"
+1d
see message "дякуємо за покупку"
