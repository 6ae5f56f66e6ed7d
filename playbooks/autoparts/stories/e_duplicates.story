# Двое с одним телефоном похожи на одного
covers: E.duplicates

at 2026-03-02 12:00
customer is "Анна Петрова" phone +79161234567
form contacts name="Анна Петрова" phone=+79161234567 comment="Нужны диски"
customer Борис is "А. Петрова"
customer Борис telegram: Здравствуйте
manager anna takes
manager anna sets phone=+79161234567
audit
see finding duplicate_deal
