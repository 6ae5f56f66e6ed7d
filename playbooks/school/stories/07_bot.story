# Написал в мессенджер: бот знакомится, менеджер звонит
covers: B.deeds, B.stages

at 2026-03-02 12:00
customer telegram: Здравствуйте
bot: Здравствуйте, Ирина! Это языковая школа…
bot: Какой язык хотите учить?
  [1. английский]
  [2. немецкий]
  [3. испанский]
  [4. китайский]
  [5. обучение для компании]
  [6. у меня другой вопрос]
customer telegram: немецкий
bot: Зачем вам язык…
customer telegram: для работы
bot: Как вы оцениваете свой уровень…
customer telegram: с нуля
bot: В какие дни и часы…
customer telegram: вечером
bot: И телефон…
customer telegram: +7 916 000 11 22
bot: Спасибо! Менеджер позвонит…
see field study немецкий
see field level "с нуля"
see tag "хочет пробный урок"
see task "Позвонить и назначить пробный урок" kind call
see bot welcome handed_off
