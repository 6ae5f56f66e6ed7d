"""The sections of a playbook, read one by one into its nouns; whatever is wrong is written down with its line."""

import re
from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from bots.kit.business import Endpoint, Funnel, LoopGuard, Playbook, Source, Stage
from bots.kit.languages import known_languages, language
from bots.kit.opening import calendar_zone, hours_of
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node
from bots.kit.schema import Findings, Section, duration_of, items_of, name_of, section, table_of, text_of, whole_of
from bots.kit.starts import bot_rules, clarifications, funnel_of
from bots.kit.template_table import templates_of
from bots.kit.waiting import LIMIT_KEYS, Desk, Waiting, waiting_of
from bots.kit.words import BUILT_IN

PLAYBOOK_KEYS = (
    "playbook", "language", "zone", "currency", "funnels", "bots", "sources", "reasons", "loop_guard", "texts", "hours", "asks",
    "templates", "endpoints", "clarifications", "about",
)  # fmt: skip
FUNNEL_KEYS = ("title", "group", "stages", "won", "lost")
SOURCE_KEYS = ("funnel", "stage", "responsible", "tag")
GUARD_KEYS = ("messages", "minutes", "equal")
ENDPOINT_KEYS = ("url", "send", "keep", "timeout")
TEXTS = ("share_phone", "media_unavailable", "stale_button")
LONGEST_CALL = 15_000

_URL = re.compile(r"https://(?:[a-zA-Z0-9-]{1,63}\.)+[a-zA-Z]{2,24}(?::\d{1,5})?(?:/[^\s\\@]{0,400})?")
"""A name, no address in numbers: those lead inside more often than out."""


def read_playbook(name: str, at: Section, found: Findings) -> Playbook | None:
    language = name_of(at.get("language"), "language", found) or known_languages()[0]
    if language not in known_languages():
        found.error(
            at.get("language") or at.at,
            f"language '{language}' is not known",
            did_you_mean(language, known_languages()),
            "unknown_language",
        )
    funnels = _funnels(at, found)
    if not funnels:
        if "funnels" not in at:
            found.error(at.at, "the playbook has no funnels", "Add 'funnels:' with at least one", "no_value")
        return None
    zone = _zone(at.get("zone"), found)
    calendar = at.get("hours")
    own_zone = calendar_zone(calendar)
    about = MappingProxyType(_about(at.get("about"), found))
    return Playbook(
        name=name,
        title=text_of(at.get("playbook"), "playbook", found) or name,
        language=language,
        zone=zone,
        currency=_currency(at.get("currency"), found),
        funnels=funnels,
        bots=bot_rules(at, funnels, found),
        sources=MappingProxyType(_sources(at, funnels, found)),
        reasons=MappingProxyType(_titles(at.get("reasons"), "reasons", found)),
        loop_guard=_loop_guard(at, found),
        texts=MappingProxyType(_texts(at, found)),
        hours=hours_of(calendar, _zone(own_zone, found) if own_zone else zone, found),
        asks=replace(_asks(at.get("asks"), language, found), about=about),
        templates=MappingProxyType(templates_of(at.get("templates"), language, about, found)),
        endpoints=MappingProxyType(_endpoints(at.get("endpoints"), found)),
        clarifications=MappingProxyType(clarifications(at.get("clarifications"), funnels, found)),
    )


def _zone(node: Node | None, found: Findings) -> str:
    zone = text_of(node, "zone", found)
    if node is None or zone is None:
        return "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        found.error(
            node,
            f"there is no time zone '{shown(zone)}'",
            did_you_mean(zone, sorted(available_timezones())),
            "unknown_zone",
        )
    return zone


