# Проверки находят то, чем никто не занят
covers: E.checks, E.per-manager, E.status, E.repeat
people: Пётр

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Пётр takes
manager Пётр moves in_work
manager Пётр gives task "Узнать цену" kind other due +1h
manager Пётр writes "Минуту, смотрю"
+2h
audit
see finding overdue_task for Пётр
see finding stage_too_old for Пётр
manager Пётр settles overdue_task as fixed
see finding overdue_task status fixed
+1d
audit
see finding overdue_task status not_handled
see finding overdue_task repeated
manager Пётр settles overdue_task as cannot_fix because "Поставщик молчит"
see finding overdue_task status cannot_fix
manager gleb settles overdue_task as cannot_fix because "Согласен"
