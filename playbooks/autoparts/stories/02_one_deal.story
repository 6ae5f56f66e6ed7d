# Whatever a customer says, on any channel, by phone or by mail, is said in one deal
covers: A1.joins, A1.answered-call

at 2026-04-06 12:00
customer is "Мария Кузнецова" phone +79161112233 email maria@example.com
call answered duration 90
see no deals
form parts comment="Нужен фильтр" phone=+79161112233 email=maria@example.com
see deals 1
customer whatsapp: Это я оставляла заявку
call answered duration 60 recording https://calls.example.com/1.mp3
mail "Ещё нужно масло" subject "Масло"
see deals 1
see timeline "Ещё нужно масло"
see timeline "Разговор по телефону, 60 с"
