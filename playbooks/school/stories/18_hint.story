# Меньше 5 % на первом шаге: плохие заявки. Первый шаг хорош, а потом теряем: плохо продаём
covers: B.hint

at 2026-03-02 12:00
form lesson name="Человек 1" phone=+79161234001
form lesson name="Человек 2" phone=+79161234002
form lesson name="Человек 3" phone=+79161234003
form lesson name="Человек 4" phone=+79161234004
form lesson name="Человек 5" phone=+79161234005
form lesson name="Человек 6" phone=+79161234006
form lesson name="Человек 7" phone=+79161234007
form lesson name="Человек 8" phone=+79161234008
form lesson name="Человек 9" phone=+79161234009
form lesson name="Человек 10" phone=+79161234010
form lesson name="Человек 11" phone=+79161234011
form lesson name="Человек 12" phone=+79161234012
form lesson name="Человек 13" phone=+79161234013
form lesson name="Человек 14" phone=+79161234014
form lesson name="Человек 15" phone=+79161234015
form lesson name="Человек 16" phone=+79161234016
form lesson name="Человек 17" phone=+79161234017
form lesson name="Человек 18" phone=+79161234018
form lesson name="Человек 19" phone=+79161234019
form lesson name="Человек 20" phone=+79161234020
see report leads Заявки opened=20 first=0 first_share=0 hint=bad_leads
# Дозвонились до всех, а дальше за месяц никто не пошёл.
call answered +79161234001 duration 30
call answered +79161234002 duration 30
call answered +79161234003 duration 30
call answered +79161234004 duration 30
call answered +79161234005 duration 30
call answered +79161234006 duration 30
call answered +79161234007 duration 30
call answered +79161234008 duration 30
call answered +79161234009 duration 30
call answered +79161234010 duration 30
call answered +79161234011 duration 30
call answered +79161234012 duration 30
call answered +79161234013 duration 30
call answered +79161234014 duration 30
call answered +79161234015 duration 30
call answered +79161234016 duration 30
call answered +79161234017 duration 30
call answered +79161234018 duration 30
call answered +79161234019 duration 30
call answered +79161234020 duration 30
see report leads Заявки first=20 first_share=100 hint=""
+31d
see report leads from 2026-03-01 Заявки opened=20 first=20 lost=20 lost_later=20 converted=0 hint=bad_selling
