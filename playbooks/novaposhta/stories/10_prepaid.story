# Сплачене наперед: забрали — успішно
covers: D.10-prepaid

at 2026-03-02 12:00
customer is "Ірина" phone +380671234501
order 701 placed total 125000
payment 701 "1250.00"
manager Оксана sets tracking=20450000000001
parcel 20450000000001 accepted
parcel 20450000000001 arrived
see message sms "Доплачувати не потрібно"
parcel 20450000000001 collected
see won
