# A first message is met by the qualifier, which hands off with what it has gathered
covers: A1.message, A2.1-assigned, A3.qualifier, A3.stopped

at 2026-04-06 12:00
customer is "иван ПЕТРОВ"
customer whatsapp: Здравствуйте
see funnel retail
see stage left_request
see responsible "Анна Лебедева"
see bot qualifier
bot: Здравствуйте, Иван! Это магазин автозапчастей…
see message "Подобрать запчасти"
customer whatsapp: 1
see message "VIN"
customer whatsapp: хта210990у1234567
customer whatsapp: Колодки передние
customer whatsapp: 2
see message "он проверит наличие"
see bot qualifier handed_off
see timeline "передан менеджеру"
see task "Подобрать запчасти и сделать предложение" for anna
see field vin XTA210990Y1234567
see field parts "Колодки передние"
see tag запчасти
see waiting
