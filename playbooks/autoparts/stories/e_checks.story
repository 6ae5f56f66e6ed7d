# Каждая проверка находит своё: по имени, важности и словам, с которыми идут исправлять
covers: E.checks, E.severity, E.own
people: Пётр

at 2026-03-02 12:00
# Заявка стоит дольше получаса, и задача просрочена.
customer Анна telegram: Здравствуйте
manager Пётр takes
manager Пётр moves in_work
manager Пётр gives task "Узнать цену" kind other due +1h
manager Пётр writes "Минуту, смотрю"

# Ничего не запланировано.
customer Борис telegram: Здравствуйте
manager Пётр takes
manager Пётр writes "Напишите, когда надумаете"

# Возврат, у которого стёрли причину и не записали номер заказа.
customer Вера is "Вера" phone +79160000102
form return reason="не подошло"
manager Пётр takes
manager Пётр sets refund_reason="брак"
manager Пётр moves refunding
manager Пётр sets refund_reason=""

# Заказ готов, а в каком офисе, неизвестно; клиент обещал забрать завтра.
customer Глафира is "Глафира" phone +79160000103
order 4711 placed total 125000 paid yes
order 4711 ready
manager Пётр takes
manager Пётр sets keep_until=2026-03-02

# Всё в порядке: разговор идёт, следующая задача есть.
customer Дарья telegram: Здравствуйте
manager Пётр takes
manager Пётр writes "Перезвоню завтра"
manager Пётр gives task "Перезвонить" kind call due +1d

+2h
audit
about customer Анна
see finding overdue_task for Пётр severity critical says "Задача просрочена: Узнать цену"
see finding stage_too_old for Пётр severity normal says "Стоит на этапе «Заявка в работе» дольше положенного"
see no finding no_next_task
about customer Борис
see finding no_next_task for Пётр severity critical says "Дальше ничего не запланировано: ни задачи, ни бота, ни правила воронки"
see no finding stage_too_old
see no finding overdue_task
about customer Вера
see finding missing_field for Пётр severity normal says "Не заполнено: Почему возвращаем деньги"
see finding return_of_what severity normal says "Не заполнено: Номер заказа"
about customer Глафира
see finding no_office severity critical says "Не заполнено: Офис"
see no finding no_sum
see no finding kept_too_long
about customer Дарья
see no finding overdue_task
see no finding no_next_task
see no finding stage_too_old

# Исправлено.
about customer Вера
manager Пётр sets refund_reason="брак"
about customer Глафира
manager Пётр sets office="Заводская, 3"
audit
see no finding no_office
about customer Вера
see no finding missing_field
see finding return_of_what

until 2026-03-03 12:00
audit
about customer Глафира
see finding kept_too_long severity critical says "Срок хранения вышел"

# «Ждём клиента» снимает спешку, но не навсегда: три рабочих дня.
about customer Анна
manager Пётр finishes "Узнать цену" with "2 500 ₽"
manager Пётр tags "ждём клиента"
audit
see no finding stage_too_old
see no finding waits_for_nothing
until 2026-03-05 12:01
audit
see finding waits_for_nothing severity normal says "Метка «ждём клиента» висит"
see no finding stage_too_old
