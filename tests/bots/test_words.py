"""Texts with placeholders: what may stand in them, and that what is put in stays inert."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.kit.words import MOST_BYTES, Text, as_text, capped, parse, plain

KNOWN = {"name": "Name", "day": "Day", "car": "Car", "sum": "Sum", "client_name": "Client"}


def text(source: str) -> Text:
    parsed, wrong = parse(source, KNOWN)
    assert wrong == []
    return parsed


def filled(source: str, **values: object) -> str:
    return text(source).fill(values.get)


@pytest.mark.parametrize(
    ("source", "values", "text"),
    [
        ("{sum|money}", {"sum": 123_456_750}, "1,234,567.50"),
        ("{sum|price}", {"sum": 125_000, "currency": "GBP"}, "£1,250"),
        ("{sum|price}", {"sum": -50_005, "currency": "USD"}, "-$500.05"),
        ("{sum|price}", {"sum": 100_000, "currency": "CHF"}, "CHF\u00a01,000"),
        ("{sum|price or nothing}", {"currency": "GBP"}, "nothing"),
        ("{sum|price}", {"sum": "a lot, really", "currency": ""}, "a lot, really"),
        ("{day|date}", {"day": "2025-12-05T18:00"}, "5 December 2025"),
        ("{day|date}, {day|time}", {"day": "2025-01-15T09:05"}, "15 January 2025, 09:05"),
        ("{day|date}", {"day": "2025-99-15"}, "15.99.2025"),
        ("{day|date}", {"day": "2025--1-15"}, "2025--1-15"),
        ("{day|date}", {"day": "2025-1²-15"}, "15.1².2025"),
        ("{day|date}", {"day": "tomorrow"}, "tomorrow"),
        ("{car}", {"car": True}, "yes"),
        ("{car}", {"car": [False, "new"]}, "no, new"),
    ],
)
def test_a_text_in_english_has_sums_and_days_as_english_writes_them(source: str, values: dict[str, object], text: str):
    parsed, wrong = parse(source, KNOWN, "en")
    assert wrong == []
    assert parsed.fill(values.get) == text


def test_a_yes_is_written_in_the_language_of_its_text():
    said = [parse("{car}", KNOWN, language)[0].fill({"car": True}.get) for language in ("", "ru", "uk", "en")]
    assert said == ["да", "да", "так", "yes"]


@pytest.mark.parametrize(
    ("source", "values", "said"),
    [
        ("Hello", {}, "Hello"),
        ("Hello, {name}!", {"name": "Ivan"}, "Hello, Ivan!"),
        ("Hello, {name or friend}!", {}, "Hello, friend!"),
        ("Hello, {name or friend}!", {"name": "  "}, "Hello, friend!"),
        ("{name|first|proper or друг}", {"name": "ИВАН петров"}, "Иван"),
        ("{name|proper}", {"name": "анна-мария ИВАНОВА"}, "Анна-Мария Иванова"),
        ("{sum|money} ₽", {"sum": 123450}, "1\u00a0234,50 ₽"),
        ("{sum|money} ₽", {"sum": 100}, "1 ₽"),
        ("{day|date} в {day|time}", {"day": "2025-12-15T18:05"}, "15.12.2025 в 18:05"),
        ("{day|date} в {day|time or назначенный час}", {"day": "2025-12-15"}, "15.12.2025 в назначенный час"),
        ("{day|date}, {day|time or ?}", {"day": "завтра в 18:05"}, "завтра в 18:05, ?"),
        ("{day|date}, {day|time or ?}", {"day": "2025-12-15T25:00"}, "2025-12-15T25:00, ?"),
        ("{sum|money}", {"sum": "дорого"}, "дорого"),
        ("{car|upper}, {car|lower}, {car|capital}", {"car": "kia Rio"}, "KIA RIO, kia rio, Kia Rio"),
        ("{car}", {"car": ["a", "b"]}, "a, b"),
        ("{car}", {"car": True}, "да"),
        ("{ name }", {"name": "x"}, "x"),
        ("{car}", {"car": {"deep": 1}}, ""),
        ("{car}", {"car": 10**5000}, ""),
        ("{car}", {"car": 2.5}, "2.5"),
        ("{car}", {"car": float("nan")}, "nan"),
        ("{car}", {"car": None}, ""),
    ],
)
def test_a_text_is_filled(source: str, values: dict[str, object], said: str):
    assert filled(source, **values) == said


@pytest.mark.parametrize(
    "value",
    ["{secret}", "{{ secret }}", "<b>", "{name}", "{car|upper}", "{% for %}", "}{", "{0.__class__}", "%s", "\\1"],
)
def test_a_customers_value_goes_in_literally(value: str):
    assert filled("I heard: {car}.", car=value, secret="42", name="Ivan") == f"I heard: {value}."


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{{ 'a'*500000000 }}", "is not allowed"),
        ("{% for a in range(10) %}{% endfor %}", "is not allowed"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "is not allowed"),
        ("{{ 9**9**9 }}", "is not allowed"),
        ("{# comment #}", "is not allowed"),
        ("{" + "(" * 3_000 + ")" * 3_000 + "}", "is not allowed"),
        ("{name.__class__}", "is not allowed"),
        ("{name[0]}", "is not allowed"),
        ("{name()}", "is not allowed"),
        ("{'a'}", "is not allowed"),
        ("{0}", "no field is called '0'"),
        ("{}", "is not allowed"),
        ("{name|attr}", "no filter is called 'attr'"),
        ("{name|attr('__class__')}", "no filter is called"),
        ("{name|first|first|first|first|first}", "too many filters"),
        ("{nmae}", "no field is called 'nmae'"),
        ("{name", "never closed"),
        ("name}", "without its {"),
        ("{name!r}", "is not allowed"),
        ("{name:>500000000}", "is not allowed"),
        ("{" * 4_000, "is not allowed"),
    ],
    ids=lambda value: value[:24],
)
def test_nothing_that_runs_may_stand_in_a_text(source: str, what: str):
    began = time.process_time()
    _, wrong = parse(source, KNOWN)
    assert any(what in one for one, _ in wrong), wrong
    assert time.process_time() - began < 0.05


def test_a_field_that_is_not_known_is_met_with_the_nearest():
    _, wrong = parse("{client_nmae}", KNOWN)
    assert wrong == [("no field is called 'client_nmae'", "Did you mean 'client_name'?")]


def test_a_filled_text_is_at_most_eight_kilobytes():
    said = filled("{name}" * 50, name="ю" * 1_000_000)
    assert len(said.encode()) <= MOST_BYTES
    assert said.endswith("…")
    assert capped("a" * 8_192) == "a" * 8_192
    assert plain("x" * 100_000).plain == "x" * (MOST_BYTES - 3) + "…"


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60),
    st.one_of(
        st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text(max_size=5), max_size=4)
    ),
)
def test_no_text_and_no_value_raises(source: str, value: object):
    parsed, wrong = parse(source, KNOWN)
    said = parsed.fill(lambda _: value)
    assert len(said.encode("utf-8", "replace")) <= MOST_BYTES
    if not wrong and "{" not in source:
        assert said == source.strip()
    assert isinstance(as_text(value), str)
