# Who has picked the order up is asked for a rating
covers: A2.11-picked-up

at 2026-04-06 12:00
customer is "Анна Петрова" phone +79161234567
customer whatsapp: Здравствуйте
order 4711 placed total 125000
order 4711 paid
order 4711 ready office "Северная, 14"
order 4711 handed_over
see won
see no message "Оцените"
+2h
see no message email
see message whatsapp "https://shop.example.com/ocenka"
form rating phone=+79161234567 rating=5 comment="Спасибо, всё подошло"
see open deals 0
see field rating 5
see timeline "Спасибо, всё подошло"
see no message
