# Думає: завдання на домовлений день; без дня — через два
covers: D.4-thinking

at 2026-03-02 12:00
form callback name=Олег
manager Оксана takes
manager Оксана moves thinking decide_on=2026-03-06 goods=рюкзак
+2d
see no task "дату не домовили"
manager Оксана sets decide_on=2026-03-05
until 2026-03-05 10:01
see task "Сьогодні домовлений день: дізнатися рішення щодо «рюкзак»" kind call

customer Ганна is "Ганна" phone +380671234503
about customer Ганна
form callback name=Ганна
manager Андрій takes
manager Андрій moves thinking
until 2026-03-09 10:00
see task "дату не домовили"
