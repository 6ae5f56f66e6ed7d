# At night the offline bot asks how to answer and what is needed
covers: A1.closed-hours, A3.offline

at 2026-04-06 22:00
customer web: Есть колодки на Рио?
see bot offline
see message web "Сейчас магазин закрыт"
see message web "Как вам удобнее получить ответ?"
+1m
customer web: 2
+1m
customer web: +7 916 123-45-67
+1m
customer web: Колодки передние, Рио 2015
see bot offline handed_off
see tag "нерабочее время"
see field contact_phone +79161234567
see task "писал, пока магазин был закрыт" due 2026-04-07 10:00
see no responsible
until 2026-04-07 10:01
see responsible "Анна Лебедева"
