# Звонок находит клиента, а звонок не от клиента не оставляет следов
covers: E.call, E.stranger

at 2026-03-02 12:00
customer is "Анна Петрова" phone +79161234567
call missed +79161234567 recording https://calls.example/1
see task kind call_back
see timeline "Пропущенный звонок"
call answered +79161234567 duration 90 recording https://calls.example/2
see deals 1
see timeline "90"
customer Чужой is "Чужой" phone +79160000001
call missed +79160000001
see task kind call_back
call answered +79160000001 not a customer
see no task
see lost not_a_customer
