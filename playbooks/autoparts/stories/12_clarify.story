# A clarification's bot asks for one thing and brings it back as a task
covers: A2.2-clarify, A3.stopped

at 2026-04-06 12:00
customer is "иван"
customer whatsapp: Здравствуйте
manager anna takes
manager anna clarifies vin
see stage clarification
see bot clarify_vin
see message whatsapp "нужен её VIN"
customer whatsapp: XTA210990Y1234567
see field vin XTA210990Y1234567
see task "Клиент ответил про VIN: продолжить подбор" for anna
see bot clarify_vin handed_off
manager anna clarifies office
see message whatsapp "Северная, 14"
manager anna writes "Не отвечайте боту, я сама"
see bot clarify_office stopped
see timeline "написал клиенту"
