# Сповіщення: SMS, якщо не просили інакше
covers: D.notice

at 2026-03-02 12:00
customer is "Ірина" phone +380671234501 email iryna@example.com
form callback name=Ірина
manager Оксана takes
manager Оксана sets budget=100000 tracking=20450000000001
parcel 20450000000001 accepted
see message sms "ТТН 20450000000001"
see no message
manager Оксана sets notify=E-mail
parcel 20450000000001 arrived
see message email "вже у відділенні"
see no message
