# Отчёты: сколько заявок стало сделками, где остановились остальные, сколько стоят на этапе; каждое число открывает свои сделки
covers: B.report

at 2026-03-02 12:00
customer Анна is "Анна" phone +79161234501
form lesson name=Анна study=английский lesson_at=2026-03-05
manager Ольга takes
+2h
manager Ольга moves qualified
see funnel courses
see open
about funnel leads
see won
see timeline "Продолжается в сделке"

customer Борис is "Борис" phone +79161234502
about customer Борис
form lesson name=Борис
manager Ольга takes
manager Ольга moves poor
see lost poor

customer Вика is "Вика" phone +79161234503
about customer Вика
form lesson name=Вика
manager Ольга takes
see stage contacted

customer Глеб is "Глеб" phone +79161234504
about customer Глеб
form lesson name=Глеб
see stage new

customer Дина is "Дина" phone +79161234505
about customer Дина
form lesson name=Дина study=английский lesson_at=2026-03-06
manager Ольга takes
manager Ольга moves qualified
manager Ольга moves in_work
manager Ольга moves offer price=890000
order 77 placed total 890000
payment 77 "8900.00"
see won

# Из пяти заявок две стали сделками: 40 %.
see report leads Заявки opened=5 first=4 first_share=80 converted=2 converted_share=40 lost=1 lost_later=1 open=2
see report leads Курсы opened=2 won=1
see report conversion cohort of leads Новая reached=5
see report conversion cohort of leads Связались reached=4
see report conversion cohort of leads "Готов к уроку" reached=2
see report conversion snapshot of leads Новая open=1
see report conversion snapshot of leads Связались open=1
see report conversion snapshot of courses "Пробный урок назначен" open=1
see report stages of leads Связались stays=3
see report losses of leads "Некачественная заявка" lost=1
see report sources total opened=5 won=1
see report workload Ольга by Елена open=3
manager Ольга notes "Глеб ждёт звонка"
see report workload Ольга by Ольга open=3
