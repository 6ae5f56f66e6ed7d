# Обучение для компании: своя воронка, свои роботы, свой ответственный
covers: B.lines, B.deeds

at 2026-03-02 12:00
customer is "Анна" phone +79161234567 email anna@example.com
form company company="ООО Ромашка"
see tag корпоративный
see responsible Вера
manager Вера takes
manager Вера moves qualified study=английский lesson_at=2026-03-10
see funnel companies
see stage created
see company "ООО Ромашка"
see field company "ООО Ромашка"
see task "Встретиться с ООО Ромашка" kind meeting
manager Вера moves audit
see refused "Сколько сотрудников"
manager Вера moves audit people=15
see task "сотрудников: 15"
+3d
see task "Сколько человек прошло тест"
manager Вера moves offer price=12000000
see task "120 000 ₽"
+10d
see task "не подписан неделю" for Елена
