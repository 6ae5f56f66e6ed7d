# Организация: заказ с компанией и счётом
covers: C.company, C.payment

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Марина takes
manager Марина sets product="20 кошельков" budget=9000000 payment_way="по счёту"
manager Марина tags согласен
+1m
customer telegram: организация
customer telegram: ООО Ромашка
customer telegram: 7701234567
customer telegram: Сидоров Пётр
customer telegram: +79160001122
customer telegram: Москва, Ткацкая 1
customer telegram: верно
see funnel orders
see company "ООО Ромашка"
see field company "ООО Ромашка"
see field tax_id 7701234567
see task "Выставить счёт: ООО Ромашка, ИНН 7701234567, сумма 90 000 ₽" kind invoice
see no task "Отправить ссылку"
