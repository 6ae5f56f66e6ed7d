# Цепочка роботов: сразу, вслед за предыдущим, через день, через два и через четыре
covers: B.chain, B.deeds

at 2026-03-02 12:00
customer is "Анна" phone +79161234567 email anna@example.com
form lesson goal=учёба study=испанский
manager Ольга takes
manager Ольга moves need_found
see robot offer
see no robot nudge
+1d
see robot nudge
see message "места на бесплатный пробный урок"
+2d
see robot by_mail
see message email "время пробного урока мы так и не выбрали"
+4d
see task "Неделя без решения"
+23d
see lost not_now
