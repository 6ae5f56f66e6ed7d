# Who will be back in a week is reminded of on that day, not before
covers: A2.5-later

at 2026-04-06 12:00
customer whatsapp: Здравствуйте
manager anna takes
manager anna moves offer_manager remind_on=2026-04-13
+3d
see no task "Сделка стоит"
see robot stands_still held
until 2026-04-13 09:50
see no task "вернуться к нему"
until 2026-04-13 10:01
see task "Клиент просил вернуться к нему 13.04.2026" kind call for anna
manager anna sets remind_on=2026-04-20
manager anna sets remind_on=2026-04-16
call answered direction out duration 90
manager anna finishes "вернуться к нему 13.04" with "Просит ещё три дня"
until 2026-04-16 10:01
see task "вернуться к нему 16.04.2026"
until 2026-04-20 12:00
customer Борис telegram: Здравствуйте
manager boris takes
manager boris moves offer_bot
until 2026-04-21 12:01
see bot offer_followup
customer Борис telegram: 4
customer Борис telegram: через неделю
see stage offer_manager
see field remind_on 2026-04-28
until 2026-04-28 09:50
see no task "Сделка стоит"
until 2026-04-28 10:01
see task "Клиент просил вернуться к нему 28.04.2026" for boris
