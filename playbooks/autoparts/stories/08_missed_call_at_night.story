# At night the answer to a missed call tells when the shop opens, and nobody is blamed for not calling back
covers: A1.missed-call

at 2026-04-06 23:30
call missed
see message whatsapp template call_missed_closed "сейчас он закрыт"
see no responsible
see task "Пропущенный звонок" due 2026-04-07 10:00
until 2026-04-07 10:01
see responsible "Анна Лебедева"
until 2026-04-07 10:20
see responsible "Анна Лебедева"
until 2026-04-07 10:40
see responsible "Глеб Орлов"
