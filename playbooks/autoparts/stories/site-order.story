# A site order is one deal with everything its customer says
playbook: autoparts
covers: A1.order, A1.joins, A2.6-placed
people: Глеб

at 2026-03-02 12:00
order 4711 placed total 125000 phone +79161234567 name "Анна Петрова"
see funnel retail
see stage order_placed
see field order 4711
see field total 125000
see tag "заказ с сайта"
see customer name "Анна Петрова"

# whatever they say, and wherever, is said in this deal
customer whatsapp: Когда привезёте?
see deals 1
see stage order_placed
see timeline "Когда привезёте?"
see waiting
call answered duration 40
see deals 1
manager Глеб takes
manager Глеб writes "Завтра после обеда"
see message whatsapp "Завтра"
see no waiting

+1d
order 4711 paid
see deals 1
see field paid yes
