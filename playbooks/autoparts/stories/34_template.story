# A template is filled in from the deal, the name in its proper case, and never leaves with a gap
covers: A4.template

at 2026-04-06 12:00
customer is "иван ПЕТРОВ" phone +79161234567
customer whatsapp: Здравствуйте
manager anna takes
manager anna writes template greeting
see message whatsapp "Иван, это Анна Лебедева, магазин автозапчастей"
manager anna writes template price _деталь="Колодки" _цена="2 500"
see refused "_срок"
manager anna writes template price _деталь="Колодки" _цена="2 500" _срок="завтра"
see message whatsapp "Колодки — 2 500 ₽, срок завтра"
manager anna writes template pay
see refused "order"
order 4711 placed total 125000
manager anna writes template pay
see message whatsapp "Иван, заказ 4711 оформлен. К оплате: 1 250 ₽"
+2d
manager anna writes "Вы ещё думаете?"
see refused "window"
manager anna writes template pickup_ready
see message whatsapp template pickup_ready "4711"
