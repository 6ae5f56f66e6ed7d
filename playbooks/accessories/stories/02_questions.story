# Бот сам задаёт обязательные вопросы и двигает заявку
covers: C.questions, C.statuses

at 2026-03-02 12:00
customer telegram: Здравствуйте
bot: Здравствуйте, Ирина! Это мастерская аксессуаров…
bot: Что вам нужно…
customer telegram: ремень, 110 см
bot: Записал. Оформляем заказ…
customer telegram: 1
bot: В какой город отправлять?
see stage consultation
+1m
customer telegram: Тверь
bot: Как удобнее получить…
customer telegram: сдэк
bot: Как будете платить…
customer telegram: по счёту
bot: И последнее…
customer telegram: телеграм
bot: Спасибо, всё записал…
see field city Тверь
see field payment_way "по счёту"
see field delivery_way "транспортной компанией"
see field contact_way Telegram
see stage processing
see task "Посчитать стоимость и срок" kind offer
