# Каждый менеджер видит своё, руководитель всё; книга: лист на проверку, строка на находку
covers: E.per-manager, E.export

at 2026-03-02 12:00
customer Борис is "Борис Ким" phone +79160000201
customer Борис whatsapp: Здравствуйте
manager anna takes
manager anna gives task "Узнать цену" kind other due +1h
manager anna writes "Минуту"
customer Вера is "Вера Лис" phone +79160000202
order 4711 placed total 125000
manager boris takes
manager boris gives task "Проверить склад" kind other due +1h
+2h
audit

about customer Борис
see finding overdue_task by anna for "Анна Лебедева" says "Задача просрочена: Узнать цену"
see no finding overdue_task by boris
see finding overdue_task by gleb
about customer Вера
see finding overdue_task by boris for "Борис Климов" says "Задача просрочена: Проверить склад"
see no finding overdue_task by anna
see finding overdue_task by gleb

see sheet overdue_task "Менеджер" "Клиент" "Сумма" "Этап" "Что не так" "С какого времени"
see sheet overdue_task "Борис Климов" "Вера Лис" "1250" "Розница: Заказ оформлен" "Задача просрочена: Проверить склад" "46083.54"
see sheet overdue_task "Анна Лебедева" "Борис Ким" "Розница: Уточнение данных" "Узнать цену"
see sheet overdue_task by anna "Борис Ким"
see no sheet overdue_task by anna "Вера Лис"
see sheet no_reason "Менеджер"
