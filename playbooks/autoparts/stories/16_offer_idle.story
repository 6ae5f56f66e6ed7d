# An offer that stands with the manager since yesterday makes a task, once until it is done
covers: A2.5-idle

at 2026-04-06 12:00
customer whatsapp: Здравствуйте
manager anna takes
manager anna moves offer_manager
until 2026-04-07 11:50
see no task "Сделка стоит со вчерашнего дня"
until 2026-04-07 12:01
see task "Сделка стоит со вчерашнего дня: оформить заказ или закрыть" for anna due +2h
+1d
manager anna finishes "Сделка стоит" with "Думает до завтра"
see no task "Сделка стоит"
+1d
see task "Сделка стоит со вчерашнего дня"
