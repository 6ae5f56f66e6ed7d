# Кто за рабочий час ничего не сделал, у того заявку забирают; руководитель видит просроченное
covers: B.replaced

at 2026-03-02 14:40
form lesson
see responsible Ольга
+1h 1m
see no responsible Ольга
see responsible Тимур
see timeline "Ольга: сделка осталась без движения"
see task "стоит без звонка больше рабочего часа" for Елена
see robot nobody_called
manager Тимур notes "Телефон занят, наберу через час"
+2h
see responsible Тимур
