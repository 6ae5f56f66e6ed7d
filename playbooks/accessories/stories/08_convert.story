# Согласие: данные спрашиваем ещё раз, и заявка становится заказом частного лица
covers: C.convert, C.payment

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Марина takes
manager Марина sets product=ремень budget=350000
manager Марина tags согласен
bot: Ирина, рады, что вам подошло…
bot: Кто покупает…
+1m
customer telegram: частное лицо
bot: Кто получит посылку…
customer telegram: Петрова Анна
bot: Телефон получателя…
customer telegram: 89161234567
bot: И куда отправить…
customer telegram: Тверь, Советская 12
bot: Проверьте, пожалуйста…
bot: Всё верно…
customer telegram: да
bot: Отлично! Пришлём счёт…
see funnel orders
see stage payment
see field recipient "Петрова Анна"
see no field company
see no company
see responsible Марина
see task "Отправить ссылку на оплату: 3 500 ₽" kind invoice
about funnel leads
see won
