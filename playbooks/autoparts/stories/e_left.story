# Кто ушёл, того сделки находят других
covers: E.left, E.spread
people: Пётр

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Пётр takes
manager Пётр gives task "Подобрать колодки" kind other
manager Пётр leaves
see no responsible Пётр
see task "Подобрать колодки"
audit
see no finding left_manager
