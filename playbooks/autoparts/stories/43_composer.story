# Behind / a manager finds a template, reads it filled in, and only then sends it
covers: A4.slash, A4.preview, A4.template

at 2026-04-06 12:00
customer is "иван ПЕТРОВ" phone +79161234567
customer whatsapp: Здравствуйте
manager anna takes
see templates "/цена" price
see templates "/опла" pay
see templates "/три дня ждёт" pickup_waiting
see no templates "/цена" greeting
see preview greeting by anna "Иван, это Анна Лебедева, магазин автозапчастей"
see preview price by anna lacks _срок
see preview price by anna "Иван, нашли то, что вы искали: Колодки — 2 500 ₽, срок завтра" _деталь=Колодки _цена="2 500" _срок=завтра
see preview pay by anna lacks order
see no preview pay by anna
see no message
manager anna writes template price _деталь=Колодки _цена="2 500" _срок=завтра
see message whatsapp "Колодки — 2 500 ₽, срок завтра"
