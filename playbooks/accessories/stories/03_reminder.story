# Напоминание повторяется, пока человек не решит; просьбу напомнить позже бот помнит
covers: C.reminder

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Марина takes
manager Марина moves processing city=Тверь payment_way="по ссылке" delivery_way=почтой contact_way=Telegram product=ремень
see no message
+3d
bot: Ирина, это мастерская аксессуаров.
bot: Как решили насчёт заказа: ремень…
until 2026-03-07 18:00
see no bot
until 2026-03-10 10:00
bot: Ирина, это мастерская аксессуаров.
bot: Как решили…
+1m
customer telegram: напомните позже
bot: Конечно. Когда напомнить…
customer telegram: через неделю
bot: Договорились, напишем 17.03.2026…
until 2026-03-17 09:59
see no message
until 2026-03-17 10:01
bot: Ирина, это мастерская аксессуаров.
bot: Как решили…
+1m
customer telegram: беру
bot: Отлично! Сейчас соберём данные…
see stage details
see no field remind_on
