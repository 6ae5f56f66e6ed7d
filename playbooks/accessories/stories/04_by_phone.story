# Кто просил звонить, тому не пишут: напоминание приходит менеджеру
covers: C.reminder

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Марина takes
manager Марина moves processing city=Тверь payment_way="по ссылке" delivery_way=почтой contact_way=звонок product=ремень
+3d
see no message
see task "Узнать решение: ремень" kind call
manager Марина finishes "Узнать решение" with "Пока думает" because "Говорили по личному телефону"
until 2026-03-10 10:01
see task "Узнать решение: ремень" kind call
