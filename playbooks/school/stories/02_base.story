# От заявки до урока: звонок превращает заявку в сделку, время и место уходят сами
covers: E.passing, B.convert, B.time, B.audience, B.trigger-call, B.deeds

at 2026-03-02 12:00
customer is "анна" phone +79161234567 email anna@example.com
form lesson goal="переезд"
see task "Узнать цель и уровень, договориться о пробном уроке"
manager Ольга corrects name "Анна Петрова"
see customer name "Анна Петрова"
manager Ольга sets study=английский lesson_at=2026-03-05T18:00
call answered duration 120
see message sms "Пробный урок 05.03.2026, 18:00. Лесная, 18"
see message email "Когда: 05.03.2026, 18:00"
see funnel courses
see stage created
see responsible Ольга
see field goal переезд
about funnel leads
see won
see no task "Узнать цель и уровень"
about funnel courses
manager Ольга sets lesson_at=2026-03-06T19:00
see message sms "перенесён: 06.03.2026, 19:00"
until 2026-03-05 18:30
see no message
until 2026-03-05 20:00
see message "завтра пробный урок, 19:00"
until 2026-03-06 20:59
see no audience visited_trial
until 2026-03-06 21:01
see audience visited_trial
see stage in_work
