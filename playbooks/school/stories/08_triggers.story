# Сообщение, письмо, форма, звонок и заход на сайт двигают заявку сами
covers: B.trigger-message, B.trigger-mail, B.trigger-form, B.trigger-visit, B.trigger-call

at 2026-03-02 12:00
customer is "Анна" phone +79161234567 email anna@example.com
form lesson
see stage new
mail "Когда можно прийти?" subject "Урок" from anna@example.com
see stage contacted
see robot mailed
visit /prices
see task "смотрит цены" kind call
form lesson
see tag "повторная заявка"
visit /trial
see stage need_found

customer Олег is "Олег" phone +79160000002
about customer Олег
customer Олег whatsapp: Добрый день
see stage new
see robot wrote held
form lesson name="Олег" phone=+79160000002
customer Олег whatsapp: Я оставлял заявку
see stage new
