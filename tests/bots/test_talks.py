"""Every bot's talks hold, word for word, and its drawing shows it as it is."""

from functools import cache
from pathlib import Path

import pytest

from bots.kit.diagram import script_diagram
from bots.kit.talk import check, read_talk, retell
from gateway.house import House
from gateway.playbooks import BOTS, SHIPPED, find_folder, read_house, script_file
from tests.bots.scripts import PROBE, compiled

TALKS = sorted([*BOTS.glob("*/talks/*.talk"), *SHIPPED.glob("*/talks/**/*.talk")])
"""The bots' own are held in the first shop that ships, a playbook's in that playbook."""
BOOKS = sorted(folder.name for folder in SHIPPED.iterdir() if (folder / "playbook.yaml").is_file())
SHOWN = ("finished", "not_understood", "silence", "asked_for_person")
"""What every bot has a talk of: it goes as meant, the customer is not understood, falls silent, wants a person."""


def home(path: Path) -> str:
    """The playbook that a talk is held in."""
    return path.relative_to(SHIPPED).parts[0] if path.is_relative_to(SHIPPED) else "autoparts"


@cache
def shop_of(book: str) -> House:
    return read_house(book)


def bots() -> list[tuple[str, str]]:
    return [(book, bot) for book in BOOKS for bot in sorted(shop_of(book).scripts)]


def endings(book: str, bot: str) -> set[str]:
    """How the talks of a bot end: the reasons that its run ends with."""
    found = set()
    for path in (path for path in TALKS if home(path) == book):
        talk, _ = read_talk(path.read_text(encoding="utf-8"))
        if talk is not None and talk.script == bot:
            found |= {entry.text.splitlines()[0] for entry in talk.entries if entry.speaker in ("handed off", "closed")}
            found |= {
                "finished" for entry in talk.entries if entry.speaker == "ended" and entry.text.startswith("finished")
            }
    return found


@pytest.mark.parametrize(("book", "bot"), bots())
def test_every_bot_has_its_four_talks(book: str, bot: str):
    assert set(SHOWN) <= endings(book, bot)


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_a_bot_keeps_to_its_talk(path: Path):
    shop = shop_of(home(path))
    talk, problems = read_talk(path.read_text(encoding="utf-8"))
    assert problems == []
    assert talk is not None
    assert check(talk, shop.scripts[talk.script], shop.playbook, shop.scripts) == []


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_retelling_a_talk_that_holds_changes_nothing(path: Path):
    shop = shop_of(home(path))
    text = path.read_text(encoding="utf-8")
    talk, _ = read_talk(text)
    assert talk is not None
    assert retell(talk, shop.scripts[talk.script], shop.playbook, shop.scripts) == text


@pytest.mark.parametrize(("book", "bot"), bots())
def test_the_drawing_beside_a_script_is_of_that_script(book: str, bot: str):
    drawing = script_file(find_folder(book), bot).with_suffix(".mmd")
    assert drawing.read_text(encoding="utf-8") == script_diagram(shop_of(book).scripts[bot]), (
        "make talk-update draws it anew"
    )


TALK = """# A talk
script: probe

customer: hi
bot: Hello
bot: Pick…
/+1m
customer: 2
bot: How many?
/+10h
ended: timed_out, silence
closed: silence
"""


def told(text: str) -> list[str]:
    talk, problems = read_talk(text)
    assert talk is not None, problems
    return check(talk, compiled(PROBE))


def test_a_talk_that_holds_says_nothing():
    assert told(TALK) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bot: How many?", "bot: How much?", "expected bot: How much?"),
        ("bot: How many?\n", "", "not in the talk: bot: How many?"),
        ("ended: timed_out, silence", "bot: Bye", "but got ended: timed_out, silence"),
        ("/+10h", "/+9h", "nothing was said where the talk has ended"),
        ("closed: silence\n", "", "not in the talk: closed: silence"),
        ("/+1m", "/now 2001-01-01 00:00:00", "the clock shows 2025-01-15 11:00:02"),
    ],
)
def test_a_talk_that_does_not_hold_says_where(old: str, new: str, said: str):
    assert any(said in line for line in told(TALK.replace(old, new)))


PARAGRAPHS = """script: probe

bot: One

  Two


  Three
/+1h
bot: Well
ended: finished, done
"""


def test_a_message_may_have_paragraphs_and_the_bot_may_begin():
    script = compiled("""
        script: S
        steps:
          a: {say: "One\\n\\nTwo\\n\\n\\nThree", wait: 1h, message: b, then: b}
          b: {say: Well, end: done}
    """)
    talk, problems = read_talk(PARAGRAPHS)
    assert problems == []
    assert talk is not None
    assert [entry.text for entry in talk.entries if entry.speaker == "bot"] == ["One\n\nTwo\n\n\nThree", "Well"]
    assert check(talk, script) == []
    assert retell(talk, script) == PARAGRAPHS


def test_a_line_of_nobody_is_named_with_its_number():
    talk, problems = read_talk(TALK + "bott: hi\n")
    assert talk is None
    assert "13:1: error: 'bott: hi' is nobody's line. Did you mean 'bot'?" in str(problems[0])


def test_the_head_of_a_talk_says_who_is_met_and_where():
    script = compiled(
        """
        script: S
        fields: {order: Order, total: Total}
        steps:
          a: {check: [{stage: paying, tags: {has: оптовик}, language: uk, then: b}], else: c}
          b: {say: "{name or друг}, {order or ?}: {total|price or ?}", template: {name: pay, values: ["{order or ?}"]}, then: d}
          c: {end: wrong}
          d: {run: more}
        """
    )
    talk, problems = read_talk(
        "script: probe\nname: Анна\nchannel: whatsapp\nlanguage: uk\nstage: paying\ntags: оптовик, срочно\nfields: order=48213, total=1234500\n\n"
        "template: pay, 48213\n  Анна, 48213: 12\u00a0345\u00a0₽\nended: finished, run\nscript: more\nbot: Ещё\nended: finished, done\n"
    )
    assert problems == []
    assert talk is not None
    assert check(talk, script, others={"more": compiled("script: M\nsteps:\n  a: {say: Ещё, end: done}\n")}) == []
