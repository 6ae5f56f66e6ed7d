# Первого числа школа просматривается сама: урок прошёл, а заявка не сделка; звонить некуда; компания без имени
covers: E.own, E.monthly, E.per-manager, E.export, E.severity, E.status

at 2026-03-30 12:00
# Договорились об уроке, а заявка так и осталась заявкой.
customer Анна is "Анна Ким" phone +79160001101
form lesson study=английский goal=работа
manager Ольга takes
manager Ольга moves need_found
manager Ольга sets lesson_at=2026-03-31T18:00

# Написал в Telegram, с ним поговорили, а номера не спросили.
customer Борис is "Борис Лис"
customer Борис telegram: Здравствуйте
manager Тимур takes
manager Тимур writes "Какой язык нужен?"
see stage contacted

# Сделка с компанией, которую никто не назвал.
customer Вера is "Вера Рябова" phone +79160001103 email vera@example.com
form company
manager Вера takes
manager Вера moves qualified study=английский lesson_at=2026-04-03
see funnel companies

until 2026-03-31 18:01
audit
about customer Анна
see finding lesson_over for Ольга severity critical says "Время урока прошло"
until 2026-04-01 08:59
see trend lesson_over 1
until 2026-04-01 09:01
see trend lesson_over 1 1
see finding lesson_over by Ольга
see no finding lesson_over by Тимур
about customer Борис
see finding no_way_back for Тимур severity critical says "Нет телефона и почты"
see no finding no_way_back by Ольга
about customer Вера
see finding no_company for Вера severity normal says "Не заполнено: Компания"
see no finding lesson_over

see sheet lesson_over "Менеджер" "Клиент" "Сумма" "Этап" "Что не так" "С какого времени"
see sheet lesson_over "Ольга" "Анна Ким" "Заявки: Потребность выяснена" "Время урока прошло" "46112.75"
see sheet no_way_back by Тимур "Борис Лис"
see no sheet lesson_over by Тимур "Анна Ким"

# Ольга переносит урок, Тимур узнаёт номер: в следующий раз этого нет.
about customer Анна
manager Ольга sets lesson_at=2026-04-08T18:00
about customer Борис
manager Тимур corrects phone +79160001102
about customer Вера
manager Вера sets company="ООО Ромашка"
see field company "ООО Ромашка"
audit
see trend lesson_over 1 1 0
see no finding no_company
about customer Борис
see no finding no_way_back
about customer Анна
see no finding lesson_over
