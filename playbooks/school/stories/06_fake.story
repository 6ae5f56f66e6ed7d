# Ложные данные: заявка удаляется, а написавший сам не пропадает
covers: B.poor, B.fake

at 2026-03-02 12:00
form lesson
see deals 1
manager Ольга moves fake
see no deals
customer Борис telegram: Здравствуйте
about customer Борис
manager Ольга moves fake
see lost false_data
