# A deal is lost for a reason, or not at all
covers: A2.lost

at 2026-04-06 12:00
customer whatsapp: Здравствуйте
manager anna takes
manager anna moves lost
see refused "reason"
see open
manager anna moves lost reason weather
see refused "reason"
manager anna moves lost reason price
see lost price
customer Борис is phone +79161234567
order 4711 placed total 125000
order 4711 paid
order 4711 cancelled
see lost cancelled
see task "Заказ 4711 отменён, а деньги получены" kind refund
