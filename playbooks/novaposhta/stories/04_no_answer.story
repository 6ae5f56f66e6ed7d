# Не взяв слухавку: зателефонувати ще раз сьогодні й завтра, потім знає керівник; відповів — повертається
covers: D.3-no-answer

at 2026-03-02 12:00
customer is "Олег" phone +380671234501
form callback name=Олег
call missed direction out
see stage no_answer
see field attempts 1
see message sms "Дзвонили вам щодо замовлення, але не застали"
see task "зателефонувати ще раз, +380671234501" kind call due 14:00
+1d
see task "Другий день не відповідає" kind call
+2d
see task "Не можемо додзвонитися кілька днів" for Ірина
call answered duration 40
see stage new_order
see no task "Другий день не відповідає"
call missed direction out
see stage no_answer
call missed direction out
see task "спробувати іншого дня" due 2026-03-06 12:00
call missed direction out
see open
call missed direction out
see lost no_contact
