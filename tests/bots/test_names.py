"""How customers sign themselves, and what of it may be said in a greeting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.names import read

only = pytest.mark.parametrize


@only(
    ("raw", "full", "first"),
    [
        ("иван", "Иван", "Иван"),
        ("ИВАН ПЕТРОВ", "Иван Петров", "Иван"),
        ("  анна-мария   лопес ", "Анна-Мария Лопес", "Анна-Мария"),
        ("o'connor", "O'Connor", "O'Connor"),
        ("д’артаньян", "Д’Артаньян", "Д’Артаньян"),
        ("McDonald", "McDonald", "McDonald"),
        ("иван сергеевич", "Иван Сергеевич", "Иван"),
        ("Ольга Никитична", "Ольга Никитична", "Ольга"),
        ("Наталія Іванівна", "Наталія Іванівна", "Наталія"),
        ("Лев Толстой", "Лев Толстой", "Лев"),
        ("Ян", "Ян", "Ян"),
        ("Мкртчян", "Мкртчян", "Мкртчян"),
        ("José", "José", "José"),
    ],
)
def test_an_honest_name_is_put_right_and_not_doubted(raw: str, full: str, first: str):
    name = read(raw)
    assert (name.full, name.first, name.doubts) == (full, first, ())


@only(
    ("raw", "doubt"),
    [
        ("", "empty"),
        ("\u200b \u202e", "empty"),
        ("Дом 2", "digits"),
        ("Ivan🔥", "symbols"),
        ("@ivan", "symbols"),
        ("🔥", "symbols"),
        ("ООО Ромашка", "company"),
        ("ИП Иванов", "company"),
        ("ТОВ «Деталь»", "company"),
        ("клиент", "no_name"),
        ("Test", "no_name"),
        ("И", "letter"),
        ("Л. Н. Толстой", "letter"),
        ("Aлексей", "alphabets"),
        ("Ivan Петров", "alphabets"),
        ("фывп", "nonsense"),
        ("йцк", "nonsense"),
        ("аааа", "nonsense"),
        ("Иванович", "patronymic"),
        ("Мария Ивановна Петрова де Сантос", "long"),
    ],
)
def test_what_is_hardly_a_name_is_doubted(raw: str, doubt: str):
    name = read(raw)
    assert doubt in name.doubts
    assert name.doubtful


@only(
    ("raw", "first", "doubt"),
    [("иВАН", "Иван", "case"), ("Петров Иван Сергеевич", "Иван", "order"), ("Ковальчук Ірина", "Ірина", "order")],
)
def test_what_could_be_mended_is_told_and_may_be_said(raw: str, first: str, doubt: str):
    name = read(raw)
    assert (name.first, name.doubts, name.doubtful) == (first, (doubt,), False)


@given(st.text(max_size=60))
def test_whatever_a_customer_calls_themselves_is_read(raw: str):
    name = read(raw)
    assert name.full or name.doubts == ("empty",)
    assert name.doubtful or any(c.isalpha() for c in name.first)


@given(st.text(alphabet="абвАБВіІ' -abcABC", max_size=12))
def test_a_name_that_has_been_put_right_stays_as_it_is(raw: str):
    assert read(read(raw).full).full == read(raw).full
