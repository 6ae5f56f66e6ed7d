# A request that no channel can answer is a person's, and the head's after an hour
covers: A1.form
channels: telegram, web

at 2026-04-06 12:00
form parts name="Пётр" phone=+79161112233
see no message
see robot request_received nothing unreachable
see timeline "Сообщение клиенту не отправлено: написать некуда"
see task "Заявка с сайта"
see responsible "Анна Лебедева"
+1h 1m
see responsible "Глеб Орлов"
see timeline "сделка осталась без движения"
