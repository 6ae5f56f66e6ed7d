"""The sections of a playbook, read one by one into its nouns; whatever is wrong is written down with its line."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bots.kit.business import Endpoint, Funnel, Likeness, LoopGuard, Playbook, Source
from bots.kit.checking import read_checks, read_plan
from bots.kit.duties import kinds_of, overdue_of
from bots.kit.field_table import kinds_of as kinds_of_fields
from bots.kit.field_table import read_fields
from bots.kit.fields import locale_of
from bots.kit.funnels import board, read_funnels, titles_of
from bots.kit.languages import known_languages, language, spoken
from bots.kit.opening import calendars_of, hours_of, zone_named
from bots.kit.problems import did_you_mean, nearest, shown
from bots.kit.reader import Node, Table
from bots.kit.schema import (
    Findings,
    Section,
    duration_of,
    items_of,
    name_of,
    section,
    table_of,
    text_of,
    whole_of,
    yes_of,
)
from bots.kit.shapes import shapes_of
from bots.kit.shipping import shipping_of
from bots.kit.staffing import Crew, rules_of, team_of
from bots.kit.starts import bot_rules, clarifications, funnel_of, stage_of
from bots.kit.template_table import templates_of
from bots.kit.waiting import CHANNELS, LIMIT_KEYS, Desk, Waiting, waiting_of
from bots.kit.words import BUILT_IN
from bots.robots.facts import BROUGHT, KNOWN
from bots.robots.office import Office

PLAYBOOK_KEYS = (
    "playbook", "language", "zone", "currency", "funnels", "bots", "sources", "reasons", "loop_guard", "texts", "hours", "calendars", "asks",
    "templates", "endpoints", "clarifications", "about", "fields", "team", "assign", "idle", "duplicates", "shipping",
    "checks", "audit", "task_kinds", "overdue",
)  # fmt: skip
SOURCE_KEYS = ("funnel", "stage", "responsible", "tag", "opens")
WAYS_IN = ("message", "form", "call", "mail", "order", "manual")
"""How inquiries come, besides single forms and channels by their names."""
GUARD_KEYS = ("messages", "minutes", "equal")
LIKENESS_KEYS = ("phone", "email", "order", "name")
LIKENESS: tuple[Likeness, ...] = ("no", "suggest", "automatic")
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
    of_people = spoken(language)
    zone = zone_named(at.get("zone"), found)
    hours = hours_of(at.get("hours"), zone, found)
    calendars = calendars_of(at.get("calendars"), hours, zone, found)
    read = read_funnels(at.get("funnels"), calendars, found)
    funnels = tuple(one.funnel for one in read)
    if not funnels:
        if "funnels" not in at:
            found.error(at.at, "the playbook has no funnels", "Add 'funnels:' with at least one", "no_value")
        return None
    about, fields = _about(at.get("about"), found), read_fields(at.get("fields"), found)
    _look_at_names(at.get("about"), fields, found)
    team = team_of(at.get("team"), calendars, found)
    task_kinds = kinds_of(at.get("task_kinds"), of_people, found)
    rules = rules_of(at.get("assign"), team, found)
    reasons = titles_of(at.get("reasons"), "reasons", found)
    templates = templates_of(at.get("templates"), language, about, found)
    endpoints = _endpoints(at.get("endpoints"), found)
    currency, kinds = _currency(at.get("currency"), found), kinds_of_fields(fields, of_people)
    office = Office(
        found, {**of_people.known, **{name: one.title for name, one in fields.items()}}, about,
        {one.name: tuple(stage.name for stage in one.stages) for one in funnels}, reasons, templates, frozenset(endpoints),
        kinds, locale_of(language, zone, currency), of_people, shapes_of(fields, team), Crew(team, rules), task_kinds,
    )  # fmt: skip
    return Playbook(
        name=name,
        title=text_of(at.get("playbook"), "playbook", found) or name,
        language=language,
        zone=zone,
        currency=currency,
        funnels=funnels,
        bots=bot_rules(at, funnels, found),
        sources=MappingProxyType(_sources(at, funnels, office.crew, found)),
        reasons=MappingProxyType(reasons),
        loop_guard=_loop_guard(at, found),
        texts=MappingProxyType(_texts(at, found)),
        hours=hours,
        calendars=MappingProxyType(calendars),
        asks=replace(_asks(at.get("asks"), language, found), about=MappingProxyType(about)),
        templates=MappingProxyType(templates),
        endpoints=MappingProxyType(endpoints),
        clarifications=MappingProxyType(clarifications(at.get("clarifications"), funnels, found)),
        fields=MappingProxyType(fields),
        kinds=MappingProxyType(kinds),
        idle=duration_of(at.get("idle"), "idle", found) or 3 * 86_400_000,
        task_kinds=MappingProxyType(task_kinds),
        overdue=overdue_of(at.get("overdue"), team, found),
        team=MappingProxyType(team),
        shipping=MappingProxyType(shipping_of(at.get("shipping"), found)),
        assign=MappingProxyType(rules),
        board=board(read, office),
        duplicates=MappingProxyType(_duplicates(at, found)),
        checks=MappingProxyType(read_checks(at.get("checks"), funnels, office)),
        audit=read_plan(at.get("audit"), office),
    )


def _currency(node: Node | None, found: Findings) -> str:
    currency = text_of(node, "currency", found)
    if node is None or currency is None:
        return "RUB"
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        found.error(
            node, f"'{shown(currency)}' is not a currency", "Write its three letters: RUB, UAH, EUR", "unknown_currency"
        )
    return currency


def _sources(at: Section, funnels: tuple[Funnel, ...], crew: Crew, found: Findings) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    table = table_of(at.get("sources"), "sources", found)
    for key, node in table.pairs if table else ():
        name = name_of(key, "a source", found)
        one = section(node, SOURCE_KEYS, f"source '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        if (
            name not in WAYS_IN
            and name not in CHANNELS
            and (near := nearest(name, WAYS_IN, least=80))
            and name != f"{near}s"
        ):
            remedy = f"Did you mean '{near}'? A form or a channel that is really called so may stay"
            found.warn(key, f"nothing comes in as '{name}', unless a form is called so", remedy, "unknown_source")
        funnel = funnel_of(one.get("funnel"), funnels, found)
        known = [stage.name for stage in funnel.stages if not stage.outcome]
        stage = stage_of(one.get("stage"), funnel, found, "open stage", known) or funnel.stages[0].name
        person = text_of(one.get("responsible"), "responsible", found) or ""
        crew.look(one.get("responsible"), person, found, ("pool", "head"))
        opens = "opens" not in one or yes_of(one.get("opens"), "opens", found)
        sources[name] = Source(name, funnel.name, stage, person, text_of(one.get("tag"), "tag", found) or "", opens)
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


def _duplicates(at: Section, found: Findings) -> dict[str, Likeness]:
    one = section(at.get("duplicates"), LIKENESS_KEYS, "duplicates", found)
    rules: dict[str, Likeness] = {}
    for key, node in one.values.items() if one else ():
        said = text_of(node, key, found)
        rule = next((known for known in LIKENESS if known == said), None)
        if rule is not None:
            rules[key] = rule
        elif said is not None:
            what = f"'{shown(said)}' is nothing to do about duplicates"
            found.error(node, what, did_you_mean(said, LIKENESS), "unknown_word")
    return rules


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
    about = titles_of(node, "about", found)
    table = table_of(node, "about", found) if about else None
    for key, value in table.pairs if table else ():
        if key.text in BUILT_IN:
            found.error(key, f"'{key.text}' is the customer's", "Choose another name", "twice")
        elif "{" in about.get(key.text, "") or "}" in about.get(key.text, ""):
            found.error(
                value, f"nothing can be filled into '{key.text}'", "Write it out, without braces", "placeholder"
            )
    return about


def _look_at_names(node: Node | None, fields: Mapping[str, object], found: Findings) -> None:
    """A name in a text is either the shop's or the deal's: robots and scripts would fill in different things."""
    for key, _ in node.pairs if isinstance(node, Table) else ():
        if key.text not in BUILT_IN and (key.text in fields or key.text in KNOWN or key.text in BROUGHT):
            what = f"'{key.text}' is told by the shop, and a field of deals"
            found.error(key, what, "Rename one of the two", "twice")


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
            found.error(one.keys["timeout"], "'timeout' is longer than 15 seconds", "Write 1s to 15s", "not_a_length")
        endpoints[name] = Endpoint(name, url, send, keep, timeout)
    return endpoints
