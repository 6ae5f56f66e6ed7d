"""A business as data: its funnels, where inquiries enter, which bot starts on what, and why deals are lost.

Read by the same reader as scripts. Nothing is opened here: the caller hands in what reads a file of its folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from bots.kit.languages import known_languages
from bots.kit.problems import Problem, did_you_mean, has_errors, in_order, shown
from bots.kit.reader import Node, read
from bots.kit.schema import Findings, Section, name_of, section, table_of, text_of, whole_of
from bots.kit.script import ENDINGS, Ask, MoveAction, Script

Outcome = Literal["won", "lost"]

FILE = "playbook.yaml"
TRIGGERS = ("message",)
"""What a bot may start on: the first message of a new inquiry."""
TEXTS = ("share_phone", "media_unavailable", "stale_button")
_KEYS = ("playbook", "language", "zone", "currency", "funnels", "bots", "sources", "reasons", "loop_guard", "texts")


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    title: str
    outcome: Outcome | None = None
    """A deal that reaches such a stage is closed."""


@dataclass(frozen=True, slots=True)
class Funnel:
    name: str
    title: str
    slot: str
    """The group: a contact has at most one open deal in it."""
    stages: tuple[Stage, ...]
    """In order; the won and the lost one come last."""

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def ending(self, outcome: str) -> str | None:
        """The stage that a deal with this outcome ends in."""
        return next((stage.name for stage in self.stages if stage.outcome == outcome), None)


@dataclass(frozen=True, slots=True)
class BotRule:
    bot: str
    on: str
    funnel: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where inquiries of one source go. An empty responsible is the pool."""

    name: str
    funnel: str
    stage: str
    responsible: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """How much a bot may say to one contact before a person looks: messages in so many minutes, and equal texts.

    0 messages: no guard at all.
    """

    messages: int = 20
    minutes: int = 10
    equal: int = 5


