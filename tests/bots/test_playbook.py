"""Playbooks: the shop that ships is whole, and a mistake in one is found with its line."""

from pathlib import Path

import pytest

import bots.qualifier
import playbooks
from bots.kit.compiler import read_script
from bots.kit.linter import lint
from bots.kit.playbook import Clarification, Playbook, Source, check_script, load_playbook
from bots.kit.script import SayAction
from bots.kit.words import Text
from gateway.channels.limits import LIMITS

GOOD = """\
playbook: Shop
language: ru
zone: Europe/Moscow
currency: RUB
funnels:
  retail: {title: Retail, group: retail, stages: {new: New, work: Work}, won: Won, lost: Lost}
bots:
  qualifier: {on: message, funnel: retail}
sources:
  order: {funnel: retail, stage: work, responsible: Anna, tag: site}
reasons: {silence: No answer}
loop_guard: {messages: 10, minutes: 5, equal: 3}
texts: {share_phone: Share}
"""


def loaded(text: str) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None, [str(problem) for problem in problems]
    return playbook


@pytest.fixture(scope="module")
def autoparts() -> Playbook:
    home = Path(next(iter(playbooks.__path__))) / "autoparts"
    playbook, problems = load_playbook("autoparts", lambda name: (home / name).read_text(encoding="utf-8"))
    assert problems == []
    assert playbook is not None
    return playbook


def test_the_auto_parts_shop_has_its_funnels_and_stages(autoparts: Playbook):
    retail, mail, returns = autoparts.funnels
    assert [stage.name for stage in retail.stages] == [
        "left_request", "clarification", "in_work", "offer_bot", "offer_manager", "order_placed", "paying", "order_in_work",
        "supply_delay", "ready", "won", "lost",
    ]  # fmt: skip
    assert len({retail.slot, mail.slot, returns.slot}) == 3
    assert (autoparts.zone, autoparts.currency) == ("Europe/Moscow", "RUB")
    assert autoparts.bot_on("message") == "qualifier"
    assert autoparts.bot_on("message", "mail") is None
    assert autoparts.bot_on("call") is None
    assert (autoparts.bot_on("message", at="open"), autoparts.bot_on("message", at="closed")) == (
        "qualifier", "offline",
    )  # fmt: skip
    assert (autoparts.loop_guard.messages, autoparts.loop_guard.minutes, autoparts.loop_guard.equal) == (20, 10, 5)
    assert autoparts.source("order").stage == "order_placed"
    assert autoparts.source("avito").stage == "left_request"


def test_what_is_proved_joins_and_what_is_said_is_suggested_unless_the_playbook_wants_it_otherwise():
    usual = loaded(GOOD)
    assert (usual.likeness("phone"), usual.likeness("phone", proved=True), usual.likeness("name")) == (
        "suggest", "automatic", "no",
    )  # fmt: skip
    told = loaded(GOOD + "duplicates: {phone: automatic, email: no, name: suggest}\n")
    assert [told.likeness(kind) for kind in ("phone", "email", "order", "name")] == [
        "automatic", "no", "suggest", "suggest",
    ]  # fmt: skip


def test_a_word_that_says_nothing_of_duplicates_is_named_with_the_right_one():
    _, problems = load_playbook("shop", {"playbook.yaml": GOOD + "duplicates: {phone: sugest, fax: no}\n"})
    assert [(p.code, p.line) for p in problems] == [("unknown_word", 14), ("unknown_key", 14)]
    assert "suggest" in problems[0].remedy


def test_the_qualifier_asks_for_nothing_that_the_shop_does_not_have(autoparts: Playbook):
    text = (Path(bots.qualifier.__file__).parent / "qualifier.yaml").read_text(encoding="utf-8")
    script, _ = read_script(text, "qualifier")
    assert script is not None
    assert check_script(script, autoparts) == []


def test_a_playbook_is_read():
    shop = loaded(GOOD)
    assert shop.source("order") == Source("order", "retail", "work", "Anna", "site")
    assert shop.source("nowhere") == Source("nowhere", "retail", "new")
    funnel = shop.funnel("retail")
    assert funnel is not None
    assert funnel.ending("won") == "won"
    assert (stage := funnel.stage("lost")) is not None
    assert stage.outcome == "lost"
    assert shop.funnel("nope") is None


