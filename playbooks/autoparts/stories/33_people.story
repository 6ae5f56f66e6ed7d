# Deals do not go to who is away, and tasks end with a result
covers: A4.presence, A4.task-result

at 2026-04-06 12:00
manager anna goes away
customer whatsapp: Здравствуйте
see responsible "Борис Климов"
manager vera goes away
manager boris leaves
see no responsible
customer Пётр whatsapp: Добрый день
see no responsible
manager anna comes back
see responsible "Анна Лебедева"
manager anna takes
manager anna gives task "Позвонить завтра" to anna due +1d
manager anna finishes "Позвонить завтра" with ""
see refused "empty"
see task "Позвонить завтра"
manager anna finishes "Позвонить завтра" with "Договорились на пятницу"
see done task "Позвонить завтра"
see timeline "Договорились на пятницу"
