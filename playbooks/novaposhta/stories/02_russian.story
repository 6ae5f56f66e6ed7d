# На прохання бот і роботи говорять російською
covers: D.languages, D.8-sent

at 2026-03-02 12:00
customer is "Игорь" phone +380501112233
customer telegram: Здравствуйте
+1m
customer telegram: по-русски
bot: Здравствуйте, Игорь! Помогу оформить заказ…
bot: Что вас интересует…
see field language ru
customer telegram: [phone +380501112233]
manager Оксана takes
manager Оксана sets budget=100000 notify=Telegram tracking=20450000000001
see stage packed
parcel 20450000000001 accepted
see stage sent
see message telegram "Ваш заказ отправлен. ТТН 20450000000001"
