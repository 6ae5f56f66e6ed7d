# Звонок находит клиента и его сделку, хранится с записью; пропущенный делает задачу
covers: E.call

at 2026-03-02 12:00
customer is "Анна Петрова" phone +79161234567
call missed +79161234567 recording https://calls.example/1
see task kind call_back for anna
see timeline "Пропущенный звонок"
see customer phone +79161234567
call answered +79161234567 duration 90 recording https://calls.example/2
see deals 1
see timeline "90"

# Из сделки по заявке звонок новой не делает.
customer Борис is "Борис Ким" phone +79160000702
form contacts comment="Нужны диски"
call missed
see deals 1
see task kind call_back
