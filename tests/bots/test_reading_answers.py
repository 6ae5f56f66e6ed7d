"""Days, addresses, places, phrases and patterns in a customer's words."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.kit.answers import email, location, normalise, phrase
from bots.kit.dates import day
from bots.kit.languages import language
from bots.kit.patterns import only_latin, pattern

RU = language("ru")
assert RU is not None
WEDNESDAY = date(2025, 1, 15)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("сегодня", "2025-01-15"),
        ("Завтра, если можно", "2025-01-16"),
        ("послезавтра утром", "2025-01-17"),
        ("в пятницу", "2025-01-17"),
        ("в среду", "2025-01-22"),
        ("в понедельник после обеда", "2025-01-20"),
        ("в следующую пятницу", "2025-01-24"),
        ("во вторник", "2025-01-21"),
        ("15.12", "2025-12-15"),
        ("15.01", "2025-01-15"),
        ("14.01", "2026-01-14"),
        ("15/12/2025", "2025-12-15"),
        ("15.12.25", "2025-12-15"),
        ("2025-12-15", "2025-12-15"),
        ("15 декабря", "2025-12-15"),
        ("1 марта 2026 года", "2026-03-01"),
        ("в пятницу 17 января", "2025-01-17"),
        ("через неделю", "2025-01-22"),
        ("через 3 дня", "2025-01-18"),
        ("через две недели", "2025-01-29"),
        ("завтра, 16.01", "2025-01-16"),
        ("29 февраля", "2028-02-29"),
    ],
)
def test_a_day_is_understood(text: str, named: str):
    assert RU is not None
    assert day(text, RU, WEDNESDAY) == date.fromisoformat(named)


@pytest.mark.parametrize(
    "text",
    ["", "не знаю", "30.02", "32.13", "15.12 или 16.12", "вчера", "31.12.2024", "через 99999 дней", "1.2.3.4", "12", "8 912 345-67-89",
     "2024-02-30", "завтра или послезавтра", "15.12.2205", "31.12.9999", "9999-12-31", "15 декабря 3025"],
)  # fmt: skip
def test_what_names_no_day_or_two_is_none(text: str):
    assert RU is not None
    assert day(text, RU, WEDNESDAY) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [("вчера", "2025-01-14"), ("15.12", "2024-12-15"), ("в среду", "2025-01-08"), ("3 марта 1990", "1990-03-03")],
)
def test_a_day_that_is_over_where_such_a_one_is_asked_for(text: str, named: str):
    assert RU is not None
    assert day(text, RU, WEDNESDAY, past=True) == date.fromisoformat(named)


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.text(alphabet="0123456789.-/ завтрачерезднявпятницудекабря", max_size=60),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.booleans(),
)
def test_no_text_breaks_the_reading_of_days(text: str, today: date, past: bool):
    assert RU is not None
    named = day(text, RU, today, past=past)
    assert named is None or (named <= today if past else named >= today)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("anna@example.com", "anna@example.com"),
        ("почта: Anna.P@Example.COM.", "Anna.P@example.com"),
        ("<anna+shop@mail.example.co.uk>", "anna+shop@mail.example.co.uk"),
        ("иван@почта.рф", "иван@почта.рф"),
        ("a@b", None),
        ("@example.com", None),
        ("anna@example.com и ivan@example.com", None),
        ("anna at example.com", None),
        ("x" * 5_000 + "@", None),
    ],
)
def test_an_e_mail_address_is_found(text: str, read: str | None):
    assert email(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("55.751244, 37.618423", "55.751244, 37.618423"),
        ("я тут 55.7512,37.6184", "55.7512, 37.6184"),
        ("95.751244, 37.618423", None),
        ("5, 7", None),
        ("нет", None),
    ],
)
def test_a_place_is_found(text: str, read: str | None):
    assert location(text) == read


def test_a_phrase_is_found_among_other_words():
    phrases = [(normalise(one), one) for one in ("Ещё думаю", "да")]
    assert phrase(normalise("я еще думаю!"), phrases) == "Ещё думаю"
    assert phrase(normalise("ну да, ладно"), phrases) == "да"
    assert phrase(normalise("надо"), phrases) is None


@pytest.mark.parametrize(
    ("source", "text", "read"),
    [
        (r"\bда\b", "ну да, ладно", "да"),
        (r"\bда\b", "надо", None),
        (r"\w+", "Привет", "Привет"),
        (r"заказ (\d+)", "Заказ 55", "55"),
        (r"\bзаказ (\d+)", "мой заказ 7", "7"),
        (r"[а-яё]{2}-\d{4}", "ЁЖ-1234", "ЁЖ-1234"),
        (r"[\w-]+\d", "Тэ-5", "Тэ-5"),
        (r"[]a]+b", "]ab", "]ab"),
        (r"№\s*\d+", "№\u00a012", "№\u00a012"),
    ],
)
def test_a_pattern_means_every_language(source: str, text: str, read: str | None):
    made, wrong = pattern(source)
    assert wrong == []
    assert made is not None
    assert made.find(text) == read


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("(?=a)", "looking around"),
        ("(?<!a)b", "looking around"),
        (r"(a)\1", r"references such as \1"),
        ("a++", "++, *+ and **"),
        ("(", "a ( is never closed"),
        ("a)", "a ) stands without its ("),
        ("[a", "a [ is never closed"),
        ("*a", "nothing to repeat"),
        ("a{2000}", "repeated too often"),
        ("((a{100}){100}){100}", "repeated too often"),
        (r"\p{Foo}", "no such class"),
        (r"а\bб", r"\b stands inside"),
        (r"[\W]", r"\W inside [ ]"),
        ("\\", "ends in a \\"),
        ("a*", "nothing in it"),
        ("x" * 301, "longer than 300"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_its_reason(source: str, what: str):
    made, wrong = pattern(source)
    assert made is None
    assert what in wrong[0][0], wrong
    assert wrong[0][1]


@pytest.mark.parametrize("source", ["^(a+)+$", "(x|x|xx)+y", "(a|aa)+$", "(.*)*b"])
def test_a_wicked_pattern_costs_nothing(source: str):
    made, _ = pattern(source)
    if made is None:
        return
    made.find("warm")
    began = time.process_time()
    made.find("a" * 3_999 + "!")
    made.find("x" * 4_000)
    assert time.process_time() - began < 0.05


def test_a_pattern_of_latin_letters_is_noticed():
    assert only_latin("[a-z]+")
    assert only_latin("^[A-Za-z ]+$")
    assert not only_latin(r"[A-Z]{2}\d{6}")
    assert not only_latin("[a-zа-я]+")
    assert not only_latin("да")


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(alphabet=r"ab\wdsbWB[]()*+?{}1,|^$.-ёа", max_size=16), st.text(max_size=20))
def test_no_pattern_and_no_text_raises(source: str, text: str):
    made, wrong = pattern(source)
    assert (made is None) == bool(wrong)
    if made is not None:
        assert made.find(text) is None or isinstance(made.find(text), str)
