# Просроченное видно руководителю: своему списку задач, отчёту и на следующий рабочий день отдельной задачей
covers: B.overdue

at 2026-03-02 12:00
customer is "Анна" phone +79161234567
form lesson
manager Ольга takes
manager Ольга gives task "Отправить программу курса" to Ольга due +1h
see no todo Ольга "программу" overdue
+1h 1m
see todo Ольга "программу" overdue
see report workload Ольга by Елена overdue=1 done=0
see no todo Елена "Ольга"
until 2026-03-03 12:59
see no todo Елена "Ольга"
until 2026-03-03 13:06
see todo Елена "Ольга"
manager Ольга finishes "программу курса" with "Отправила"
see report workload Ольга by Елена done=1 done_late=1
