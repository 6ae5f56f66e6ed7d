# Пропущенный звонок: перезваниваем и пишем об этом
covers: B.trigger-call

at 2026-03-02 12:00
call missed +79161234567
see stage new
see tag звонок
see message sms "не успели ответить"
see task kind call_back
call missed +79161234567
see task "звонили ещё раз, всего 2" kind call_back
call answered duration 60
see stage contacted
see no task "Перезвоните"
see done task "звонили ещё раз"
