# Taking is one act, and a deal that somebody holds is refused to others
covers: A2.1-take, A3.silent, A3.stopped

at 2026-04-06 12:00
customer whatsapp: Здравствуйте
see bot qualifier
manager boris takes
see responsible "Борис Климов"
see stage clarification
see bot qualifier stopped
see timeline "разговор взял менеджер Борис Климов"
manager vera takes
see refused "another manager"
see responsible "Борис Климов"
customer whatsapp: 1
see no message
manager boris writes "Здравствуйте, это Борис. Какая машина?"
see message whatsapp "это Борис"
customer whatsapp: Рио
+12h
see no message
see open
