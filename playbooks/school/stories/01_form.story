# Заявка с сайта: ответственный, письмо и звонок за рабочий час
covers: B.form, B.stages

at 2026-03-02 12:00
customer is "анна петрова" phone +79161234567 email anna@example.com
form lesson goal="переезд"
see funnel leads
see stage new
see tag сайт
see responsible Ольга
see message email "заявку получили"
see task "Позвонить: анна петрова, +79161234567" kind call for Ольга due 13:00
see no task "Заявка с сайта"
see field goal переезд
manager Ольга takes
see stage contacted
see task "Выяснить, какой язык"
manager Ольга moves need_found
see refused "Язык"
manager Ольга moves need_found study=английский
see task "Предложить два времени" kind meeting
manager Ольга moves qualified
see refused "Пробный урок"
