# A lost word of the supplier is somebody's business at once; who waits goes on
covers: A2.9-sync

at 2026-04-06 12:00
order 4711 placed total 125000 phone +79161234567
order 4711 paid
order 4711 sync_lost
see stage supply_delay
see task "Пропала связь с поставщиком по заказу 4711" for anna
see no task "Поставщик отказал"
manager anna sets delay_decision=замена
see stage order_in_work
see timeline "Клиент согласен: замена"
order 4711 item_refused
see stage supply_delay
order 4711 item_refused
see task "Поставщик снова отказал"
order 4711 in_work
see stage order_in_work
