# Отзыв: дошло ли, оценки доставки, менеджера и изделия, фото от довольного, заказ закрыт
covers: C.feedback, C.photo, C.closed

at 2026-03-02 12:00
customer is "Анна" phone +79161234567
customer telegram: [phone +79161234567] Здравствуйте
manager Марина takes
order 501 placed total 350000
about order 501
payment 501 "3500.00"
manager Кирилл sets tracking=RA123
parcel RA123 collected
see stage feedback
+1d
bot: Анна, это мастерская аксессуаров.
bot: Заказ уже у вас…
+1m
customer telegram: да
bot: Оцените, пожалуйста, доставку от 1 до 5.
customer telegram: 5
bot: А работу менеджера?
customer telegram: 5
bot: И главное: само изделие?
customer telegram: 5
bot: Спасибо! Пришлёте фото…
customer telegram: [photo belt.jpg]
bot: Красота! Спасибо…
see won
see tag доволен
see field product_mark 5
see field photo
