# Менеджер просить бота уточнити місто та відділення
covers: D.1-chats

at 2026-03-02 12:00
customer telegram: Вітаю
manager Оксана takes
see timeline "Оксана: угоду взято в роботу"
manager Оксана clarifies delivery
bot: Ірина, у яке місто…
+1m
customer telegram: Дніпро
bot: Номер відділення…
customer telegram: 7
bot: Хто отримає…
customer telegram: Бондар Марія
bot: Записали, дякуємо…
see task "створити ТТН" kind clarified
see field city Дніпро
