# A VIN request of the site is answered at once by mail and on WhatsApp
covers: A1.form

at 2026-04-06 12:00
form vin name="Пётр" phone=+79161112233 email=petr@example.com vin=XTA210990Y1234567
see stage left_request
see tag "запрос по VIN"
see no bot
see message whatsapp template form_received "Удобно ли вам получить ответ здесь, в WhatsApp"
see message email "Спасибо за заявку, мы её получили"
see message email "удобнее получить ответ: в WhatsApp"
see task "Заявка с сайта" for anna
see field vin XTA210990Y1234567
+10m
customer whatsapp: Да, удобно
see deals 1
see waiting
form parts phone=+79161112233 email=petr@example.com comment="И масло"
see deals 1
see message whatsapp "спасибо за заявку"
see message email "спасибо за заявку"
customer Олег telegram: [phone +79165550011] Здравствуйте
manager anna moves lost reason not_a_customer
form parts name="Олег" phone=+79165550011 email=oleg@example.com comment="Фильтр"
see message telegram "Спасибо за заявку"
see message whatsapp "Удобно ли вам получить ответ здесь"
see message email "Спасибо за заявку"
