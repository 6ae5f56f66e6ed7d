# Роботы по времени: сразу, через четверть часа, через час, через дни, друг за другом
covers: B.chain, B.deeds, B.overdue

at 2026-03-02 12:00
manager Ольга goes away
manager Тимур goes away
customer is "Анна" phone +79161234567 email anna@example.com
form lesson
see robot received
see robot call
see no robot nobody_free
+14m
see no task "некому взять"
+2m
see task "некому взять" for Елена
see robot nobody_free
see no robot nobody_called
until 12:59
see no robot nobody_called
+2m
see robot nobody_called
see task "стоит без звонка больше рабочего часа" for Елена
manager Ольга comes back
see responsible Ольга
manager Ольга takes
see robot ask
see no robot remind
+1d
see robot remind
see no robot tell
+2d
see robot tell
see task "Третий день не выяснили" for Елена
