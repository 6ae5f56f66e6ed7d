"""Real conversations on a draft: read in pages, played on the version they were held on, then on the draft, and the differences grouped.

One that does not come out as it did on its own version says nothing about a draft: it is told apart and never counted as differing.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bots.kit.compiler import read_script
from bots.kit.conversation import Line
from bots.kit.events import Media, MessageReceived
from bots.kit.replay import (
    Differs,
    Divergence,
    Heard,
    Moved,
    Recording,
    Told,
    TooLong,
    Ways,
    compare,
    perform,
    reproduce,
)
from bots.kit.script import Ask, Leave, SayAction, Script, Step, TagAction
from bots.kit.words import Said, plain, wordings
from gateway.clock import Instant
from gateway.house import House
from gateway.wording import line as wording
from state.database import Database
from state.records import Entry
from state.talks import MOST_LINES, Held, held

MOST_TALKS: Final = 500
PAGE: Final = 50
_EXAMPLES: Final = 5
_NUMBER: Final = re.compile(r"\d+\. ")


@dataclass(slots=True)
class Change:
    """One way in which a step differs."""

    before: tuple[Line, ...]
    now: tuple[Line, ...]
    shifted: int
    deals: list[int] = field(default_factory=list)
    count: int = 0


@dataclass(slots=True)
class Group:
    """The talks that first differ at one step."""

    step: str
    count: int = 0
    changes: dict[object, Change] = field(default_factory=dict)

    def often(self) -> list[Change]:
        """The ways that are seen most."""
        return sorted(self.changes.values(), key=lambda one: -one.count)[:_EXAMPLES]


@dataclass(slots=True)
class Report:
    talks: int = 0
    same: int = 0
    groups: dict[str, Group] = field(default_factory=dict)
    unplayable: Counter[str] = field(default_factory=Counter)
    """Why a talk could not be played: how many."""
    unplayed: dict[str, list[int]] = field(default_factory=dict)
    """Some of their deals."""
    literal: frozenset[str] = frozenset()
    """What may be shown of texts to those who may not see deals."""

    @property
    def different(self) -> int:
        return sum(group.count for group in self.groups.values())

    def by_count(self) -> list[Group]:
        return sorted(self.groups.values(), key=lambda one: (-one.count, one.step))


async def replay(db: Database, house: House, bot: str, draft: Script, last: int, now: Instant) -> Report:
    """The last so many talks of a bot on a draft of it. Reads by the read connection, and plays beside the loop."""
    report, before = Report(), None
    versions: dict[str, Script | None] = dict(house.by_hash)
    while report.talks < last:
        page = await db.read(lambda c, since=before: held(c, bot, min(PAGE, last - report.talks), since))  # type: ignore[misc]
        if not page:
            break
        await asyncio.to_thread(_play_all, page, house, draft, versions, report, now)
        before = min(talk.run.id for talk in page)
    report.literal = literal([draft, *(script for script in versions.values() if script is not None)])
    return report


def _play_all(
    page: Iterable[Held], house: House, draft: Script, versions: dict[str, Script | None], report: Report, now: Instant
) -> None:
    for talk in page:
        report.talks += 1
        try:
            found = _play(talk, house, draft, versions, now)
        except _Unplayable as why:
            report.unplayable[why.reason] += 1
            if len(known := report.unplayed.setdefault(why.reason, [])) < _EXAMPLES:
                known.append(talk.deal.id)
            continue
        if found is None:
            report.same += 1
        else:
            _count(report, talk, found)


def _count(report: Report, talk: Held, found: Divergence) -> None:
    group = report.groups.setdefault(found.step, Group(found.step))
    group.count += 1
    key = (found.before[:1], found.now[:1], bool(found.shifted))
    change = group.changes.setdefault(key, Change(found.before, found.now, found.shifted))
    change.count += 1
    if len(change.deals) < _EXAMPLES:
        change.deals.append(talk.deal.id)


class _Unplayable(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _play(
    talk: Held, house: House, draft: Script, versions: dict[str, Script | None], now: Instant
) -> Divergence | None:
    shop = house.playbook
    version = _version(talk, house, versions)
    recording = record(talk, house, (version, draft), now)
    ways = Ways(shop.zone, shop.language, shop.currency, shop.hours)
    try:
        first = reproduce(recording, version, ways)
        return None if draft.hash == version.hash else compare(first, perform(recording, draft, ways, first))
    except Differs:
        raise _Unplayable("differs") from None
    except TooLong:
        raise _Unplayable("too_long") from None


def _version(talk: Held, house: House, versions: dict[str, Script | None]) -> Script:
    digest = talk.run.script
    if digest not in versions:
        name, source = talk.source or ("", "")
        versions[digest] = read_script(source, name, house.playbook.asks)[0] if source else None
    version = versions[digest]
    if version is None:
        raise _Unplayable("no_script")
    return version


# -- for those who may not see deals -----------------------------------------------------------------------------------


def literal(scripts: Iterable[Script]) -> frozenset[str]:
    """The lines of texts in which nothing is filled in: they stand in the scripts as they are, so nobody's data is in them."""
    return frozenset(
        line
        for script in scripts
        for said in _texts(script)
        for text in wordings(said)
        if text.plain is not None
        for line in text.plain.splitlines()
    )


