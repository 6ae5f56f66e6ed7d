# A funnel in columns and as a list, deals by phone, tasks in one's own list
covers: A4.columns, A4.search, A4.own-tasks, A4.task-result

at 2026-04-06 12:00
customer is "Иван Петров" phone +79161234567
customer whatsapp: Здравствуйте
customer Мария is "Мария Ким" phone +79031112233
customer Мария whatsapp: Добрый день
manager anna takes
manager anna moves in_work
see listed "Мария Ким" by anna funnel=retail stage=in_work
see no listed "Иван Петров" by anna funnel=retail stage=in_work
see listed "Иван Петров" by anna funnel=retail stage=left_request
see listed "Иван Петров" by boris funnel=retail open=yes
see listed "Мария Ким" by boris funnel=retail open=yes
see listed "Мария Ким" by anna responsible=me
see report conversion snapshot of retail "Заявка в работе" open=1
see report conversion snapshot of retail "Оставлена заявка" open=1
see listed "Мария Ким" by vera phone="+7 903 111-22-33"
see listed "Мария Ким" by vera phone="111 22 33"
see no listed "Иван Петров" by vera phone="111 22 33"
see listed "Иван Петров" by vera q="петров"
manager anna gives task "Уточнить цену у поставщика" to anna due +2h
manager anna gives task "Узнать, когда привезут" to boris due +1h
see todo anna "Уточнить цену"
see no todo anna "Узнать, когда привезут"
see todo boris "Узнать, когда привезут"
+1h 1m
see todo boris "Узнать, когда" overdue
see no todo anna "Уточнить цену" overdue
manager boris finishes "Узнать, когда" with "  "
see refused "empty"
see todo boris "Узнать, когда"
manager boris finishes "Узнать, когда" with "Привезут завтра к обеду"
see no todo boris "Узнать, когда"
see timeline "Привезут завтра к обеду"
manager anna moves lost reason elsewhere
see no listed "Мария Ким" by boris funnel=retail open=yes
see listed "Мария Ким" by boris funnel=retail open=no
