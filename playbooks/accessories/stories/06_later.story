# Отказ с датой: в этот день менеджеру напомнят о контакте
covers: C.refusal

at 2026-03-02 12:00
form lead product=сумка
manager Марина takes
manager Марина sets remind_on=2026-04-06
manager Марина moves lost reason later
see lost later
see no audience mailing
until 2026-04-06 10:30
see task "просил вернуться к разговору: сумка" kind call
