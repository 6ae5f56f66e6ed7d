# Не сейчас: контакт остаётся без сделки, в назначенный день о нём напомнят
covers: B.not-now

at 2026-03-02 12:00
form lesson
manager Ольга takes
manager Ольга sets come_back=2026-05-18
manager Ольга moves not_now
see lost not_now
see tag "вернуться позже"
see audience later
see open deals 0
see customer phone
until 2026-05-18 11:00
see task "просил вернуться" kind call
+60d
see no robot season

# Кто вёл человека, к этому дню уволился: задача ждёт в общем списке, а не у того, кого нет.
customer Егор is "Егор" phone +79161234599
form lesson name=Егор phone=+79161234599
about customer Егор
manager Тимур takes
manager Тимур sets come_back=2026-08-17
manager Тимур moves not_now
see responsible Тимур
manager Тимур leaves
until 2026-08-17 12:00
see task "просил вернуться" kind call for nobody
