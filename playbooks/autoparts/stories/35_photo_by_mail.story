# A bot that asks by mail takes the photo that comes by mail, and brings it back as a task
covers: A2.2-clarify

at 2026-04-06 12:00
customer is "иван" email ivan@example.com
customer email: Нужна ручка двери, как она называется, не знаю
manager anna takes
manager anna clarifies photo
see message email "фото старой детали"
customer email: [photo door.jpg] Вот она
+1m
see field photos
see task "Клиент прислал фото детали" for anna
