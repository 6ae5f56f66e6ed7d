# Недовольный: фото не просят, пишет руководитель
covers: C.feedback

at 2026-03-02 12:00
customer is "Анна" phone +79161234567
customer telegram: [phone +79161234567] Здравствуйте
manager Марина takes
order 501 placed total 350000
about order 501
payment 501 "3500.00"
order 501 handed_over
see stage feedback
+1d
+1m
customer telegram: да
customer telegram: 5
customer telegram: 4
customer telegram: 2
bot: Жаль, что не всё вышло хорошо…
customer telegram: шов разошёлся
see tag недоволен
see task "Покупатель недоволен" kind complaint
+10d
see won
