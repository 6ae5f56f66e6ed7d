"""One slip is one finding: what is wrong in a playbook or a script is not told again where it is made use of."""

import shutil
from pathlib import Path

import pytest

from bots.kit.playbook import FILE
from gateway.commands.check import check_file, check_playbook
from gateway.playbooks import SHIPPED, BadPlaybook, read_house

SCRIPT = "scripts/hello.yaml"
SECOND = """\
script: Второй
steps:
  a:
    say: "Мы работаем {open_hours}."
    ask: "Что ещё?"
    template: {name: more}
    patience: 2d
    remind: [{after: 23h, say: "Вы здесь?", template: more}]
    answer: {text: {then: last}}
  last: {run: hello}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The starter, with a second bot that leads to the first one, and a template that holds what this one asks for."""
    folder = tmp_path / "shop"
    shutil.copytree(SHIPPED / "starter", folder)
    (folder / "scripts" / "second.yaml").write_text(SECOND, encoding="utf-8")
    put(
        folder,
        "reasons:\n",
        'templates:\n  asked: {text: "Вы спрашивали: {need}, {seen}"}\n  more: {text: Пишем вам снова, whatsapp: HX1}\nreasons:\n',
    )
    put(folder, "\nbots:\n", "\nbots:\n  second: {funnel: orders}\n")
    put(folder, "fields:\n  need", "fields:\n  seen: Что видели\n  need", SCRIPT)
    return folder


def put(folder: Path, old: str, new: str, name: str = FILE) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def told(folder: Path) -> list[str]:
    return [f"{file.name}:{problem}" for file, problem in check_playbook(folder)]


def test_the_shop_is_sound(shop: Path):
    assert told(shop) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("criteria: Ещё", "criterai: Ещё", "playbook.yaml:30:9: error: 'criterai' is not known in stage 'new'. Did you mean 'criteria'?"),
        ("about:\n", "abuot:\n", "playbook.yaml:14:1: error: 'abuot' is not known in a playbook. Did you mean 'about'?"),
        ('  open_hours: "', "  open_hours: [", "playbook.yaml:18:1: error: a list in [ ] goes wrong here. Separate its parts with commas and close it with ]; put texts with , : { } in them in quotes."),
        ("funnels:\n", "funels:\n", "playbook.yaml:24:1: error: 'funels' is not known in a playbook. Did you mean 'funnels'?"),
        ("fields:\n", "feilds:\n", "playbook.yaml:18:1: error: 'feilds' is not known in a playbook. Did you mean 'fields'?"),
        ("funnels:\n", "asks: {patience: 2 days}\nfunnels:\n", "playbook.yaml:24:18: error: 'patience' is '2 days': no length of time. Did you mean '2d'?"),
        ('text: "Полчаса', 'txt: "Полчаса', "playbook.yaml:32:64: error: 'txt' is not known in task. Did you mean 'text'?"),
        ("playbook: Мой магазин", "playbook: Мой: магазин", "playbook.yaml:4:14: error: a ':' stands inside a text. Put the text in quotes, or check the indentation."),
    ],
)  # fmt: skip
def test_a_mistake_in_the_playbook_is_not_told_of_its_scripts(shop: Path, old: str, new: str, finding: str):
    put(shop, old, new)
    assert told(shop) == [finding]


def test_a_scripts_own_mistakes_are_told_beside_the_playbooks(shop: Path):
    put(shop, "currency: RUB", "curency: RUB")
    put(shop, "then: last", "then: lst", "scripts/second.yaml")
    assert told(shop) == [
        "playbook.yaml:7:1: error: 'curency' is not known in a playbook. Did you mean 'currency'?",
        "second.yaml:9:27: error: there is no step 'lst'. Did you mean 'last'?",
    ]


def test_a_script_with_a_mistake_is_not_told_to_be_missing_nor_its_fields_nor_talks_that_need_it(shop: Path):
    put(shop, "then: done", "then: doen", SCRIPT)
    (shop / "talks" / "second.talk").write_text(
        "script: second\n\ncustomer: Здравствуйте\nbot: Мы работаем по будням с 10:00 до 19:00.\nbot: Что ещё?\ncustomer: ничего\n"
        "bot: Здравствуйте, рады знакомству!\n",
        encoding="utf-8",
    )
    assert told(shop) == ["hello.yaml:14:44: error: there is no step 'doen'. Did you mean 'done'?"]


def test_who_checks_a_script_alone_hears_that_its_playbook_has_to_be_mended_first(shop: Path):
    put(shop, "currency: RUB", "curency: RUB")
    (found,) = [f"{file.name}:{problem}" for file, problem in check_file(shop / "scripts" / "second.yaml")]
    assert found.startswith(
        "second.yaml:1:1: warning: playbook.yaml beside it has mistakes, so only what the script itself says is looked at. Mend "
    )
    assert f"{shop.name}/{FILE} first" in found


def test_the_gateway_that_does_not_start_shows_the_mistake_alone(shop: Path):
    put(shop, "currency: RUB", "curency: RUB")
    with pytest.raises(BadPlaybook) as refused:
        read_house(str(shop))
    assert [file for file, _ in refused.value.problems] == [str(shop / FILE)]
