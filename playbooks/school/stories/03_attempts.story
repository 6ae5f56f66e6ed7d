# Пять звонков без ответа: заявка некачественная, контакт остаётся для рассылок
covers: B.attempts, B.poor

at 2026-03-02 12:00
form lesson
call missed direction out
see field attempts 1
see task "Не взяли трубку" kind call
see stage new
call missed direction out
call missed direction out
call missed direction out
see open
call missed direction out
see lost poor
see tag "для рассылок"
see audience campaigns
see deals 1
