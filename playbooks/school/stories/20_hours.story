# У каждого направления свои часы: компании работают в будни днём, курсы — по вечерам и в субботу
covers: B.lines

at 2026-03-06 17:00
# Пятница. Компании дают четыре рабочих часа на счёт: час сегодня и три во вторник, понедельник — выходной.
customer is "Анна" phone +79161234567 email anna@example.com
form company company="ООО Ромашка"
see responsible Вера
manager Вера takes
manager Вера moves qualified study=английский lesson_at=2026-03-10
see funnel companies
manager Вера moves audit people=15
manager Вера moves offer price=12000000
see task "Отправить договор" due 2026-03-10 12:00

# На курсах те же четыре часа кончаются раньше: три сегодня вечером и ещё один в субботу.
customer Пётр is phone +79161234568
about customer Пётр
form lesson
see responsible Тимур
manager Тимур takes
manager Тимур moves qualified study=немецкий lesson_at=2026-03-06T16:00
see funnel courses
manager Тимур moves in_work
see task "Подобрать группу" due 2026-03-07 12:00

# В субботу на заявку с курсов отвечает вечерняя смена, а за компанию — руководитель: Вера на выходных.
until Saturday 12:00
customer Ирина is phone +79161234569
about customer Ирина
form lesson
see responsible Тимур
customer Игорь is phone +79161234570
about customer Игорь
form company company="ООО Василёк"
see responsible Елена
