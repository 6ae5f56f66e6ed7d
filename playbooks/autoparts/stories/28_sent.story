# A parcel: its number, its arrival, the rating; it moves its own deal
covers: A2.11-sent, A2.mail-opens, A2.mail-moves, A2.mail-late

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
customer whatsapp: Здравствуйте
order 4711 placed total 125000
order 4711 paid
order 4711 sent tracking RA1
see open deals 1
see funnel mail
see stage sent
see message whatsapp "Номер для отслеживания: RA1"
see message email "RA1"
about funnel retail
see won
about funnel mail
+3h
see no message
parcel RA1 in_transit
see stage sent
until 2026-04-08 11:00
parcel RA1 arrived
see stage arrived
see message whatsapp template parcel_arrived "RA1"
see message email "пришла в отделение"
see message email "оцените нас, пожалуйста: https://shop.example.com/ocenka"
+2d
see no task
+1d
see task "посылка RA1 третий день лежит в отделении" kind call for anna
parcel RA1 collected
see won
+1d
see no message
see robot rate_parcel held
