# More than half an hour in work is late, unless the request is a big one
covers: A2.3-late, E.passing

at 2026-04-06 12:00
customer whatsapp: Здравствуйте
manager anna takes
manager anna moves in_work
+29m
see no task "дольше положенного"
+2m
see task "Сделка стоит на этапе «Заявка в работе» дольше положенного" kind late for anna
see robot age
manager anna moves offer_bot
see no task "дольше положенного"
see done task "дольше положенного"
see timeline "Снята задача «Сделка стоит на этапе «Заявка в работе» дольше положенного: продвиньте её или закройте»: сделка ушла с этапа «Заявка в работе»"
customer Борис whatsapp: Здравствуйте
manager boris takes
manager boris tags "большой запрос"
manager boris moves in_work
+1h
see no task "дольше положенного"
see robot age held
customer Вера whatsapp: Добрый вечер
manager vera takes
until 18:50
manager vera moves in_work
until 2026-04-07 10:19
see no task "дольше положенного"
+2m
see task "дольше положенного"
