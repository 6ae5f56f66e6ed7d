# Кто был на пробном уроке и разрешил рекламу, о том узнаёт рекламная система; кто не разрешил, тот только в списке
covers: B.audience

at 2026-03-02 12:00
customer Анна is "Анна Ким" phone +79160001201 email anna@example.com
form lesson study=английский lesson_at=2026-03-03T18:00 ads_consent=да
see field ads_consent да
manager Ольга takes
manager Ольга moves qualified
customer Борис is "Борис Лис" phone +79160001202
form lesson study=немецкий lesson_at=2026-03-03T19:00
manager Ольга takes
manager Ольга moves qualified
see no webhook ads

until 2026-03-03 20:01
see webhook ads
about customer Анна
see robot tell_ads
see audience visited_trial
see stage in_work

until 2026-03-03 21:01
see no webhook ads
about customer Борис
see robot tell_ads held
see audience visited_trial

# Адрес не отвечает: об этом узнаёт человек, а с учеником всё идёт дальше.
customer Вера is "Вера Рябова" phone +79160001203
form lesson study=английский lesson_at=2026-03-05T18:00 ads_consent=да
manager Ольга takes
manager Ольга moves qualified
until 2026-03-05 19:59
fault next send refused
until 2026-03-05 20:01
see task "Не удалось передать сделку наружу" kind check_robots
see stage in_work
see audience visited_trial
