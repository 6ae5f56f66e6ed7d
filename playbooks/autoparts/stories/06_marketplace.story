# Messages of marketplaces are deals like any other
covers: A1.marketplace

at 2026-04-06 12:00
customer avito: Колодки ещё продаёте?
see stage left_request
see tag Avito
see task "Новое обращение (Avito)" for anna
customer avito: Ау
see deals 1
customer Борис zzap: Есть ступица?
see tag Zzap
see task "Новое обращение (Zzap)"
