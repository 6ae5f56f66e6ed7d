# После урока: бот спрашивает, менеджер предлагает, оплата закрывает сделку
covers: B.sales

at 2026-03-02 12:00
customer is "Ирина" phone +79160000009
customer telegram: [phone +79160000009] Здравствуйте
manager Ольга takes
manager Ольга sets study=английский lesson_at=2026-03-03T12:00
manager Ольга moves qualified
see funnel courses
see stage created
until 2026-03-03 14:01
see stage in_work
see audience visited_trial
see task "Подобрать группу"
until 2026-03-03 15:02
bot: Ирина, спасибо, что были на пробном уроке!
bot: Как решите: будем заниматься…
customer telegram: записываюсь
bot: Отлично! Какие дни…
customer telegram: по вторникам
see tag записывается
see task "человек записывается"
manager Ольга moves offer
see refused "Стоимость"
manager Ольга moves offer price=890000
see message "8 900 ₽"
+2d
see message "Остались вопросы перед оплатой"
+2d
see task "Не оплачено четвёртый день"
order 77 placed total 890000
payment 77 "8900.00"
see won
see message "добро пожаловать"