def _currency(node: Node | None, found: Findings) -> str:
    currency = text_of(node, "currency", found)
    if node is None or currency is None:
        return "RUB"
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        found.error(
            node, f"'{shown(currency)}' is not a currency", "Write its three letters: RUB, UAH, EUR", "unknown_currency"
        )
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
        one = section(node, FUNNEL_KEYS, f"funnel '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        stages = [Stage(stage, title) for stage, title in _titles(one.get("stages"), "stages", found).items()]
        if not stages:
            found.error(
                key, f"funnel '{name}' has no stages", "Add 'stages:' with at least one 'name: title'", "no_value"
            )
        for outcome in ("won", "lost"):
            title = text_of(one.get(outcome), outcome, found)
            if outcome not in one:
                found.error(
                    key,
                    f"funnel '{name}' does not say what '{outcome}' is called",
                    f"Add '{outcome}: title'",
                    "no_value",
                )
            if any(stage.name == outcome for stage in stages):
                found.error(
                    key,
                    f"'{outcome}' is a stage's name in funnel '{name}'",
                    "It is kept for the end: rename the stage",
                    "twice",
                )
            stages.append(Stage(outcome, title or outcome, "won" if outcome == "won" else "lost"))
        title = text_of(one.get("title"), "title", found)
        funnels.append(Funnel(name, title or name, name_of(one.get("group"), "group", found) or name, tuple(stages)))
    return tuple(funnels)


def _sources(at: Section, funnels: tuple[Funnel, ...], found: Findings) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    table = table_of(at.get("sources"), "sources", found)
    for key, node in table.pairs if table else ():
        name = name_of(key, "a source", found)
        one = section(node, SOURCE_KEYS, f"source '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        funnel = funnel_of(one.get("funnel"), funnels, found)
        at_stage = one.get("stage")
        stage = text_of(at_stage, "stage", found) or funnel.stages[0].name
        if at_stage is not None and funnel.stage(stage) is None:
            known = [known.name for known in funnel.stages]
            found.error(
                at_stage,
                f"funnel '{funnel.name}' has no stage '{shown(stage)}'",
                did_you_mean(stage, known),
                "unknown_stage",
            )
        person = text_of(one.get("responsible"), "responsible", found) or ""
        sources[name] = Source(name, funnel.name, stage, person, text_of(one.get("tag"), "tag", found) or "")
    return sources


def _loop_guard(at: Section, found: Findings) -> LoopGuard:
    one = section(at.get("loop_guard"), GUARD_KEYS, "loop_guard", found)
    if one is None:
        return LoopGuard()
    usual = LoopGuard()
    messages = whole_of(one.get("messages"), "messages", 0, 1000, found)
    if messages == 0:
        found.warn(
            one.keys["messages"], "0 takes the guard away", "Leave it in where robots may write to you", "no_guard"
        )
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


# -- what scripts may use ----------------------------------------------------------------------------------------------


def _about(node: Node | None, found: Findings) -> dict[str, str]:
    """What the shop tells of itself: texts that every script may put in by their names."""
    about = _titles(node, "about", found)
    table = table_of(node, "about", found) if about else None
    for key, value in table.pairs if table else ():
        if key.text in BUILT_IN:
            found.error(key, f"'{key.text}' is the customer's", "Choose another name", "twice")
        elif "{" in about.get(key.text, "") or "}" in about.get(key.text, ""):
            found.error(
                value, f"nothing can be filled into '{key.text}'", "Write it out, without braces", "placeholder"
            )
    return about


def _asks(node: Node | None, language_name: str, found: Findings) -> Waiting:
    """How a question waits in every script that does not say otherwise."""
    at = section(node, LIMIT_KEYS, "asks", found)
    spoken = language(language_name) or language(known_languages()[0])
    if at is None or spoken is None:
        return Waiting()
    built_in = {name: name for name in BUILT_IN}
    return waiting_of(at, Desk(found, spoken, built_in, {}, (), Waiting(), (spoken.name,)), Waiting())


def _endpoints(node: Node | None, found: Findings) -> dict[str, Endpoint]:
    endpoints: dict[str, Endpoint] = {}
    table = table_of(node, "endpoints", found)
    for key, value in table.pairs if table else ():
        name = name_of(key, "an endpoint's name", found)
        one = section(value, ENDPOINT_KEYS, f"endpoint '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        at = one.get("url")
        url = text_of(at, "url", found) or ""
        if not _URL.fullmatch(url):
            remedy = "Write a whole address that begins with https://, without a user's name in it"
            found.error(at or key, f"endpoint '{name}' has no safe address", remedy, "unsafe_url")
        send, keep = (
            tuple(word for field in items_of(one.get(what), what, found) if (word := name_of(field, "a field", found)))
            for what in ("send", "keep")
        )
        timeout = duration_of(one.get("timeout"), "timeout", found) or 5_000
        if timeout > LONGEST_CALL:
            found.error(one.keys["timeout"], "timeout is longer than 15 seconds", "Write 1s to 15s", "not_a_length")
        endpoints[name] = Endpoint(name, url, send, keep, timeout)
    return endpoints
