# Отказ: причина записана, контакт остаётся в рассылке и через два месяца слышит о новой коллекции
covers: C.refusal

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Марина takes
manager Марина moves processing city=Тверь payment_way="по ссылке" delivery_way=почтой contact_way=Telegram product=ремень
+3d
bot: Ирина, это мастерская аксессуаров.
bot: Как решили…
+1m
customer telegram: нет
bot: Жаль! Подскажите…
customer telegram: дорого
bot: Спасибо за честный ответ…
customer telegram: да
bot: Спасибо! Если что-то понадобится…
see lost price
see tag рассылка
see audience mailing
see open deals 0
see customer name "Ирина"
+60d
see message telegram "новая коллекция"
