# Звонок не от клиента: ошиблись номером, и следов не остаётся — ни задачи, ни открытой сделки, ни находок
covers: E.external, E.stranger

at 2026-03-02 12:00
customer Чужой is "Чужой" phone +79160000801
call missed
see task kind call_back for anna
+2h
audit
see finding overdue_task severity critical says "Перезвоните клиенту"
call answered not a customer direction out duration 15
see no task
see no waiting
see lost not_a_customer
see timeline "Не клиент"
audit
see no finding overdue_task
see no finding no_next_task
see no finding no_contact
see no sheet overdue_task "Чужой"
see report workload total open=0 overdue=0

# Взяли трубку сразу, и это был не клиент: сделки и не было.
customer Реклама is "Реклама" phone +79160000802
call answered not a customer duration 20
see no deals

# У клиента с заявкой пометка о чужом звонке ничего не закрывает.
customer Борис is "Борис Ким" phone +79160000803
form contacts comment="Нужны диски"
manager boris takes
call answered not a customer duration 20
see open
see responsible boris
