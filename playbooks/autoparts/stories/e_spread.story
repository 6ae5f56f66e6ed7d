# Звонки делятся между менеджерами поровну, и задачи вместе с ними
covers: E.spread, E.call

at 2026-03-02 12:00
customer Первый is "Первый" phone +79160000501
call missed
see responsible anna
see task kind call_back for anna
customer Второй is "Второй" phone +79160000502
call missed
see responsible boris
see task kind call_back for boris
customer Третий is "Третий" phone +79160000503
call missed
see responsible vera
see task kind call_back for vera

# Кого нет, тому не достаётся.
manager anna goes away
customer Четвёртый is "Четвёртый" phone +79160000504
call missed
see task kind call_back for boris
manager anna comes back

see todo anna "Перезвоните клиенту"
see report workload "Анна Лебедева" open=1 due=1
see report workload "Борис Климов" open=2 due=2
see report workload "Вера Соколова" open=1 due=1

# Кто не перезвонил за полчаса, уступает, и задача уходит вместе с клиентом.
about customer Первый
+31m
see no responsible anna
see no task kind call_back for anna
see task kind call_back
