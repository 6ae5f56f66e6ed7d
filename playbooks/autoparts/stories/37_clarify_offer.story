# An inquiry that has come further than its clarification stays there, and silence makes a task of it
covers: A2.2-clarify

at 2026-04-06 10:00
customer whatsapp: Здравствуйте
manager anna takes
manager anna moves offer_manager remind_on=2026-05-05
manager anna clarifies quantity
see stage offer_manager
+11h
see open
see stage offer_manager
see task "Сделка уже дальше уточнения данных" kind call for anna
manager anna clarifies office
+11h
see open
customer Борис whatsapp: Здравствуйте
about customer Борис
manager anna takes
manager anna clarifies office
see stage clarification
+11h
see lost silence
