# Неоплаченный заказ: напоминание, потом задача; оплата двигает сама
covers: C.payment, C.shipping

at 2026-03-02 12:00
customer is "Анна" phone +79161234567
order 501 placed total 350000
see funnel orders
see stage payment
see tag "заказ с сайта"
see task "Отправить ссылку на оплату" kind invoice
manager Марина sets budget=350000
+2d
see message sms "заказ ждёт оплаты: 3 500 ₽"
+2d
see task "Заказ не оплачен: узнать почему"
payment 501 "3500.00"
see stage shipping
see responsible Кирилл
see task "Проверить наличие" kind stock
