# Two deals of one customer are merged by hand and parted again; a reply goes the way its conversation came
covers: A1.by-hand, A1.route, A1.history

at 2026-04-06 12:00
customer Анна whatsapp: Нужны колодки на Рио
manager boris takes
customer "А. Петрова" telegram: Это Анна, пишу с другого телефона. Рио 2015
manager vera takes
about customer Анна
manager boris merges deal of "А. Петрова"
see open deals 1
see timeline "колодки на Рио" by anna
see timeline "пишу с другого телефона" by anna
see responsible "Борис Климов"
customer "А. Петрова" telegram: И ещё масло
see open deals 1
manager boris writes "Масло есть"
see message telegram "Масло есть"
see no message whatsapp
customer Анна whatsapp: А колодки?
manager vera writes "Колодки завтра"
see message whatsapp "Колодки завтра"
see no message telegram
manager vera undoes merge
see open deals 1
see timeline "Колодки завтра" by anna
see no timeline "пишу с другого телефона"
about customer "А. Петрова"
see open deals 1
see timeline "И ещё масло"
see timeline "Масло есть" by anna
see no timeline "колодки на Рио"

# The shop joins request and order by itself; that can be undone as well, and then they stay two
customer Пётр is "Пётр" phone +79161234567
customer Пётр whatsapp: Сколько стоит фильтр?
order 4711 placed total 125000
see open deals 1
manager anna undoes merge
see open deals 2
about order 4711
see no timeline "фильтр"
order 4711 paid
see stage order_in_work
see open deals 2
manager anna merges deal of Пётр
see refused "itself"
about stage left_request
manager anna merges order 4711
about the deal
see open deals 1
see field order 4711
see timeline "фильтр"

# Whom one line of a talk is of, that gets a deal of its own
customer Пётр whatsapp: А это брат просит: нужна фара
manager anna splits "брат просит"
see open deals 2
manager anna undoes split
see open deals 1
