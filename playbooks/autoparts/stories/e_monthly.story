# Первого числа магазин просматривается сам, в другие дни по просьбе; видно, становится ли чище
covers: E.monthly, E.trend

at 2026-03-20 12:00
customer is "Ирина" phone +79160000301
customer telegram: Здравствуйте
manager anna takes
manager anna writes "Минуту"
manager anna gives task "Узнать цену" kind other due +1h
customer Борис telegram: Здравствуйте
manager boris takes
manager boris writes "Минуту"
manager boris gives task "Узнать срок" kind other due +1h
until 2026-04-01 07:59
see no finding overdue_task
until 2026-04-01 08:01
see finding overdue_task for "Борис Климов"
see trend overdue_task 2
see trend overdue_task by anna 1
manager boris finishes "Узнать срок" with "Три дня"
audit
see no finding overdue_task
see trend overdue_task 2 1

# Месяц никто ничего не делал: находится снова больше.
until 2026-05-01 08:01
see trend overdue_task 2 1 2
see finding overdue_task for "Борис Климов"