def _texts(script: Script) -> Iterator[Said]:
    yield from script.texts.values()
    for step in script.steps.values():
        yield from (action.text for action in step.actions if isinstance(action, SayAction))
        ask = step.finish
        if isinstance(ask, Ask):
            yield from (ask.question, ask.hint)
            yield from (option.worded or plain(option.label) for option in ask.options)
            yield from (reminder.text for reminder in ask.silence.reminders)
        elif isinstance(ask, Leave):
            yield ask.task


def without_names(line: Line, known: frozenset[str]) -> str:
    """The line's text, with `…` in place of what is not word for word in a script."""
    if line.speaker in ("stage", "tag", "closed", "ended", "script", "stopped"):
        return line.text
    first, *rest = line.text.split("\n") if line.speaker == "handed off" else ["", *line.text.split("\n")]
    shown = [one if one in known or _NUMBER.sub("", one) in known else "…" for one in rest]
    return "\n".join([first, *shown] if first else shown)


# -- from rows to a recording ------------------------------------------------------------------------------------------


def record(talk: Held, house: House, scripts: Iterable[Script], now: Instant) -> Recording:
    """The run as it can be played. `scripts` are those that it will be played on."""
    run = talk.run
    begins = next((place for place, entry in enumerate(talk.lines) if _begins(entry, talk)), None)
    if begins is None:
        raise _Unplayable("no_beginning")
    if len(talk.lines) > MOST_LINES:
        raise _Unplayable("too_long")
    opening = _heard(talk.lines[begins - 1]) if begins else None
    if opening is not None and opening.at != run.started_at:
        opening = None
    scenes = list(_scenes(talk.lines[begins + 1 :]))
    spoken = [entry.channel for entry in talk.lines if entry.channel]
    return Recording(
        deal=talk.deal.id, run=run.id, began=run.started_at, until=(now if run.ended_at is None else run.ended_at) + 1,
        stopped=run.status == "stopped", opening=opening, scenes=scenes, channel=spoken[0] if spoken else "", name=talk.name,
        stage=_stage(talk, house), tags=_tags(talk, scripts), fields=_fields(talk),
    )  # fmt: skip


def _begins(entry: Entry, talk: Held) -> bool:
    data = entry.data
    return entry.kind == "bot" and data.get("event") == "started" and data.get("bot") == talk.run.bot and (
        entry.at == talk.run.started_at and data.get("script") == talk.run.script
    )  # fmt: skip


