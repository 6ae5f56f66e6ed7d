# A day after the offer its bot asks, makes a task and moves the deal on
covers: A2.4-followup

at 2026-04-06 12:00
customer is "мария"
customer whatsapp: Здравствуйте
manager anna takes
manager anna moves in_work
manager anna writes "Колодки 2 500 ₽, завтра"
manager anna moves offer_bot
+23h 50m
see no message
+15m
see bot offer_followup
see message whatsapp "предложение"
customer whatsapp: а дешевле можно?
customer whatsapp: 1
see stage offer_manager
see task "Пересчитать предложение" for anna
see bot offer_followup handed_off
