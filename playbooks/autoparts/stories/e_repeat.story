# «Исправлено» проверяется: что осталось, возвращается и считается повтором; что нельзя исправить, требует причины
covers: E.status, E.repeat
people: Пётр

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Пётр takes
manager Пётр writes "Минуту, смотрю"
manager Пётр gives task "Узнать цену" kind other due +1h
+2h
audit
see finding overdue_task for Пётр status not_handled
see no finding overdue_task repeated
see no offender Пётр overdue_task
manager anna settles overdue_task as fixed
see refused

# Сказал, что исправил, и не исправил.
manager Пётр settles overdue_task as fixed
see finding overdue_task status fixed
+1d
audit
see finding overdue_task repeated status not_handled
see offender Пётр overdue_task

# Исправить нельзя: с причиной, и руководитель соглашается.
manager Пётр settles overdue_task as cannot_fix
see refused "say why"
manager Пётр settles overdue_task as cannot_fix because "Поставщик молчит"
see finding overdue_task status cannot_fix
manager gleb settles overdue_task as cannot_fix
audit
see finding overdue_task status cannot_fix

# Исправлено на деле: следующий просмотр не находит.
manager Пётр finishes "Узнать цену" with "2 500 ₽"
audit
see no finding overdue_task
see trend overdue_task 1 1 1 0
