# An order in work is controlled every week
covers: A2.8-weekly

at 2026-04-06 12:00
order 4711 placed total 125000 phone +79161234567
order 4711 paid
see stage order_in_work
see no responsible
until 2026-04-13 11:50
see no task
until 2026-04-13 12:01
see task "Контроль: заказ 4711" kind control for anna
manager anna finishes "Контроль" with "Придёт в пятницу"
see no task
+7d
see task "Контроль: заказ 4711"
