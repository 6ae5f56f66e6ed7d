# Бот узнаёт, что нужно, и зовёт менеджера; тот забирает сделку

people: Анна

at 2026-03-02 12:00
customer telegram: Здравствуйте
bot: Здравствуйте, Ирина!
bot: Что вам нужно…
+1m
customer telegram: настольная лампа
bot: Спасибо! Менеджер ответит…
see field need "настольная лампа"
see task "Ответить клиенту"
see stage new
+30m
see task "Полчаса без движения"
manager Анна takes
see stage in_work
see responsible Анна
see no task "Полчаса без движения"
