# Просил не писать: в рассылку не попадает
covers: C.refusal

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Марина takes
manager Марина moves processing city=Тверь payment_way="по ссылке" delivery_way=почтой contact_way=Telegram product=ремень
+3d
+1m
customer telegram: нет
customer telegram: передумали
customer telegram: не пишите
see lost changed_mind
see tag "не писать"
see no audience mailing
+61d
see no message
