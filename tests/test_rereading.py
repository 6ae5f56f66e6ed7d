"""A house that is asked for again and again is read from its files once, and anew as soon as one of them is another."""

from pathlib import Path

import pytest

from gateway.playbooks import BadPlaybook, read_house_again
from tests.publishing import FIRST, PLAYBOOK, SECOND, write_playbook


def test_the_same_files_are_read_once(tmp_path: Path):
    shop = write_playbook(tmp_path)
    first, second = read_house_again(shop), read_house_again(shop)
    assert second.scripts["questions"] is first.scripts["questions"]


def test_what_somebody_does_in_a_house_is_not_in_the_next_one(tmp_path: Path):
    shop = write_playbook(tmp_path)
    house = read_house_again(shop)
    del house.scripts["questions"]
    assert list(read_house_again(shop).scripts) == ["questions"]


def test_another_script_is_read_and_the_former_one_again(tmp_path: Path):
    asked = []
    for script in (FIRST, SECOND, FIRST):
        house = read_house_again(write_playbook(tmp_path, script))
        asked.append("broken" in house.scripts["questions"].source)
    assert asked == [False, True, False]


def test_another_playbook_is_read(tmp_path: Path):
    shop = write_playbook(tmp_path)
    assert read_house_again(shop).playbook.currency == "EUR"
    (tmp_path / "playbook.yaml").write_text(PLAYBOOK.replace("EUR", "USD"), encoding="utf-8")
    assert read_house_again(shop).playbook.currency == "USD"


def test_a_file_that_a_template_sends_along_is_the_one_that_lies_there_now(tmp_path: Path):
    shop = write_playbook(tmp_path)
    template = 'templates: {price: {text: "Цены для вас", whatsapp: HX77, attach: [price.pdf]}}\n'
    (tmp_path / "playbook.yaml").write_text(PLAYBOOK + template, encoding="utf-8")
    (tmp_path / "price.pdf").write_bytes(b"%PDF-1.4")
    assert read_house_again(shop).playbook.templates
    (tmp_path / "price.pdf").unlink()
    with pytest.raises(BadPlaybook, match=r"price\.pdf"):
        read_house_again(shop)
