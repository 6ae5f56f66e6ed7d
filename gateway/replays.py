"""Real conversations on a draft: read in pages, played on the version they were held on, then on the draft, and the differences grouped.

One that does not come out as it did on its own version says nothing about a draft: it is told apart and never counted as differing.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from bots.kit.compiler import read_script
from bots.kit.conversation import TooLong
from bots.kit.lines import Line
from bots.kit.recording import Differs
from bots.kit.replay import Divergence, Ways, compare, perform, reproduce
from bots.kit.script import Ask, Leave, SayAction, Script
from bots.kit.words import Said, plain, wordings
from gateway.clock import Instant
from gateway.house import House
from gateway.recordings import UNPLAYABLE, Unplayable, record
from state.database import Database
from state.talks import Held, held

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
    literal: set[str] = field(default_factory=set)
    """Lines that stand in the scripts word for word: what those may be shown who may not see deals."""
    read: set[str] = field(default_factory=set)
    """Hashes of the versions that they were taken from."""

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
    return report


def _play_all(
    page: Iterable[Held], house: House, draft: Script, versions: dict[str, Script | None], report: Report, now: Instant
) -> None:
    for talk in page:
        report.talks += 1
        try:
            found = _play(talk, house, draft, versions, now)
        except Unplayable as why:
            report.unplayable[why.reason] += 1
            if len(known := report.unplayed.setdefault(why.reason, [])) < _EXAMPLES:
                known.append(talk.deal.id)
            continue
        if found is None:
            report.same += 1
        else:
            for script in (draft, *(versions[digest] for digest in talk.versions)):
                if script is not None and script.hash not in report.read:
                    report.read.add(script.hash)
                    report.literal |= literal([script])
            _count(report, talk, found)


def _count(report: Report, talk: Held, found: Divergence) -> None:
    group = report.groups.setdefault(found.step, Group(found.step))
    group.count += 1
    # Texts that differ in what is filled in only are one.
    key = (
        *(without_names(said, report.literal) for one in (found.before, found.now) for said in one[:1]),
        bool(found.shifted),
    )
    change = group.changes.setdefault(key, Change(found.before, found.now, found.shifted))
    change.count += 1
    if len(change.deals) < _EXAMPLES:
        change.deals.append(talk.deal.id)


def _play(
    talk: Held, house: House, draft: Script, versions: dict[str, Script | None], now: Instant
) -> Divergence | None:
    shop = house.playbook
    held = [_version(talk, digest, house, versions) for digest in talk.versions]
    recording = record(talk, house, (*held, draft), now)
    ways = Ways(shop.zone, shop.language, shop.currency, shop.working(talk.deal.funnel), shop.calendars, shop.kinds)
    try:
        first = reproduce(recording, held, ways)
        if draft.hash == held[-1].hash:
            return None
        return compare(first, perform(recording, [*held[:-1], draft], ways, first))
    except Differs:
        raise Unplayable("differs") from None
    except TooLong:
        raise Unplayable("too_long") from None


def _version(talk: Held, digest: str, house: House, versions: dict[str, Script | None]) -> Script:
    if digest not in versions:
        name, source = talk.sources.get(digest, ("", ""))
        versions[digest] = read_script(source, name, house.playbook.asks)[0] if source else None
    version = versions[digest]
    if version is None:
        raise Unplayable("no_script")
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


def without_names(line: Line, known: AbstractSet[str]) -> str:
    """The line's text, with `…` in place of what is not word for word in a script."""
    if line.speaker in ("stage", "tag", "closed", "ended", "script", "stopped"):
        return line.text
    first, *rest = line.text.split("\n") if line.speaker == "handed off" else ["", *line.text.split("\n")]
    shown = [one if one in known or _NUMBER.sub("", one) in known else "…" for one in rest]
    return "\n".join([first, *shown] if first else shown)


__all__ = ["MOST_TALKS", "UNPLAYABLE", "Change", "Group", "Report", "record", "replay", "without_names"]
