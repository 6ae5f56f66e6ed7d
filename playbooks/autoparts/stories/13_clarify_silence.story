# Ten hours of silence after a clarification close the deal
covers: A2.2-silence, A2.lost, A3.stopped

at 2026-04-06 10:00
customer whatsapp: Здравствуйте
manager anna takes
manager anna clarifies vin
+9h 59m
see open
+2m
see lost silence
see timeline "клиент не ответил вовремя"
