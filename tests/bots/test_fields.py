"""What a raw value is worth in a field of its kind: kept in one form, or refused with what would be right."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.conversation import Conversation
from bots.kit.events import MessageReceived
from bots.kit.fields import Field, FieldKind, Misfit, as_said, as_written, locale_of, understand, with_sums
from bots.kit.languages import known_languages, language, spoken
from bots.kit.playbook import Playbook, check_script, load_playbook
from tests.bots.scripts import compiled

TUESDAY = date(2026, 3, 10)
RUSSIAN = locale_of("ru", "Europe/Moscow", "RUB")
UKRAINIAN = locale_of("uk", "Europe/Kyiv", "UAH")
KINDS: tuple[FieldKind, ...] = ("text", "number", "money", "date", "choice", "phone")


def field(kind: FieldKind) -> Field:
    return Field("f", "Поле", kind, ("самовывоз", "Почта России") if kind == "choice" else ())


def kept(kind: FieldKind, raw: Any, locale: Any = RUSSIAN) -> Any:
    found = understand(field(kind), raw, locale, TUESDAY)
    return "misfit" if isinstance(found, Misfit) else found


@pytest.mark.parametrize(
    ("raw", "minor"),
    [
        (350_000, 350_000), (0, 0), (-5, -5), (3500.5, 350_050), (0.1, 10), ("3500", 350_000), ("3500,50", 350_050), ("3500.5", 350_050),
        ("3 500,50 ₽", 350_050), ("3\u00a0500\u202f000", 350_000_000), ("3500 руб.", 350_000), ("3500р", 350_000), ("12 рублей", 1_200),
        ("₽3500", 350_000), ("RUB 35", 3_500), ("35 rub", 3_500), ("-5,5", -550), ("−5", -500), (" 7 ", 700),
    ],
)  # fmt: skip
def test_a_whole_number_is_minor_units_and_a_text_is_a_sum_as_people_say_it(raw: Any, minor: int):
    assert kept("money", raw) == minor


@pytest.mark.parametrize(
    "raw",
    [
        "много", "3,500", "3.500,50", "1,000,000", "35 00", "12 тыс", "3500 ₽ наличными", "около 3500", "$35", "35 грн", "1e5", 35.005,
        float("nan"), float("inf"), 10**14, 10**400, "9" * 16, True, [350_000], "3500" + " " * 300 + "много",
    ],
)  # fmt: skip
def test_what_may_be_another_sum_is_none(raw: Any):
    assert kept("money", raw) == "misfit"


@pytest.mark.parametrize("raw", [-1, -0.5, "-5", "−5 ₽"])
def test_what_a_deal_is_worth_or_has_brought_is_never_below_zero(raw: Any):
    for sum_ in (
        Field("total", "t", "money"),
        Field("paid_sum", "p", "money"),
        Field("cost", "c", "money", worth=True),
    ):
        found = understand(sum_, raw, RUSSIAN, TUESDAY)
        assert isinstance(found, Misfit)
        assert found.wanted.endswith("must not be below zero")
        assert "меньше нуля" in found.told(raw, spoken("ru"))
        assert understand(sum_, 0, RUSSIAN, TUESDAY) == 0


def test_a_sum_in_another_currency_says_so():
    found = understand(field("money"), "100 руб", UKRAINIAN, TUESDAY)
    assert isinstance(found, Misfit)
    assert found.wanted == "must be a sum of money in UAH"
    assert kept("money", "1 450 грн", UKRAINIAN) == kept("money", "1450₴", UKRAINIAN) == 145_000


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2026-03-20", "2026-03-20"), ("2026-3-5", "2026-03-05"), ("20.03.2026", "2026-03-20"), ("1.4.2026 г.", "2026-04-01"),
        ("20.03.2026 18:00", "2026-03-20T18:00"), ("20.03.2026, 9:05", "2026-03-20T09:05"), ("2026-03-20T18:00", "2026-03-20T18:00"),
        ("2026-03-20 18:00:59", "2026-03-20T18:00"), ("2026-03-20T15:00:00.000Z", "2026-03-20T18:00"), ("2026-03-20T15:00+05:00", "2026-03-20T13:00"),
        ("1985-05-05", "1985-05-05"), ("завтра", "2026-03-11"), ("завтра в 18:00", "2026-03-11T18:00"), ("вчера", "2026-03-09"),
        ("в пятницу", "2026-03-13"), ("через 3 дня", "2026-03-13"), ("15 декабря", "2026-12-15"), ("15 декабря 2027 года", "2027-12-15"),
        ("20.03", "2026-03-20"), ("1.02", "2027-02-01"), ("20.03.26", "2026-03-20"), (1_774_000_000_000, "2026-03-20T12:46"),
    ],
)  # fmt: skip
def test_a_date_is_kept_as_a_day_or_as_a_day_and_an_hour(raw: Any, day: str):
    assert kept("date", raw) == day


@pytest.mark.parametrize(
    "raw",
    [
        "самокат", "31.02.2026", "20.03.2026 25:00", "не раньше 20.03.2026", "20.03.2026 или 21.03.2026", "20.03.2026 21", "не завтра",
        "сегодня или завтра", "03/20/2026", "20260320", 20_260_320, 5, 1.5, True, ["2026-03-20"], "0001-01-01", "2026-03-20T99:00Z", "завтра " * 50,
    ],
)  # fmt: skip
def test_what_names_no_day_or_more_than_a_day_is_none(raw: Any):
    assert kept("date", raw) == "misfit"


def test_days_are_named_in_the_language_of_the_shop():
    assert kept("date", "15 грудня 2026 року", UKRAINIAN) == "2026-12-15"
    assert kept("date", "завтра о 9:00", UKRAINIAN) == "2026-03-11T09:00"
    assert kept("date", "15 грудня 2026 року", RUSSIAN) == "misfit"


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("number", "4", 4), ("number", "1 500,5", 1500.5), ("number", 4.0, 4), ("number", "0.125", 0.125), ("number", "-3", -3),
        ("number", "1,500", "misfit"), ("number", "4 шт.", "misfit"), ("number", True, "misfit"), ("number", 10**400, "misfit"),
        ("phone", "+79161234567", "+79161234567"), ("phone", "8 (916) 123-45-67", "+79161234567"), ("phone", 79161234567, "+79161234567"),
        ("phone", "+380671234567", "+380671234567"), ("phone", "+7916", "misfit"), ("phone", "067 123 45 67", "misfit"),
        ("phone", "звоните 89161234567", "misfit"), ("phone", "8 916 123-45-67 доб. 5", "misfit"),
        ("choice", "САМОВЫВОЗ", "самовывоз"), ("choice", " почта россии. ", "Почта России"), ("choice", "самокат", "misfit"), ("choice", "почта", "misfit"),
        ("text", ["a", 1], ["a", 1]), ("text", True, True),
    ],
)  # fmt: skip
def test_numbers_phones_and_choices_have_one_form(kind: FieldKind, raw: Any, value: Any):
    assert kept(kind, raw) == value


def test_a_phone_without_a_code_is_of_the_shops_country():
    assert kept("phone", "067 123 45 67", UKRAINIAN) == "+380671234567"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_empties_any_field(kind: FieldKind):
    assert [kept(kind, raw) for raw in (None, "", [])] == [None, "", []]
    assert kind == "text" or kept(kind, " \n") == ""


_RAW = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"-?[0-9 .,:/-]{0,20}( ?(₽|руб|г\.))?", fullmatch=True),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=5), max_size=2),
)


@given(st.sampled_from(KINDS), _RAW, st.sampled_from([RUSSIAN, UKRAINIAN]))
def test_whatever_comes_is_kept_or_refused_and_what_is_kept_stays_as_it_is(kind: FieldKind, raw: Any, locale: Any):
    first = understand(field(kind), raw, locale, TUESDAY)
    if isinstance(first, Misfit):
        assert first.wanted
        assert all(first.told(raw, spoken) for name in known_languages() if (spoken := language(name)))
    elif first == first:  # a text field keeps a number that is none
        assert understand(field(kind), first, locale, TUESDAY) == first


def test_a_note_says_what_came_and_what_is_wanted_in_the_managers_language():
    russian, ukrainian = language("ru"), language("uk")
    assert russian is not None
    assert ukrainian is not None
    wrong = understand(field("choice"), "самокат", RUSSIAN, TUESDAY)
    assert isinstance(wrong, Misfit)
    assert wrong.told("самокат", russian) == (
        "Не записано в поле «Поле»: «самокат». Выбрать можно только из списка: самовывоз, Почта России"
    )
    assert wrong.told("самокат", ukrainian).endswith("Обрати можна лише зі списку: самовывоз, Почта России")


def test_the_author_of_a_file_writes_minor_units_and_a_customer_says_a_sum():
    money, number = field("money"), field("number")
    assert (as_written(money, "350000"), as_written(money, "3500.50"), as_written(number, "4")) == (
        350_000,
        "3500.50",
        "4",
    )
    assert (as_said(money, 3500), as_said(money, 3500.5), as_said(number, 4), as_said(None, 4)) == (
        "3500",
        3500.5,
        4,
        4,
    )


def test_sums_are_reckoned_anew_from_what_two_deals_knew():
    fields = {"rest": Field("rest", "Осталось", "money", (), ((1, "budget"), (-1, "advance"), (-1, "paid_sum")))}
    assert with_sums(fields, {"budget": 1_000, "rest": 1_000, "paid_sum": 300}) == {
        "budget": 1_000, "rest": 700, "paid_sum": 300,
    }  # fmt: skip
    assert with_sums(fields, {"paid_sum": 300}) == {"paid_sum": 300}
    assert with_sums(fields, {"rest": 5}) == {"rest": ""}


# -- what bots put into fields -----------------------------------------------------------------------------------------

BOOK = """\
playbook: Shop
language: ru
zone: Europe/Moscow
fields:
  budget: {title: Бюджет, kind: money}
  rest: {title: Осталось, kind: money, is: budget - paid_sum}
  come_on: {title: Когда, kind: date}
  way: {title: Как, choices: [самовывоз, почта]}
