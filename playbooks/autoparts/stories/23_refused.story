# A supplier's refusal is somebody's business at once; a customer who does not agree gets the money back
covers: A2.9-refused, A2.9-refund

at 2026-04-06 12:00
order 4711 placed total 125000 phone +79161234567
order 4711 paid
order 4711 item_refused items "Колодки передние"
see stage supply_delay
see responsible "Анна Лебедева"
see task "Поставщик отказал в позиции заказа 4711" kind supply for anna due +1h
see no task "Пропала связь"
manager anna sets refund_reason="Ждать не хочет, замену не нашли"
manager anna sets delay_decision=возврат
see task "Вернуть деньги за заказ 4711: 1 250 ₽. Причина: Ждать не хочет, замену не нашли" kind refund
see stage supply_delay
