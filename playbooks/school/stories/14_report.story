# Из того, что хранится, видно, какие заявки стали сделками и где остановились остальные
covers: B.report

at 2026-03-02 12:00
customer Анна is "Анна" phone +79161234501
form lesson name=Анна study=английский lesson_at=2026-03-05
manager Ольга takes
manager Ольга moves qualified
see funnel courses
see open
about funnel leads
see won
see timeline "Этап: Новая → Связались"
see timeline "Этап: Связались → Готов к уроку"
see timeline "Продолжается в сделке"

customer Борис is "Борис" phone +79161234502
about customer Борис
form lesson name=Борис
manager Ольга takes
manager Ольга moves poor
see lost poor
see timeline "Связались → Некачественная"

customer Вика is "Вика" phone +79161234503
about customer Вика
form lesson name=Вика
manager Ольга takes
see open
see stage contacted
