# Кто ушёл, того сделки и задачи находят других; что вернулось к ушедшему потом, находит проверка
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
see responsible Пётр
+5m
audit
see finding left_manager severity critical says "Ответственный здесь больше не работает"
see sheet left_manager "Пётр" "Борис" "Ответственный здесь больше не работает"
manager gleb gives deal to boris
audit
see no finding left_manager
