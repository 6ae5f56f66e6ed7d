# Этапы заявки: у каждого свой признак и свой срок
covers: B.stages

at 2026-03-02 12:00
customer is "Анна" phone +79161234567
form lesson
see stage new
see criteria "Никто ещё не говорил с человеком"
+1h 1m
see robot age
see task "дольше положенного" kind late
manager Ольга takes
see stage contacted
see criteria "Человек ответил, но что ему нужно, пока неясно"
see no task "дольше положенного"
+3d
+1m
see task "Сделка стоит на этапе «Связались» дольше положенного" kind late
manager Ольга moves need_found study=английский goal=переезд
see criteria "Известны язык, цель и уровень"
see no task "дольше положенного"
+6d
see no task "дольше положенного"
+1d
+1m
see task "Сделка стоит на этапе «Потребность выяснена» дольше положенного"
manager Ольга sets lesson_at=2026-03-20T18:00
manager Ольга moves qualified
about funnel leads
see stage won
see won
about funnel courses
see criteria "Время и место отправлены"