funnels: {f: {stages: {a: A}, won: W, lost: L}}
reasons: {silence: S}
"""
SCRIPT = """
script: S
fields: {budget: Бюджет, come_on: Когда, way: Как, rest: Осталось}
steps:
  sum:
    ask: Сколько?
    answer:
      number: {save: budget, then: day}
      text: {save: budget, then: day}
  day:
    ask: Когда?
    answer:
      text: {save: come_on, then: way}
  way:
    ask: Как?
    save: way
    choices:
      own: {label: Самовывоз, then: done}
      post: {label: Почта, then: done}
  done:
    say: "{budget|price}, {come_on|date}"
    end: done
"""


def loaded(text: str = BOOK) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None, [str(one) for one in problems]
    return playbook


def held(text: str, *said: str) -> tuple[dict[str, object], list[str]]:
    """What the deal knows at the end of a talk in this shop, and what was said and noted."""
    talk = Conversation(compiled(text), kinds=loaded().kinds)
    lines = [*talk.start(), *talk.wait(60_000)]  # the question has been seen
    for words in said:
        lines += talk.write(MessageReceived(words))
    return talk.fields, [f"{one.speaker}: {one.text}" for one in lines]


@pytest.mark.parametrize(("said", "minor"), [("3500", 350_000), ("3 500,50", 350_050), ("3500 руб", 350_000)])
def test_what_a_customer_tells_a_bot_is_kept_by_kind_and_the_bot_itself_reads_it_so(said: str, minor: int):
    fields, lines = held(SCRIPT, said, "завтра в 18:00", "2")
    assert fields == {"budget": minor, "come_on": "2025-01-16T18:00", "way": "почта"}
    assert lines[-2] == f"bot: 3\u00a0500{',50' if minor % 100 else ''}\u00a0₽, 16.01.2025"
    assert not [one for one in lines if one.startswith("note")]


def test_an_answer_that_its_field_cannot_take_is_a_note_and_the_field_stays():
    fields, lines = held(SCRIPT, "много", "как-нибудь", "1")
    assert fields == {"way": "самовывоз"}
    assert [one for one in lines if one.startswith("note")] == [
        "note: Не записано в поле «Бюджет»: «много». Нужна сумма, например 3 500,50",
        "note: Не записано в поле «Когда»: «как-нибудь». Нужна дата, например 20.03.2026 или 20.03.2026 18:00",
    ]


def test_a_script_writes_whole_sums_in_minor_units():
    text = 'script: S\nfields: {budget: B}\nsteps: {one: {set: {budget: "350000"}, end: done}}'
    assert held(text)[0] == {"budget": 350_000}


def test_a_hand_off_shows_what_was_said_although_no_field_took_it():
    text = SCRIPT.replace("    end: done", "    hand_off: {task: Посчитать, show: [budget]}")
    assert "Бюджет: много" in held(text, "много", "завтра", "1")[1][-1]


@pytest.mark.parametrize(
    ("old", "new", "line", "severity", "what"),
    [
        (
            "    end: done",
            "    set: {budget: много}\n    end: done",
            22,
            "error",
            "'много' is not kept: field 'budget' must be a sum",
        ),
        (
            "    end: done",
            "    set: {way: самокат}\n    end: done",
            22,
            "error",
            "field 'way' must be one of: самовывоз, почта",
        ),
        ("label: Почта", "label: Курьер", 19, "warning", "'Курьер' is not kept: field 'way' must be one of"),
        (
            "    end: done",
            '    set: {rest: "{budget}"}\n    end: done',
            22,
            "error",
            "field 'rest' is reckoned by itself",
        ),
        ("text: {save: come_on", "text: {save: rest", 11, "error", "field 'rest' is reckoned by itself"),
    ],
)
def test_what_a_script_puts_into_a_field_that_does_not_take_it_is_told(
    old: str, new: str, line: int, severity: str, what: str
):
    assert check_script(compiled(SCRIPT), loaded()) == []
    (found,) = check_script(compiled(SCRIPT.replace(old, new)), loaded())
    assert (found.line, found.severity, found.code) == (line, severity, "unfit")
    assert what in found.what
    assert found.remedy


@pytest.mark.parametrize(
    ("declared", "what"),
    [
        ("order: {title: Заказ, kind: number}", "'order' comes with orders, as a text"),
        ("total: {title: Сумма, kind: text}", "'total' comes with orders, as money"),
        ("paid_sum: {title: Оплачено, kind: money, is: budget + total}", "'paid_sum' comes with orders, as money"),
        ("parcel: {title: Посылка, choices: [arrived]}", "'parcel' comes with orders, as a text"),
    ],
)
def test_what_orders_bring_keeps_its_kind(declared: str, what: str):
    playbook, problems = load_playbook("shop", {"playbook.yaml": BOOK.replace("fields:\n", f"fields:\n  {declared}\n")})
    assert playbook is None
    assert [(one.line, one.what) for one in problems if "comes with" in one.what] == [(5, what)]


def test_the_money_of_orders_is_money_without_being_declared_and_an_office_may_be_one_of_a_list():
    assert {name: one.kind for name, one in loaded().kinds.items() if name in ("total", "paid_sum")} == {
        "total": "money", "paid_sum": "money",
    }  # fmt: skip
    assert loaded(BOOK.replace("fields:\n", "fields:\n  total: Сумма\n")).kinds["total"].title == "Сумма"
    assert loaded(BOOK.replace("fields:\n", "fields:\n  office: {title: Офис, choices: [A]}\n")).kinds[
        "office"
    ].choices == ("A",)
