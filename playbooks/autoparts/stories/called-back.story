# Whoever is called back has been answered: the wait ends, and the deal stays with who called
covers: A1.missed-call, E.unanswered

at 2026-04-06 12:00
customer is "" phone +79161112244
call missed
see task "Перезвоните клиенту" for anna
see waiting
see responsible anna
+20m
call answered direction out duration 40 manager "Анна Лебедева"
see no waiting
+2h
see responsible anna
see report workload "Анна Лебедева" answered 1 waiting 0
audit
see no finding unanswered
