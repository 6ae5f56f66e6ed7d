"""What `parley serve --demo` proposes to whoever plays the customer."""

from dataclasses import replace

import pytest

from gateway.commands.greeting import hint
from gateway.playbooks import read_house
from tests.bots.test_hours import at


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        ("autoparts", "Write «Здравствуйте», choose 1, answer the bot; or write «позовите менеджера» at any moment."),
        ("accessories", "Write «Здравствуйте», answer the bot; or write «позовите менеджера» at any moment."),
        ("novaposhta", "Write «Доброго дня», choose 1, answer the bot; or write «покличте менеджера» at any moment."),
    ],
)
def test_the_demo_proposes_what_the_shops_own_bot_understands(shop: str, told: str) -> None:
    assert hint(read_house(shop), at("Europe/Moscow", 2025, 3, 4, 12)) == told


def test_the_demo_proposes_it_of_the_bot_that_answers_at_this_hour() -> None:
    house = read_house("autoparts")
    house.scripts["offline"] = read_house("accessories").scripts["consultant"]
    said = [hint(house, at("Europe/Moscow", 2025, 3, 4, hour)) for hour in (12, 3)]
    assert ["choose 1" in one for one in said] == [True, False]


def test_the_demo_of_a_shop_without_a_bot_proposes_no_talk_with_one() -> None:
    house = read_house("starter")
    house.playbook = replace(house.playbook, bots=())
    assert hint(house, 0) == "Write «Здравствуйте»: no bot answers here, a manager does."
