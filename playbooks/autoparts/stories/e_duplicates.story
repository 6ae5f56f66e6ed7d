# Один человек дважды: находятся и контакты, и сделки; соединили или сказали, что это двое, — находка снята
covers: E.duplicates

at 2026-03-02 12:00
customer Анна is "Анна Петрова" phone +79160000601
form contacts comment="Нужны диски"
customer Борис is "А. Петрова"
customer Борис telegram: Здравствуйте
manager anna takes
audit
see no finding duplicate_contact
see no finding duplicate_deal
manager anna sets phone=+79160000601
see duplicate "Анна Петрова"
audit
see finding duplicate_deal severity normal for "Анна Лебедева" says "Похожа на сделку № "
about customer Анна
see finding duplicate_contact severity normal says "возможно, один человек: телефон"

# Да, это она.
about customer Борис
manager anna merges customer Анна
audit
see no finding duplicate_contact
see no finding duplicate_deal
see no duplicate "Анна Петрова"

# А эти двое — муж и жена с одним телефоном.
customer Вера is "Вера Лис" phone +79160000602
form contacts comment="Нужны колодки"
customer Глеб is "Глеб Лис"
customer Глеб telegram: Здравствуйте
manager boris takes
manager boris sets phone=+79160000602
audit
see finding duplicate_deal for "Борис Климов"
manager boris dismisses duplicate
audit
see no finding duplicate_deal
see no duplicate "Вера Лис"
about customer Вера
see no finding duplicate_contact
see open deals 1
