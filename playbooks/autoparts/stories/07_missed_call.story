# Who could not get through is told so, and somebody is to call back
covers: A1.missed-call

at 2026-04-06 12:00
customer is "" phone +79161112233
call missed
see stage left_request
see tag звонок
see task "Перезвоните клиенту" kind call_back for anna
see message whatsapp template call_missed "все менеджеры были заняты"
see message whatsapp "попросили менеджера вам перезвонить"
see message whatsapp "WhatsApp?"
call missed
see deals 1
see no message
call answered direction out duration 40 manager Анна
call missed direction out
see no message
call missed
see message whatsapp "менеджеры были заняты"
