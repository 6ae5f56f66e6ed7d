# After an answered call a manager makes the deal by hand, and it is theirs
covers: A1.answered-call

at 2026-04-06 12:00
customer is "ольга" phone +79161112233
customer whatsapp: Здравствуйте
manager boris takes
manager boris moves lost reason not_a_customer
call answered duration 120
see open deals 0
manager boris opens deal funnel retail title "Подвеска"
see open deals 1
see stage left_request
see responsible "Борис Климов"
call answered duration 30
see open deals 1
see timeline "Разговор по телефону, 30 с"
manager boris writes template greeting
see message whatsapp "Ольга, это Борис Климов"
