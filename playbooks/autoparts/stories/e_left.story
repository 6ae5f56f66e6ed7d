# Кто ушёл, того сделки и задачи находят других, и то, что вернулось бы к нему потом: после отмены объединения или с возвратом
covers: E.left, E.spread
people: Пётр

at 2026-03-02 12:00
customer Глафира telegram: Здравствуйте
manager Пётр takes
manager Пётр writes "Минуту"
manager Пётр gives task "Подобрать колодки" kind other
customer Захар telegram: Здравствуйте
manager Пётр takes
manager Пётр writes "Минуту"
manager Пётр gives task "Подобрать диски" kind other

# Сделка Бориса стала частью сделки Анны, а потом оказалось, что зря.
customer Анна telegram: Здравствуйте
manager anna takes
manager anna writes "Минуту"
customer Борис telegram: Здравствуйте
manager Пётр takes
manager Пётр writes "Минуту"
about customer Анна
manager anna merges customer Борис

# Заказ Веры выдан, но о возврате она попросит, когда Петра уже не будет.
customer Вера is "Вера" phone +79161234567
order 4711 placed total 125000
manager Пётр takes
order 4711 paid
order 4711 handed_over
see won
see responsible Пётр

manager Пётр leaves
about customer Глафира
see no responsible Пётр
see responsible
see timeline "Пётр"
see task "Подобрать колодки" for boris
see todo boris "Подобрать колодки"
about customer Захар
see task "Подобрать диски" for vera
audit
see no finding left_manager

about customer Анна
manager anna undoes merge
about customer Борис
see open deals 1
see responsible
see no responsible Пётр
about customer Вера
form return order=4711 reason="Не подошла"
see funnel returns
see responsible
see no responsible Пётр
see task "Проверить заявку на возврат"
see no task "Проверить заявку" for Пётр
+5m
audit
see no finding left_manager
see no sheet left_manager "Пётр"

# Кто-то отдал ему сделку в тот самый миг, когда он уходил.
manager gleb gives deal to Пётр
audit
see finding left_manager severity critical for Пётр says "Ответственный здесь больше не работает"
see sheet left_manager "Пётр" "Вера" "Ответственный здесь больше не работает"
manager gleb gives deal to boris
audit
see no finding left_manager
