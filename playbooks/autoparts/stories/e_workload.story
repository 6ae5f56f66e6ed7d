# Руководитель видит, у кого сколько работы, что просрочено, что сделано и как быстро отвечают
covers: E.workload

at 2026-03-02 12:00
customer Борис telegram: Здравствуйте
manager anna takes
customer Борис telegram: Сколько стоят колодки?
+10m
manager anna writes "Есть, 2 500 ₽"
manager anna gives task "Узнать цену" kind other due +1h
manager anna gives task "Проверить склад" kind other due +3d
customer Вера telegram: Здравствуйте
manager boris takes
customer Вера telegram: Есть диски?
+30m
manager boris writes "Есть"
customer Глафира telegram: Здравствуйте
manager boris takes
customer Глафира telegram: Фары есть?

see report workload "Анна Лебедева" open=1 due=1 overdue=0 done=0 waiting=0 answered=1 median_s=600
see report workload "Борис Климов" open=2 due=0 overdue=0 done=0 waiting=1 answered=1 median_s=1800
+2h
see report workload "Анна Лебедева" due=1 overdue=1
about customer Борис
manager anna finishes "Узнать цену" with "2 500 ₽"
manager anna finishes "Проверить склад" with "Две штуки"
see report workload "Анна Лебедева" open=1 due=0 overdue=0 done=2 done_late=1
see report workload "Борис Климов" open=2 done=0
see report workload total open=3 done=2 answered=2 waiting=1
see report workload "Анна Лебедева" by anna done=2
see no report workload "Борис Климов" by anna
