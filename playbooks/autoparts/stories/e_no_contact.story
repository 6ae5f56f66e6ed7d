# Задача «свяжитесь с клиентом», закрытая без связи с клиентом, спрашивает почему и попадает в находки
covers: E.no-contact

at 2026-03-02 12:00
customer is "Ирина" phone +79160000401
call missed
see task kind call_back for "Анна Лебедева"
manager anna finishes "Перезвоните" with "Готово"
see refused
manager anna finishes "Перезвоните" with "Готово" because "Занято, перезвоню завтра"
see done task "Перезвоните"
audit
see finding no_contact for "Анна Лебедева" severity normal says "Задача закрыта без разговора с клиентом: Пропущенный звонок. Перезвоните клиенту"
see finding no_contact says "Занято, перезвоню завтра"

# Поговорили: находка снята.
+1d
call answered direction out duration 60 manager "Анна Лебедева"
audit
see no finding no_contact

# Разговор после того, как задача поставлена, причины не требует.
manager anna gives task "Позвонить о цене" kind call
call answered direction out duration 60 manager "Анна Лебедева"
manager anna finishes "Позвонить о цене" with "Берёт"
audit
see no finding no_contact
