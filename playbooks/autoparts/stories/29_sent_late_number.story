# A number that becomes known later is told then; two parcels of one customer are two deals
covers: A2.11-sent, A2.mail-opens

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567 email anna@example.com
order 4711 placed total 125000
order 4711 paid
order 4711 sent
see stage sent
see no message "отслеживания"
manager anna sets tracking=RA1
see message email "Номер для отслеживания: RA1"
order 4712 placed total 50000
order 4712 paid
order 4712 sent tracking RA2
see open deals 2
parcel RA2 collected
about order 4712
see won
+3h
see message "Оцените нас"
about order 4711
see open
parcel RA1 returned
see lost not_collected
