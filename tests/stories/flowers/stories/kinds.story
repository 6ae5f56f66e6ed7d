# Поле принимает только то, что ему подходит, и хранит это в одном виде
people: Лена

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Лена sets budget=много
see refused "fields.budget: must be a sum of money"
manager Лена sets bouquet_on=31.02.2026
see refused "must be a date: 2026-03-20"
manager Лена sets delivery=самокатом
see refused "must be one of: курьером, самовывоз"
manager Лена sets rest=0
see refused "is reckoned by itself from: Стоимость, Аванс, Оплачено"
manager Лена sets budget="3 500,50 ₽" bouquet_on="20.03.2026 18:00" delivery=Курьером
see field budget 350050
see field bouquet_on 2026-03-20T18:00
see field delivery курьером
manager Лена sets budget=350000 bouquet_on=завтра
see field budget 350000
see field bouquet_on 2026-03-03

# Форма ничего не теряет: что не подошло, стоит в примечании
customer Борис is phone +79160000002
form bouquet budget=2500 bouquet_on=8.03.2026 delivery=голубями
see field budget 250000
see field bouquet_on 2026-03-08
see no field delivery
see timeline "Не записано в поле «Как передаём»: «голубями». Выбрать можно только из списка: курьером, самовывоз"
