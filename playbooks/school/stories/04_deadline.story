# За месяц не дозвонились: заявка некачественная
covers: B.deadline

at 2026-03-02 12:00
form lesson
+29d
see open
+2d
see lost poor
see robot never_reached