def test_what_is_not_said_has_sane_defaults():
    shop = loaded("funnels: {f: {title: F, stages: {a: A}, won: W, lost: L}}\n")
    assert (shop.zone, shop.currency, shop.language, shop.title) == ("UTC", "RUB", "ru", "shop")
    assert shop.funnels[0].slot == "f"
    assert shop.loop_guard.messages == 20


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Europe/Moscow", "Europe/Moskow", "3:7: error: there is no time zone 'Europe/Moskow'. Did you mean 'Europe/Moscow'?"),
        ("Europe/Moscow", "../../etc/passwd", "there is no time zone"),
        ("Europe/Moscow", "Europe", "there is no time zone"),
        ("RUB", "rubles", "'rubles' is not a currency"),
        ("language: ru", "language: xx", "language 'xx' is not known"),
        ("stages: {new: New, work: Work}", "stages: {}", "funnel 'retail' has no stages"),
        ("stages: {new: New, work: Work}", "stages: {new: New, new: Work}", "'new' stands twice: lines 6 and 6"),
        ("stages: {new: New, work: Work}", "stages: {won: New, work: Work}", "'won' is a stage's name in funnel 'retail'"),
        (", lost: Lost", "", "does not say what 'lost' is called"),
        ("on: message", "on: massage", "8:19: error: bot 'qualifier' cannot start on 'massage'. Did you mean 'message'?"),
        ("{on: message, funnel: retail}", "{on: message, funnel: retial}", "there is no funnel 'retial'. Did you mean 'retail'?"),
        ("stage: work", "stage: wrk", "funnel 'retail' has no open stage 'wrk'. Did you mean 'work'?"),
        ("messages: 10", "messages: 1001", "'messages' is '1001'. Write a whole number from 0 to 1000"),
        ("share_phone", "share_fone", "'share_fone' is not known in texts. Did you mean 'share_phone'?"),
        ("funnels:", "funels:", "'funels' is not known in a playbook. Did you mean 'funnels'?"),
        ("sources:", "sources: &a", "anchors and aliases"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_playbook_is_found(old: str, new: str, said: str):
    assert old in GOOD
    playbook, problems = load_playbook("shop", {"playbook.yaml": GOOD.replace(old, new)})
    assert playbook is None
    assert any(said in str(problem) for problem in problems), [str(problem) for problem in problems]


def test_a_folder_without_a_playbook_is_told_so():
    for files in ({}, {"playbook.yaml": ""}, {"playbook.yaml": "- a"}):
        playbook, problems = load_playbook("shop", files)
        assert playbook is None
        assert problems


def test_a_script_that_asks_for_what_is_not_there_is_told_where():
    text = "script: S\nclose: boredom\nsteps:\n  a:\n    ask: Q\n    answer: {text: {then: b}}\n  b:\n    move: wrok\n    end: done\n"
    script, problems = read_script(text, "s")
    assert script is not None, problems
    assert [str(problem) for problem in check_script(script, loaded(GOOD))] == [
        "5:1: error: the playbook has no reason 'boredom' to close a deal. Known here: silence.",
        "8:1: error: funnel 'retail' has no stage 'wrok'. Did you mean 'work'?",
    ]


def test_who_meets_new_customers_may_depend_on_the_hours():
    text = GOOD.replace(
        "bots:\n", "hours: {week: {mon-fri: 10:00-19:00}}\nbots:\n  night: {on: message, when: closed}\n"
    )
    shop = loaded(text)
    assert shop.bot_on("message") == "qualifier"
    assert (shop.bot_on("message", at="open"), shop.bot_on("message", at="closed")) == (
        "qualifier", "night",
    )  # fmt: skip
    only_by_night = loaded(text.replace("  qualifier: {on: message, funnel: retail}\n", ""))
    assert only_by_night.bot_on("message", at="open") is None
    assert loaded(text.replace("when: closed", "when: open")).bot_on("message", at="closed") == "qualifier"


def test_only_a_bot_of_a_stage_waits_until_the_shop_is_open():
    later = GOOD.replace("bots:\n", "bots:\n  later: {on: stage, stage: work, after: 1h, working: yes}\n")
    assert next(rule.working for rule in loaded(later).bots) is True
    _, problems = load_playbook(
        "shop", {"playbook.yaml": GOOD.replace("{on: message, ", "{on: message, working: yes, ")}
    )
    assert any("'working' goes with 'on: stage'" in str(problem) for problem in problems)


def test_what_the_shop_tells_of_itself_is_put_into_texts_for_good():
    shop = loaded(GOOD + "about: {offices: Северная 14, card: Картой}\n")
    text = (
        "script: S\nfields: {card: Карта}\nsteps:\n"
        "  a: {say: 'Ждём: {offices|upper}.', then: b}\n  b: {say: '{offices}, {card or нет}', end: done}\n"
    )
    script, problems = lint(text, "s", shop)
    assert script is not None
    assert problems == []
    said = [action.text for step in script.steps.values() for action in step.actions if isinstance(action, SayAction)]
    assert [text.plain for text in said if isinstance(text, Text)] == [
        "Ждём: СЕВЕРНАЯ 14.",
        None,
    ]  # a field goes before
    script, problems = lint(text, "s", loaded(GOOD))
    assert script is None
    assert "no field is called 'offices'" in str(problems[0])


def test_a_clarification_may_be_asked_for_at_any_time_and_so_outside_the_window():
    text = "script: S\nfields: {vin: VIN}\nsteps:\n  a: {ask: VIN?, answer: {vin: {save: vin, then: b}}}\n  b: {end: done}\n"
    asked = loaded(GOOD + "clarifications: {vin: {title: VIN, script: s, stage: work}}\n")
    assert asked.clarifications["vin"] == Clarification("vin", "VIN", "s", "retail", "work")
    _, problems = lint(text, "s", asked, LIMITS)
    assert [one.code for one in problems] == ["outside_window"]
    assert lint(text, "s", loaded(GOOD), LIMITS)[1] == []
