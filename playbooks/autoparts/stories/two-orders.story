# Two orders whose customers turn out to be one person stay two: the money of one pays nothing of the other
covers: A1.order
people: Глеб

at 2026-03-02 12:00
customer is "Анна" phone +79161234567 email a@b.ru
order 1 placed total 100000 phone +79161234567
customer Б telegram: Здравствуйте
customer Б is "Анна" phone +79160000009 email c@d.ru
order 2 placed total 200000 phone +79160000009
payment 2 "1500.00" 
customer Б telegram: [phone +79160000009]
customer Б telegram: [phone +79161234567]
about order 1
see no field paid
