"""What robots and triggers name that only the shop's scripts can explain: fields, and scripts that they start."""

import shutil
from pathlib import Path

import pytest

from bots.kit.playbook import FILE
from gateway.commands.check import check_playbook
from gateway.playbooks import SHIPPED, read_house


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(SHIPPED / "starter", folder)
    return folder


def with_trigger(folder: Path, trigger: str) -> list[str]:
    text = (folder / FILE).read_text(encoding="utf-8")
    lost = "    lost: Не состоялся\n"
    assert lost in text
    (folder / FILE).write_text(text.replace(lost, f"{lost}    triggers:\n      told: {trigger}\n", 1), encoding="utf-8")
    return [f"{file.name}:{problem}" for file, problem in check_playbook(folder)]


def test_a_trigger_on_a_field_that_nobody_fills_is_told(shop: Path):
    remedy = "Did you mean 'need'? Else add it to the playbook's 'fields:'."
    assert with_trigger(shop, "{on: field nead, do: [{tag: a}]}") == [
        f"playbook.yaml:37:18: error: no field is called 'nead', so nobody ever changes it. {remedy}"
    ]


@pytest.mark.parametrize("name", ["need", "paid", "phone", "language", "company", "seen"])
def test_a_trigger_hears_fields_of_the_playbook_of_scripts_of_orders_and_of_forms(shop: Path, name: str):
    script = shop / "scripts" / "hello.yaml"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("fields:\n", "fields:\n  seen: Видели\n", 1), encoding="utf-8")
    assert with_trigger(shop, f"{{on: field {name}, do: [{{tag: a}}]}}") == []


def test_a_script_that_a_robot_starts_has_to_be_there(shop: Path):
    (found,) = with_trigger(shop, "{on: payment, do: [{start: helo}]}")
    assert found.startswith(
        "playbook.yaml:37:40: error: there is no script 'helo'. Did you mean 'hello'? Else put it into "
    )


def test_a_script_that_only_a_robot_starts_is_at_hand(shop: Path):
    shutil.copy(shop / "scripts" / "hello.yaml", shop / "scripts" / "thanks.yaml")
    assert with_trigger(shop, "{on: payment, do: [{start: thanks}]}") == []
    assert set(read_house(str(shop)).scripts) == {"hello", "thanks"}


LOOP = (
    "    stages:\n      new:\n        title: Один\n        robots: {go: {in: 2m, do: [{move: two}]}}\n"
    "      two:\n        title: Два\n        robots: {back: {in: 2m, do: [{move: new}]%s}}\n"
)


@pytest.mark.parametrize(("condition", "told"), [("", 1), (", if: {need: empty}", 0)])
def test_robots_that_lead_deals_round_for_ever_are_told(shop: Path, condition: str, told: int):
    text = (shop / FILE).read_text(encoding="utf-8")
    begin, end = text.index("    stages:\n"), text.index("    won:")
    book = text[:begin] + LOOP % condition + text[end:]
    (shop / FILE).write_text(book, encoding="utf-8")
    found = [str(problem) for _, problem in check_playbook(shop) if problem.code == "circle"]
    assert len(found) == told, found
    assert all("new → two → new" in one for one in found)
