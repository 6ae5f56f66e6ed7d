# Очікує оплату: нагадування через день і через три, потім завдання; гроші рухають угоду самі
covers: D.5-payment, D.6-confirmed

at 2026-03-02 12:00
customer is "Ірина" phone +380671234501
order 701 placed total 125000
manager Оксана moves awaiting
see message sms "замовлення на 1 250 ₴ оформлено"
+1d
see message sms "нагадуємо про оплату замовлення: 1 250 ₴"
+2d
see message sms "все ще чекає на оплату"
+1d
see task "Не сплачено четвертий день" kind call
payment 701 "1250.00"
see stage production
see no task "Не сплачено"
see field advance 125000
see field cod 0
see task "Підготувати замовлення" for Степан
