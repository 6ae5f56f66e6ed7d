# An order that is not paid comes back
playbook: autoparts
covers: A1.order
people: Глеб

at 2026-03-02 12:00
order 4711 placed total 125000 phone +79161234567 name "Анна Петрова"
see stage order_placed
see field order 4711
see tag "заказ с сайта"
see no task "вернуть"
customer whatsapp: Когда привезёте?
see deals 1
manager Глеб takes
manager Глеб writes "Завтра после обеда"
see message whatsapp "Завтра"
+1d
see no message
order 4711 paid
see field paid yes
