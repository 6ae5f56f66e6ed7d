# Робот отсчитывает дату: через неделю, в тот же час по часам мастерской
people: Лена

at 2026-03-02 12:00
customer telegram: Здравствуйте
manager Лена moves given
see field vase_back 2026-03-09T12:00
until 2026-03-09 11:59
see no message
until 2026-03-09 12:00
see message telegram "мы ждём вазу обратно"
