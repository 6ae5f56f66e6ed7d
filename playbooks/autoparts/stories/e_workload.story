# Руководитель видит, у кого сколько работы и кто отвечает
covers: E.workload

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager anna takes
manager anna gives task "Узнать цену" kind other due +1h
customer telegram: Сколько стоят колодки?
+10m
manager anna writes "Есть, 2 500 ₽"
see report workload Анна open 1 overdue 0 answered 1
+2h
see report workload Анна open 1 overdue 1
manager anna finishes "Узнать цену" with "2 500 ₽"
see report workload Анна overdue 0