@dataclass(frozen=True, slots=True)
class Playbook:
    name: str
    title: str
    language: str
    zone: str
    currency: str
    funnels: tuple[Funnel, ...]
    bots: tuple[BotRule, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    loop_guard: LoopGuard = LoopGuard()
    texts: Mapping[str, str] = field(default_factory=dict)

    def funnel(self, name: str) -> Funnel | None:
        return next((funnel for funnel in self.funnels if funnel.name == name), None)

    def bot_on(self, trigger: str, funnel: str = "") -> str | None:
        """The bot that starts on a trigger in a funnel (the first one where none is named)."""
        wanted = funnel or self.funnels[0].name
        return next((rule.bot for rule in self.bots if rule.on == trigger and rule.funnel == wanted), None)

    def source(self, name: str) -> Source:
        """Where an inquiry of this source goes; one that is not listed goes where messages go."""
        first = self.funnels[0]
        return self.sources.get(name) or self.sources.get("message") or Source(name, first.name, first.stages[0].name)


def load_playbook(name: str, files: Callable[[str], str] | Mapping[str, str]) -> tuple[Playbook | None, list[Problem]]:
    """The playbook of a folder, and everything wrong with it. `files` gives a file's text by its name in the folder."""
    try:
        text = files[FILE] if isinstance(files, Mapping) else files(FILE)
    except (KeyError, OSError, ValueError):
        what = f"the playbook has no readable {FILE}"
        return None, [Problem(1, 1, "error", what, f"Put a {FILE} in UTF-8 into its folder")]
    node, form = read(text)
    found = Findings(form)
    at = section(node, _KEYS, "a playbook", found)
    if at is None:
        if not found:
            found.append(Problem(1, 1, "error", "the file is empty", "Begin with 'playbook: …' and 'funnels:'"))
        return None, in_order(found)
    playbook = _playbook(name, at, found)
    return (None if has_errors(found) else playbook), in_order(found)


def check_script(script: Script, playbook: Playbook, funnel: str = "") -> list[Problem]:
    """What a script asks for that its playbook does not have: stages to move to, reasons to close with."""
    found: list[Problem] = []
    home = playbook.funnel(funnel) or playbook.funnels[0]
    stages = [stage.name for stage in home.stages]
    for name, step in script.steps.items():
        for action in step.actions:
            if isinstance(action, MoveAction) and action.stage not in stages:
                what = f"funnel '{home.name}' has no stage '{shown(action.stage)}'"
                found.append(Problem(action.line, 1, "error", what, did_you_mean(action.stage, stages)))
        ask = step.finish
        if not isinstance(ask, Ask) or script.exits[name, "silence"] not in ENDINGS:
            continue
        if ask.silence.reason not in playbook.reasons:
            what = f"the playbook has no reason '{shown(ask.silence.reason)}' to close a deal"
            remedy = did_you_mean(ask.silence.reason, playbook.reasons)
            found.append(Problem(ask.silence.line, 1, "error", what, remedy))
    return in_order(found)


def _playbook(name: str, at: Section, found: Findings) -> Playbook | None:
    language = name_of(at.get("language"), "language", found) or known_languages()[0]
    if language not in known_languages():
        found.error(
            at.get("language") or at.at,
            f"language '{language}' is not known",
            did_you_mean(language, known_languages()),
        )
    funnels = _funnels(at, found)
    if not funnels:
        if "funnels" not in at:
            found.error(at.at, "the playbook has no funnels", "Add 'funnels:' with at least one")
        return None
    return Playbook(
        name=name,
        title=text_of(at.get("playbook"), "playbook", found) or name,
        language=language,
        zone=_zone(at.get("zone"), found),
        currency=_currency(at.get("currency"), found),
        funnels=funnels,
        bots=_bots(at, funnels, found),
        sources=MappingProxyType(_sources(at, funnels, found)),
        reasons=MappingProxyType(_titles(at.get("reasons"), "reasons", found)),
        loop_guard=_loop_guard(at, found),
        texts=MappingProxyType(_texts(at, found)),
    )


def _zone(node: Node | None, found: Findings) -> str:
    zone = text_of(node, "zone", found)
    if node is None or zone is None:
        return "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        found.error(node, f"there is no time zone '{shown(zone)}'", did_you_mean(zone, sorted(available_timezones())))
    return zone


def _currency(node: Node | None, found: Findings) -> str:
    currency = text_of(node, "currency", found)
    if node is None or currency is None:
        return "RUB"
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        found.error(node, f"'{shown(currency)}' is not a currency", "Write its three letters: RUB, UAH, EUR")
    return currency


def _titles(node: Node | None, what: str, found: Findings) -> dict[str, str]:
    """A table of machine name → title."""
    titles: dict[str, str] = {}
    table = table_of(node, what, found)
    for key, value in table.pairs if table else ():
        name, title = (
            name_of(key, f"a name in {what}", found),
            text_of(value, f"the title of '{shown(key.text)}'", found),
        )
        if name and title:
            titles[name] = title
    return titles


def _funnels(at: Section, found: Findings) -> tuple[Funnel, ...]:
    funnels: list[Funnel] = []
    table = table_of(at.get("funnels"), "funnels", found)
    for key, node in table.pairs if table else ():
        name = name_of(key, "a funnel's name", found)
        one = section(node, ("title", "group", "stages", "won", "lost"), f"funnel '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        stages = [Stage(stage, title) for stage, title in _titles(one.get("stages"), "stages", found).items()]
        if not stages:
            found.error(key, f"funnel '{name}' has no stages", "Add 'stages:' with at least one 'name: title'")
        for outcome in ("won", "lost"):
            title = text_of(one.get(outcome), outcome, found)
            if outcome not in one:
                found.error(key, f"funnel '{name}' does not say what '{outcome}' is called", f"Add '{outcome}: title'")
            if any(stage.name == outcome for stage in stages):
                found.error(
                    key, f"'{outcome}' is a stage's name in funnel '{name}'", "It is kept for the end: rename the stage"
                )
            stages.append(Stage(outcome, title or outcome, "won" if outcome == "won" else "lost"))
        title = text_of(one.get("title"), "title", found)
        funnels.append(Funnel(name, title or name, name_of(one.get("group"), "group", found) or name, tuple(stages)))
    return tuple(funnels)


def _bots(at: Section, funnels: tuple[Funnel, ...], found: Findings) -> tuple[BotRule, ...]:
    rules: list[BotRule] = []
    table = table_of(at.get("bots"), "bots", found)
    for key, node in table.pairs if table else ():
        bot = name_of(key, "a bot's name", found)
        one = section(node, ("on", "funnel"), f"bot '{shown(key.text)}'", found)
        if one is None or bot is None:
            continue
        on = text_of(one.get("on"), "on", found) or ""
        if on not in TRIGGERS:
            found.error(one.get("on") or key, f"bot '{bot}' cannot start on '{shown(on)}'", did_you_mean(on, TRIGGERS))
        rule = BotRule(bot, on, _funnel_of(one.get("funnel"), funnels, found).name)
        if any(other.on == rule.on and other.funnel == rule.funnel for other in rules):
            found.error(key, f"two bots start on '{on}' in funnel '{rule.funnel}'", "Keep one of them")
        rules.append(rule)
    return tuple(rules)


def _funnel_of(node: Node | None, funnels: tuple[Funnel, ...], found: Findings) -> Funnel:
    """The funnel that a node names; the first one where there is none."""
    name = text_of(node, "funnel", found)
    known = {funnel.name: funnel for funnel in funnels}
    if node is not None and name is not None and name not in known:
        found.error(node, f"there is no funnel '{shown(name)}'", did_you_mean(name, known))
    return known.get(name or "", funnels[0])


def _sources(at: Section, funnels: tuple[Funnel, ...], found: Findings) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    table = table_of(at.get("sources"), "sources", found)
    for key, node in table.pairs if table else ():
        name = name_of(key, "a source", found)
        one = section(node, ("funnel", "stage", "responsible", "tag"), f"source '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        funnel = _funnel_of(one.get("funnel"), funnels, found)
        at_stage = one.get("stage")
        stage = text_of(at_stage, "stage", found) or funnel.stages[0].name
        if at_stage is not None and funnel.stage(stage) is None:
            known = [known.name for known in funnel.stages]
            found.error(at_stage, f"funnel '{funnel.name}' has no stage '{shown(stage)}'", did_you_mean(stage, known))
        person = text_of(one.get("responsible"), "responsible", found) or ""
        sources[name] = Source(name, funnel.name, stage, person, text_of(one.get("tag"), "tag", found) or "")
    return sources


def _loop_guard(at: Section, found: Findings) -> LoopGuard:
    one = section(at.get("loop_guard"), ("messages", "minutes", "equal"), "loop_guard", found)
    if one is None:
        return LoopGuard()
    usual = LoopGuard()
    messages = whole_of(one.get("messages"), "messages", 0, 1000, found)
    if messages == 0:
        found.warn(one.keys["messages"], "0 takes the guard away", "Leave it in where robots may write to you")
    return LoopGuard(
        usual.messages if messages is None else messages,
        whole_of(one.get("minutes"), "minutes", 1, 1440, found) or usual.minutes,
        whole_of(one.get("equal"), "equal", 1, 1000, found) or usual.equal,
    )


def _texts(at: Section, found: Findings) -> dict[str, str]:
    one = section(at.get("texts"), TEXTS, "texts", found)
    texts: dict[str, str] = {}
    for key, node in one.values.items() if one else ():
        said = text_of(node, f"text '{key}'", found)
        if said is not None:
            texts[key] = said
    return texts
