# A template goes out with its values, never with an empty one
covers: A4.template

at 2026-04-06 12:00
customer is "иван ПЕТРОВ"
customer whatsapp: Здравствуйте
see message whatsapp "Здравствуйте, Иван!"
manager anna takes
manager anna writes template question 1="" 2="какой год выпуска"
see refused "empty"
manager anna writes template question 1="Иван" 2="какой год выпуска"
see message whatsapp "Иван, чтобы продолжить работу над вашей заявкой, нужно уточнить: какой год выпуска"
