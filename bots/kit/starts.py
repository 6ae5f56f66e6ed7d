"""What makes bots begin: rules on messages and stages, and the list of clarifications. Read from the playbook."""

from collections.abc import Sequence
from typing import cast

from bots.kit.business import BotRule, Clarification, Funnel, When
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, duration_of, name_of, section, table_of, text_of, yes_of

BOT_KEYS = ("on", "funnel", "within", "stage", "after", "working", "when")
CLARIFICATION_KEYS = ("title", "script", "funnel", "stage")
TRIGGERS = ("message", "stage")
"""What a bot may start on: the first message of a new inquiry, a deal that enters a stage."""
WHENS = ("open", "closed")

_BELONGS = {"stage": "stage", "after": "stage", "working": "stage", "when": "message"}
"""Keys that say more of one trigger."""


def bot_rules(at: Section, funnels: tuple[Funnel, ...], found: Findings) -> tuple[BotRule, ...]:
    rules: list[BotRule] = []
    table = table_of(at.get("bots"), "bots", found)
    for key, node in table.pairs if table else ():
        bot = name_of(key, "a bot's name", found)
        one = section(node, BOT_KEYS, f"bot '{shown(key.text)}'", found)
        if one is None or bot is None:
            continue
        rule = _rule(bot, key, one, funnels, found)
        if rule.on and any(_same(rule, other) for other in rules):
            what = f"'{rule.stage}'" if rule.on == "stage" else f"'{rule.on}'"
            found.error(
                key, f"two bots start on {what} in funnel '{rule.funnel}'", "Keep one of them", "two_on_one_trigger"
            )
        rules.append(rule)
    return tuple(rules)


def _rule(bot: str, key: Scalar, one: Section, funnels: tuple[Funnel, ...], found: Findings) -> BotRule:
    on = text_of(one.get("on"), "on", found) or ""
    if "on" in one and on not in TRIGGERS:
        what = f"bot '{bot}' cannot start on '{shown(on)}'"
        found.error(one.get("on") or key, what, did_you_mean(on, TRIGGERS), "unknown_trigger")
    for word, trigger in _BELONGS.items():
        if word in one and on != trigger:
            found.error(
                one.keys[word],
                f"'{word}' goes with 'on: {trigger}'",
                f"Write 'on: {trigger}', or remove it",
                "misplaced",
            )
    funnel = funnel_of(one.get("funnel"), funnels, found)
    stage = _open_stage(one.get("stage"), funnel, found)
    if on == "stage" and "stage" not in one:
        found.error(key, f"bot '{bot}' does not say on which stage it starts", "Add 'stage: …'", "no_value")
    when = text_of(one.get("when"), "when", found) or ""
    if when not in ("", *WHENS):
        found.error(one.get("when") or key, f"'when' is '{shown(when)}'", did_you_mean(when, WHENS), "unknown_word")
        when = ""
    within = duration_of(one.get("within"), "within", found) or 0
    after = duration_of(one.get("after"), "after", found) or 0
    working = yes_of(one.get("working"), "working", found)
    return BotRule(bot, on, funnel.name, within, stage, after, working, cast("When", when), key.line)


def _same(rule: BotRule, other: BotRule) -> bool:
    """Whether both would start at the same moment."""
    return (rule.on, rule.funnel, rule.stage, rule.when) == (other.on, other.funnel, other.stage, other.when)


def clarifications(node: Node | None, funnels: tuple[Funnel, ...], found: Findings) -> dict[str, Clarification]:
    items: dict[str, Clarification] = {}
    table = table_of(node, "clarifications", found)
    for key, value in table.pairs if table else ():
        item = name_of(key, "an item", found)
        one = section(value, CLARIFICATION_KEYS, f"clarification '{shown(key.text)}'", found)
        if one is None or item is None:
            continue
        title, script = text_of(one.get("title"), "title", found), name_of(one.get("script"), "script", found)
        for word, said in (("title", title), ("script", script)):
            if not said and word not in one:
                found.error(key, f"clarification '{item}' has no {word}", f"Add '{word}: …'", "no_value")
        funnel = funnel_of(one.get("funnel"), funnels, found)
        stage = _open_stage(one.get("stage"), funnel, found)
        items[item] = Clarification(
            item, title or item, script or "", funnel.name, stage, (one.get("script") or key).line
        )
    return items


def funnel_of(node: Node | None, funnels: tuple[Funnel, ...], found: Findings) -> Funnel:
    """The funnel that a node names; the first one where there is none."""
    name = text_of(node, "funnel", found)
    known = {funnel.name: funnel for funnel in funnels}
    if node is not None and name is not None and name not in known:
        found.error(node, f"there is no funnel '{shown(name)}'", did_you_mean(name, known), "unknown_funnel")
    return known.get(name or "", funnels[0])


def _open_stage(node: Node | None, funnel: Funnel, found: Findings) -> str:
    """In a won or lost one nobody is talked to."""
    return stage_of(node, funnel, found, "open stage", [one.name for one in funnel.stages if not one.outcome])


def stage_of(node: Node | None, funnel: Funnel, found: Findings, word: str, known: Sequence[str]) -> str:
    """The stage that a node names, one of those that are `known`; empty where there is none."""
    stage = text_of(node, "stage", found) or ""
    if node is not None and stage and stage not in known:
        what = f"funnel '{funnel.name}' has no {word} '{shown(stage)}'"
        found.error(node, what, did_you_mean(stage, known), "unknown_stage")
    return stage
