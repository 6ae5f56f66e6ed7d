"""What customers write, and what it is taken for."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from bots.kit import languages
from bots.kit.answers import _nearest, asks_for_person, chosen, guessed, menu, normalise, number, phone, vin
from bots.kit.languages import known_languages, language

RU = language("ru")
assert RU is not None
MENU, CLASHES = menu(
    [
        ("parts", "Подобрать запчасти", ("запчасти", "подбор")),
        ("order", "Что с моим заказом", ("заказ",)),
        ("delivery", "Доставка", ("курьер",)),
        ("payment", "Оплата", ("счёт",)),
    ],
    RU,
)


def picked(text: str) -> int | None:
    spoken = normalise(text)
    found = chosen(MENU, spoken)
    return guessed(MENU, spoken) if found is None else found


@pytest.mark.parametrize(
    "text", ["2", "2.", "№2", "2)", " 2 ", "(2)", "2️⃣", "«2»", "пункт 2", "№ 2!", "два", "Второй", "вторая"]
)
def test_an_option_is_chosen_by_its_number(text: str):
    assert picked(text) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Доставка", 2),
        ("ДОСТАВКА!!!", 2),
        ("доставку", 2),
        ("дотавка", 2),
        ("доставкка", 2),
        ("сколько стоит доставка в Тверь?", 2),
        ("хочу узнать про доставку", 2),
        ("курьером", 2),
        ("счет", 3),
        ("СЧЁТ", 3),
        ("аплата", 3),
        ("мне нужны запчасти", 0),
        ("подобрать запчасти пожалуйста", 0),
        ("запчсти", 0),
        ("мой заказ", 1),
    ],
)
def test_an_option_is_chosen_by_its_words_and_near_misses(text: str, place: int):
    assert picked(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "5",
        "22",
        "2 и 3",
        "да",
        "привет",
        "не доставка",
        "доставка и оплата",
        "😀",
        "...",
        "12345678",
        "заставка экрана",
        "д" * 5000,
        "доставка " * 400,
    ],
)
def test_no_option_is_made_up(text: str):
    assert picked(text) is None


def test_no_phrase_that_a_text_may_nearly_name_is_passed_over():
    phrases, lengths, owners = MENU.guesses
    assert "подобрать запчасти" in phrases
    assert list(lengths) == sorted(map(len, phrases))
    for phrase, owner in zip(phrases, owners, strict=True):
        alone = replace(MENU, guesses=((phrase,), (len(phrase),), (owner,)))
        for text in [phrase[:end] for end in range(4, len(phrase))] + [phrase + "я" * more for more in range(30)]:
            near = _nearest(alone, text, 78) == owner
            assert near == (fuzz.ratio(text, phrase) >= 78), (text, phrase)


def test_yes_and_no_bring_their_words_along():
    yes_no, _ = menu([("yes", "Оформляем", ()), ("no", "Пока думаю", ())], RU)
    for text, place in [
        ("да", 0),
        ("Конечно!", 0),
        ("ок", 0),
        ("нет", 1),
        ("Не надо", 1),
        ("не хочу", 1),
        ("1", 0),
        ("пока думаю", 1),
    ]:
        assert chosen(yes_no, normalise(text)) == place, text


def test_a_word_that_two_options_claim_is_told():
    _, clashes = menu([("a", "Один ответ", ("слово",)), ("b", "Другой ответ", ("Слово!",))], RU)
    assert clashes == [(1, "Слово!")]


@pytest.mark.parametrize(
    "text",
    [
        "менеджер", "Менеджера!", "оператор", "позовите человека", "Можно живого человека?", "хочу поговорить с менеджером",
        "Соедините с кем-нибудь", "переключите на оператора", "нужен менеджер", "не хочу общаться с ботом", "ОПЕРАТОРА ПОЖАЛУЙСТА",
        "с человеком можно?", "мне нужен живой человек",
    ],
)  # fmt: skip
def test_a_wish_for_a_person_is_heard(text: str):
    assert asks_for_person(normalise(text), RU)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "колодки",
        "менеджер вчера обещал скидку на колодки",
        "машина на пять человек",
        "да",
        "оператор связи не ловит в гараже",
    ],
)
def test_speaking_of_people_is_not_asking_for_one(text: str):
    assert not asks_for_person(normalise(text), RU)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2), ("4 шт.", 4), ("две", 2), ("пару", 2), ("номер 48213", 48213), ("1 500", 1500), ("1 500,5", 1500.5), ("2.5", 2.5),
        ("2,0", 2), ("4 или 5", None), ("", None), ("комплект", None), ("-3", None), ("9" * 5000, None), ("один или два", None),
        ("4шт", 4), ("5.", 5), ("5, пожалуйста", 5), ("5,", 5), ("уже 5!", 5), ("２", 2),
    ],
)  # fmt: skip
def test_a_quantity_is_read(text: str, value: float | None):
    assert number(text, RU, 0, 10**6) == value


@pytest.mark.parametrize(
    "text",
    [
        "двадцать пять", "сто два", "5 тысяч", "5 тыс.", "одну тысячу", "2 с половиной", "два десятка", "1,000,000", "1.500.000", "1.5.2",
        "5w40", "1e9", "0x10", "−5", "²", "½",
    ],
)  # fmt: skip
def test_a_piece_of_a_number_is_no_quantity(text: str):
    """A bot that keeps 5 where 25 was written orders the wrong thing; one that asks for digits does not."""
    assert number(text, RU, 0, 10**6) is None


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("ru", "полтора", 1.5), ("ru", "Полтора метра, пожалуйста", 1.5), ("ru", "полторы тысячи", 1500), ("ru", "полтора миллиона", 1_500_000),
        ("ru", "два с половиной", 2.5), ("ru", "где-то пять с половиной тысяч рублей", 5500), ("ru", "парочку", 2), ("ru", "пару штук", 2),
        ("uk", "півтора", 1.5), ("uk", "півтори тисячі", 1500), ("uk", "дві з половиною", 2.5), ("uk", "пару", 2),
        ("en", "one and a half", 1.5), ("en", "Two and a half thousand", 2500), ("en", "a couple", 2),
        ("ru", "полтора-два", None), ("ru", "полтора или два с половиной", None), ("ru", "полторы сотни", None), ("ru", "сто полтора", None),
        ("ru", "двадцать два с половиной", None), ("ru", "с половиной", None), ("ru", "пару тысяч", None), ("ru", "пару десятков", None),
        ("ru", "полтора 2", None), ("ru", "тысяча с половиной", None), ("en", "half", None), ("en", "a couple of hundred", None),
        ("ru", "полтора +", 1.5),
    ],
)  # fmt: skip
def test_a_number_with_a_half_is_read_where_it_is_the_only_one(language: str, text: str, value: float | None):
    assert number(text, languages.spoken(language), 0, 10**7) == value


def test_a_number_with_a_half_has_bounds_too():
    assert number("полторы тысячи", RU, 0, 1000) is None


def test_a_sign_that_is_typeset_is_a_sign():
    assert number("−5", RU, -10, 10) == -5


def test_a_number_outside_its_bounds_is_no_answer():
    assert number("101", RU, 1, 100) is None
    assert number("-5", RU, -10, 10) == -5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8 912 345-67-89", "+79123456789"), ("+7 (912) 345 67 89", "+79123456789"), ("89123456789", "+79123456789"),
        ("звоните на 8(912)3456789 после шести", "+79123456789"), ("+380 67 123 45 67", "+380671234567"),
        ("123", None), ("", None), ("заказ 12345", None), ("+7 000 000 00 00", None), ("1" * 5000, None),
    ],
)  # fmt: skip
def test_a_phone_is_read(text: str, value: str | None):
    assert phone(text, "RU") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("XTA210990Y1234567", "XTA210990Y1234567"),
        ("xta210990y1234567", "XTA210990Y1234567"),
        ("ХТА210990У1234567", "XTA210990Y1234567"),
        ("вин ХТА 210 990 У 1234567, колодки", "XTA210990Y1234567"),
        ("WVWZZZ-1KZ-6W-612305", "WVWZZZ1KZ6W612305"),
        ("VIN: JTDBR32E72OO12345.", "JTDBR32E720012345"),
        ("XTA210990Y123456", None),
        ("XTA210990Y12345678", None),
        ("12345678901234567", None),
        ("Тойота Камри 2012 года 2.5", None),
        ("абвгдежзиклмнопрс", None),
        ("", None),
        ("A1" * 3000, None),
    ],
)
def test_a_vin_is_read(text: str, value: str | None):
    assert vin(text) == value


@pytest.mark.parametrize("name", known_languages())
def test_a_language_is_written_the_way_it_is_compared(name: str):
    spoken = language(name)
    assert spoken is not None
    for phrase in (
        *spoken.yes,
        *spoken.no,
        *spoken.numbers,
        *spoken.fillers,
        *spoken.person_words,
        *spoken.person_phrases,
    ):
        assert phrase == normalise(phrase)
    for phrase in spoken.person_words:
        assert not spoken.fillers.intersection(phrase.split()), phrase
    assert {"choice", "text", "number", "phone", "vin", "photo", "hand_off", "person", "lost", "media", "voice"} <= set(
        spoken.texts
    )


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_a_reading(text: str):
    spoken = normalise(text)
    assert normalise(spoken) == spoken
    picked(text)
    asks_for_person(spoken, RU)
    number(text, RU, 0, 10)
    phone(text, "RU")
    found = vin(text)
    assert found is None or len(found) == 17
