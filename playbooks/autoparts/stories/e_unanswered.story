# Сообщение без ответа видно
covers: E.unanswered

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager anna takes
customer telegram: Так что с деталью?
+3h
audit
see finding unanswered for anna severity critical says "Клиент ждёт ответа дольше положенного"
manager anna writes "Есть, 2 500 ₽"
audit
see no finding unanswered
