# Відмова у відділенні: угода не відбулася, товар повертається
covers: D.lost

at 2026-03-02 12:00
order 701 placed total 125000 phone +380671234501
manager Оксана sets tracking=20450000000001
parcel 20450000000001 accepted
parcel 20450000000001 arrived
parcel 20450000000001 refused
see lost refused_at_office
see task "повертається: забрати й повернути товар" for Степан due 2026-03-04 12:00
parcel 20450000000001 returned
see lost refused_at_office
