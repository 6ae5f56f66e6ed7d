# Чат: бот збирає замовлення, менеджер підтверджує
covers: D.1-chats, D.languages

at 2026-03-02 12:00
customer telegram: Добрий день
see stage chats
see timeline "Угоду відкрито"
see timeline "Бот «Перша розмова» почав розмову"
bot: Вітаємо, Ірина! Допоможу оформити замовлення…
bot: Що вас цікавить…
+1m
customer telegram: замовити
bot: Що саме замовляєте…
customer telegram: кросівки білі, 42
bot: У яке місто відправляти?
customer telegram: Львів
bot: Номер відділення…
customer telegram: 12
bot: Хто отримає…
customer telegram: Коваль Ірина
bot: І телефон отримувача.
customer telegram: 067 123 45 67
bot: Як зручніше заплатити…
customer telegram: при отриманні
bot: Дякуємо! Менеджер перевірить…
see field city Львів
see field warehouse 12
see field payment_way "накладений платіж"
see task "Підтвердити замовлення з чату" kind order
