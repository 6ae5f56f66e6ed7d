# Первого числа мастерская просматривается сама: заказ без города, день отправки прошёл, счёт без ИНН
covers: E.own, E.monthly, E.per-manager, E.export, E.severity, E.repeat

at 2026-03-30 12:00
# Заказ с сайта оплачен, день отправки назначен, а куда слать, не записали.
customer Анна is "Анна Ким" phone +79160002101
order 501 placed total 350000
payment 501 "3500.00"
see responsible Кирилл
manager Кирилл sets stock=есть
manager Кирилл sets ship_on=2026-03-30

# Самовывоз: города и адреса не нужно.
customer Борис is "Борис Лис" phone +79160002102
order 502 placed total 120000
payment 502 "1200.00"
manager Кирилл sets delivery_way=самовывоз stock=есть

# Организация без ИНН ждёт счёта.
customer Вера is "Вера Рябова" phone +79160002103
form lead product="папки" city=Тверь
manager Денис takes
manager Денис sets company="ООО Ромашка" city=Тверь
manager Денис tags "согласен"
manager Денис tags "данные проверены"
see funnel orders
see stage payment

until 2026-03-31 10:01
audit
about customer Анна
see finding no_city for Кирилл severity critical says "Не заполнено: Город"
see finding no_address for Кирилл severity critical says "Не заполнено: Получатель, Адрес доставки"
see finding not_sent severity critical says "День отправки прошёл"
see no finding no_sum
about customer Борис
see no finding no_city
see no finding no_address
see no finding not_sent
about customer Вера
see finding no_tax_id for Денис severity normal says "Не заполнено: ИНН"
see finding no_sum for Денис severity normal says "Заказ без суммы"
see no finding no_city

# Кирилл говорит, что исправил; первого числа видно, что не всё.
about customer Анна
manager Кирилл sets city=Тверь
manager Кирилл settles no_city as fixed
manager Кирилл settles not_sent as fixed
until 2026-04-01 09:01
see no finding no_city
see finding not_sent repeated status not_handled
see offender Кирилл not_sent
see no offender Кирилл no_city
see trend no_city 1 0
see sheet not_sent "Менеджер" "Клиент" "Сумма" "Этап" "Что не так" "С какого времени"
see sheet not_sent "Кирилл" "Анна Ким" "3500" "Заказы: Отправка" "День отправки прошёл"
see sheet no_tax_id by Денис "Вера Рябова"
see no sheet not_sent by Денис "Анна Ким"

manager Кирилл sets recipient="Анна Ким" address="Тверь, Советская 12" tracking=RA123
audit
see no finding not_sent
see no finding no_address
