# Заявка идёт по статусам: не обработана, консультация, обработка, данные для заказа
covers: C.statuses, C.questions

at 2026-03-02 12:00
form lead name="Мария" product="ремень коричневый"
see stage unprocessed
see tag сайт
see responsible Марина
see task "Посмотреть заявку" due 12:30
manager Марина takes
see stage consultation
see no task "Посмотреть заявку"
see task "Узнать четыре вещи"
manager Марина moves processing
see refused "Город"
manager Марина moves processing city=Тверь payment_way="по ссылке"
see refused "Способ доставки"
manager Марина moves processing city=Тверь payment_way="по ссылке" delivery_way=почтой contact_way=звонок
see stage processing
see no task "Узнать четыре вещи"
manager Марина tags согласен
see stage details
