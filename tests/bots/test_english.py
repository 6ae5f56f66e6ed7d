"""What customers say in English is understood."""

from datetime import date

import pytest

from bots.kit import dates
from bots.kit.answers import asks_for_person, chosen, menu, normalise, number
from bots.kit.languages import spoken

ENGLISH = spoken("en")
FRIDAY = date(2025, 11, 28)
MENU, _ = menu([("yes", "Yes", ()), ("no", "No", ()), ("bike", "A bike", ("bicycle",))], ENGLISH)


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ("Yes!", 0), ("yeah, sure", None), ("Of course", 0), ("ok", 0), ("nope", 1), ("No, thanks", 1), ("the third, please", 2),
        ("3", 2), ("I'd like a bicycle, please", 2), ("well, yes please", 0), ("maybe", None),
    ],
)  # fmt: skip
def test_a_choice_is_understood(said: str, option: int | None):
    assert chosen(MENU, normalise(said)) == option


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("tomorrow", date(2025, 11, 29)), ("15 December", date(2025, 12, 15)), ("on 3 March 2026", date(2026, 3, 3)),
        ("in 3 days", date(2025, 12, 1)), ("in two weeks", date(2025, 12, 12)), ("on Monday", date(2025, 12, 1)),
        ("next Friday", date(2025, 12, 5)), ("15.12", date(2025, 12, 15)), ("soon", None),
    ],
)  # fmt: skip
def test_a_day_is_understood(said: str, day: date | None):
    assert dates.day(said, ENGLISH, FRIDAY) == day


@pytest.mark.parametrize(
    ("said", "count"), [("two", 2), ("4 pieces", 4), ("a dozen", None), ("twenty five", None), ("half", None)]
)
def test_a_number_is_understood_or_asked_for_again(said: str, count: int | None):
    assert number(said, ENGLISH, 1, 100) == count


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("Can I talk to a person?", True), ("manager please", True), ("I want to speak to someone", True), ("operator", True),
        ("Do you have bikes?", False), ("My manager wants a bike", False), ("hello", False),
    ],
)  # fmt: skip
def test_whoever_wants_a_person_is_heard(said: str, asks: bool):
    assert asks_for_person(normalise(said), ENGLISH) is asks


def test_files_are_counted():
    assert [ENGLISH.files(count) for count in (0, 1, 2, 21)] == ["0 files", "1 file", "2 files", "21 files"]
