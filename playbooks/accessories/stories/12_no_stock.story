# Изделия нет: задача и слово руководителю
covers: C.shipping

at 2026-03-02 12:00
order 501 placed total 350000 phone +79161234567
payment 501 "3500.00"
manager Кирилл sets stock=нет
see task "предложить замену или вернуть деньги" kind call
see task "Нет изделия по оплаченному заказу" for Нина
