# A lead goes all the way through the school
playbook: ../funnels/playbook
people: Анна, Глеб head

at 2025-11-24 12:00
customer telegram: Хочу учиться
bot: Ирина! Заявка принята.
see no message
see stage new
see funnel leads
see task "Позвонить: без телефона" kind call due +1h
see robot greet
see waiting
+10m
see robot second
see timeline "Город не указан"
call missed
see deals 1
manager Анна takes
manager Анна sets city=Тверь
manager Анна moves ready
see refused "Цель"
manager Анна moves ready goal=Переезд
see funnel sales
see stage offer
see open deals 1
see deals 2
about funnel leads
see won
about the deal
fault next send refused
manager Анна writes "Здравствуйте"
see no message
see task "не доставлено"
manager Анна finishes "не доставлено" with "Позвонили"
see done task "не доставлено"
restart
customer telegram: Спасибо
manager Глеб notes "Всё хорошо"
see timeline "Всё хорошо"
manager Анна goes away
manager Анна comes back
until tomorrow 10:00
customer telegram: [phone +79161112233]
form trial name=Ольга phone=+79161112233 email=o@example.com goal=Язык
see customer phone +79161112233
see customer name "Ирина"
mail "Когда урок?" subject "Урок" from o@example.com
see open deals 1
see no bot