def _scenes(lines: Iterable[Entry]) -> Iterator[Heard | Moved | Told]:
    handed_off = ""
    for entry in lines:
        event, reason = str(entry.data.get("event", "")), str(entry.data.get("reason", ""))
        match entry.kind, entry.author:
            case "message", "customer":
                if (heard := _heard(entry)) is not None:
                    yield heard
            case "message", "bot":
                menu = [f"{place}. {label}" for place, (_, label) in enumerate(entry.data.get("choices", ()), start=1)]
                yield Told(entry.at, "bot", "\n".join([entry.text, *menu]))
            case "stage", "bot":
                yield Told(entry.at, "stage", str(entry.data.get("to", "")))
            case "stage", _:
                yield Moved(entry.at, str(entry.data.get("to", "")))
            case "task", "bot":
                speaker, text = ("handed off", f"{handed_off}\n{entry.text}") if handed_off else ("task", entry.text)
                handed_off = ""
                yield Told(entry.at, speaker, text)
            case "note", "bot":
                yield Told(entry.at, "note", entry.text)
            case "bot", _ if event == "handed_off":
                handed_off = reason
            case "bot", _ if event in ("finished", "timed_out"):
                yield Told(entry.at, "ended", f"{event}, {reason}")
            case "bot", _ if event in ("stopped", "started"):
                return  # the end of this one, or another's beginning
            case "system", "bot" if event == "closed":
                yield Told(entry.at, "closed", reason)
            case _:
                pass


def _heard(entry: Entry) -> Heard | None:
    """A customer's message as the bot heard it; None where the line is none (a form, a call)."""
    data = entry.data
    if entry.kind != "message" or entry.author != "customer" or "form" in data:
        return None
    choice, phone, place = str(data.get("button", "")), str(data.get("phone", "")), data.get("location")
    shown = (wording("phone_shared", phone=phone) if phone else "", wording("location") if place else "")
    media = tuple(
        Media(one["kind"], f"/api/v1/entries/{entry.id}/media/{n}", one["name"], one["mime"], one["size"])
        for n, one in enumerate(entry.media)
    )
    text = "" if choice or entry.text in shown else entry.text
    location = (float(place[0]), float(place[1])) if isinstance(place, list) else None
    return Heard(entry.at, MessageReceived(text, choice, media, phone, location), entry.channel)


def _fields(talk: Held) -> Mapping[str, object]:
    """What the deal knew when the run began: what it knows now, without what this run and those after it found out."""
    fields = dict(talk.deal.fields)
    for run in [talk.run, *talk.others]:
        for name in run.state.get("answers") or {}:
            fields.pop(name, None)
    for run in talk.others:
        if run.id < talk.run.id:
            fields |= run.state.get("answers") or {}
    return fields


def _tags(talk: Held, scripts: Iterable[Script]) -> tuple[str, ...]:
    """The deal's tags without those that the scripts themselves would give."""
    own = {action.tag for script in scripts for step in script.steps.values() for action in _tagging(step)}
    return tuple(tag for tag in talk.deal.tags if tag not in own)


def _tagging(step: Step) -> list[TagAction]:
    return [action for action in step.actions if isinstance(action, TagAction)]


def _stage(talk: Held, house: House) -> str:
    """Where the deal was moved last before the run, else where its inquiries enter."""
    before = [entry for entry in talk.moves if (entry.at, entry.id) < (talk.run.started_at, talk.lines[0].id)]
    if before:
        return str(before[-1].data.get("to", ""))
    if not talk.moves and talk.deal.closed_at is None:
        return talk.deal.stage
    kind, _, name = talk.deal.source.partition(":")
    names = (name, "form") if kind == "form" else (f"link_{name}", kind) if name else (kind,)
    path = house.funnel(talk.deal.funnel)
    stage = path.stage(house.entrance(*names).stage)
    return (stage or path.stages[0]).name


UNPLAYABLE: Final[Mapping[str, str]] = {
    "differs": "does not come out as it did on its own version: something that is not in the timeline was at work",
    "no_script": "the version that it was held on is not kept, or is no script any more",
    "no_beginning": "its beginning is not in the timeline",
    "too_long": "it is too long",
}

__all__ = ["MOST_TALKS", "UNPLAYABLE", "Change", "Group", "Report", "record", "replay", "without_names"]
