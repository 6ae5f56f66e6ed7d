# Отправка: наличие, срок, номер по SMS, приход в пункт выдачи
covers: C.shipping

at 2026-03-02 12:00
customer is "Анна" phone +79161234567
order 501 placed total 350000
payment 501 "3500.00"
see task "Проверить наличие" kind stock for Кирилл
manager Кирилл sets stock=есть
+1h
see task "Согласовать с покупателем срок отправки" kind call
manager Кирилл sets ship_on=2026-03-04
see message sms "отправим ваш заказ 04.03.2026"
until 2026-03-04 10:01
see task "Сегодня отправляем" kind ship
manager Кирилл sets tracking=RA123
see message sms "Номер отправления RA123"
parcel RA123 arrived
see message sms "ждёт вас в пункте выдачи"
parcel RA123 collected
see stage feedback
