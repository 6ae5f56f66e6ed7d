"""The scripts as they are published: taken from the database into the house, and changed by whoever may publish.

The playbook's files are the first version. They count at every start until somebody publishes; from then on the database does.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import structlog

from bots.kit.compare import Difference, compare, unified
from bots.kit.compiler import read_script
from bots.kit.problems import Problem, has_errors
from bots.kit.script import Script
from gateway.clock import Instant
from gateway.house import Candidate, House
from gateway.playbooks import look_through, look_together
from state import scripts
from state.database import Connection, Database
from state.live import Live as Wires
from state.records import Person
from state.scripts import Live, Move, Standing, Version

log = structlog.get_logger()

Base = int | str | None
"""What the asker saw: a revision, the newest text's hash, or nothing yet."""
Runs = Literal["finish", "map", "hand_off"]
NOTHING = Difference((), {}, ())


class Outdated(Exception):
    """Somebody has published since. `difference` and `diff` are between what the asker saw and what is there now."""

    def __init__(self, now: Live | None, difference: Difference, diff: str) -> None:
        super().__init__("somebody has published this script since you began: look at the difference")
        self.now = now
        self.difference = difference
        self.diff = diff


class Faulty(Exception):
    """The text has mistakes; nothing was published."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("the script has mistakes")
        self.problems = problems


class Unfit(Exception):
    """What is asked for cannot be; `name` is the offending field's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Order:
    """What becomes of the runs that stand in other versions: `steps` are old step → new step."""

    runs: Runs = "finish"
    steps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """Running runs of one version at one step, and where they go: a step, `(a person)`, or empty: on as they began."""

    stand: Standing
    to: str

    @property
    def handed_over(self) -> bool:
        return self.to == A_PERSON


A_PERSON = "(a person)"


@dataclass(frozen=True, slots=True)
class Report:
    live: Live
    changed: bool
    difference: Difference
    diff: str
    warnings: list[Problem]
    fates: list[Fate]


# -- into the house --------------------------------------------------------------------------------------------------


async def open_library(db: Database, house: House, now: Instant) -> list[str]:
    """At the start: what the files say becomes a version where it may, then what is live is taken into the house.

    The answer: scripts whose files do not count, because something else has been published since.
    """
    known = await db.read(scripts.live)
    fresh, passed = {}, []
    for name, script in house.scripts.items():
        before = known.get(name)
        if before is None or (before.author_id is None and before.stable != script.hash):
            fresh[name] = script
        elif before.author_id is not None and script.hash not in (before.stable, before.candidate):
            passed.append(name)
    if fresh:
        await db.write(lambda c: _adopt(c, fresh, known, now), "scripts")
    await refresh(db, house)
    return passed


def _adopt(conn: Connection, fresh: Mapping[str, Script], known: Mapping[str, Live], now: Instant) -> None:
    for name, script in sorted(fresh.items()):
        before = known.get(name)
        new = Live(name, script.hash, revision=before.revision + 1 if before else 1, at=now)
        version = _version(script, new, before, label="", note="from the playbook's files")
        scripts.publish(conn, new, version, script.source)  # of two that start together one does it


async def refresh(db: Database, house: House) -> bool:
    """Take in what has been published since, here or by another process; whether there was anything."""
    found = await db.read(scripts.live)
    stale = [one for one in found.values() if house.revisions.get(one.name) != one.revision]
    if not stale:
        return False
    for one in stale:
        stable = await know(db, house, one.stable, one.name)
        candidate = await know(db, house, one.candidate, one.name) if one.candidate else None
        if house.revisions.get(one.name, 0) < one.revision:  # nobody has been quicker with a later one
            _take(house, one, stable, candidate)
    return True


def _take(house: House, one: Live, stable: Script | None, candidate: Script | None) -> None:
    """The tables are replaced whole: a turn in another thread sees the one or the other."""
    house.revisions = {**house.revisions, one.name: one.revision}
    if stable is None:
        log.error("script_unusable", script=one.name, version=one.stable)  # the one before goes on
        return
    house.scripts = {**house.scripts, one.name: stable}
    rolling = {name: other for name, other in house.candidates.items() if name != one.name}
    if candidate is not None:
        rolling[one.name] = Candidate(candidate, one.percent)
    house.candidates = rolling


async def know(db: Database, house: House, digest: str, name: str) -> Script | None:
    """The version with this hash, compiled. None where it is not kept, or no reader takes it any more."""
    known = house.by_hash.get(digest)
    if known is not None and known.name == name:
        return known
    kept = await db.read(lambda c: scripts.source(c, digest))
    if kept is None:
        return None
    script, _ = await asyncio.to_thread(read_script, kept[1], name, house.playbook.asks)
    if script is not None:
        house.by_hash.setdefault(digest, script)
    return script


# -- publishing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where a publication is made: the database, the house that follows it, and the wires to the other processes."""

    db: Database
    house: House
    wires: Wires
    now: Instant

    async def publish(
        self, name: str, source: str, who: Person, base: Base, *, label: str = "", note: str = "", percent: int = 100, order: Order = Order()
    ) -> Report:  # fmt: skip
        """A new text: live at once, or for a share of the contacts."""
        funnel = next((rule.funnel for rule in self.house.playbook.bots if rule.bot == name), "")
        script, problems = await asyncio.to_thread(look_through, source, name, self.house.playbook, funnel)
        if script is not None:
            problems = [*problems, *look_together(self.house.scripts, script)]
        if script is None or has_errors(problems):
            raise Faulty(problems)
        before = await self._seen(name, base)
        if before is None and percent < 100:
            raise Unfit("rollout", "there is no version yet that the others could begin with")
        if before and percent < 100 and script.hash != before.stable:
            new = replace(before, candidate=script.hash, percent=percent)
        else:
            new = Live(name, script.hash)
        note = note.strip()
        return await self._go(before, new, script, who, order, problems, label=label, note=note)

    async def roll_back(self, name: str, to: str | int, who: Person, base: Base, *, note: str, order: Order) -> Report:
        """An earlier version is what all new runs begin with; it is published anew, as the next one."""
        before = await self._seen(name, base)
        version = await self.db.read(lambda c: scripts.find_version(c, name, to))
        script = await know(self.db, self.house, version.hash, name) if version else None
        if version is None or script is None:
            raise Unfit("to", "there is no such version, or it cannot be read any more")
        note = note.strip() or f"back to version {version.number}"
        return await self._go(before, Live(name, script.hash), script, who, order, [], label=version.label, note=note)

    async def roll_out(self, name: str, percent: int, who: Person, base: Base, order: Order) -> Report:
        """Another share for the candidate; at 100 it is what all begin with."""
        before = await self._seen(name, base)
        if before is None or not before.candidate:
            raise Unfit("percent", "nothing is being rolled out")
        script = await know(self.db, self.house, before.candidate, name)
        if script is None:
            raise Unfit("percent", "the candidate cannot be read any more")
        new = replace(before, percent=percent) if percent < 100 else Live(name, before.candidate)
        return await self._go(before, new, script, who, order, [], against=before.stable)

    async def _seen(self, name: str, base: Base) -> Live | None:
        """What is live now, if that is what the asker saw."""
        now = await self.db.read(lambda c: scripts.find_live(c, name))
        seen = base is None if now is None else base in (now.revision, now.newest)
        if not seen:
            raise await self._outdated(name, base, now)
        return now

    async def _outdated(self, name: str, base: Base, now: Live | None) -> Outdated:
        digest = base if isinstance(base, str) else None
        if isinstance(base, int):
            digest = await self.db.read(lambda c: scripts.hash_at(c, name, base))
        theirs = await know(self.db, self.house, digest, name) if digest else None
        ours = await know(self.db, self.house, now.newest, name) if now else None
        if theirs is None or ours is None:
            return Outdated(now, NOTHING, "")
        return Outdated(now, *await asyncio.to_thread(differ, theirs, ours))

    async def _go(
        self, before: Live | None, new: Live, script: Script, who: Person, order: Order, problems: list[Problem],
        *, label: str = "", note: str = "", against: str = "",
    ) -> Report:  # fmt: skip
        """`against`: the version to compare with where it is not the newest; then no version is written, only what is live."""
        old = await know(self.db, self.house, against or before.newest, script.name) if before else None
        difference, diff = await asyncio.to_thread(differ, old, script) if old else (NOTHING, "")
        standing = await self.db.read(lambda c: scripts.standing(c, script.name))
        steps = self._steps(order, script, difference, standing, all_begin=not new.candidate)
        fates = [Fate(s, _to(steps, s, script)) for s in standing]
        same = before is not None and (before.stable, before.candidate, before.percent) == (
            new.stable, new.candidate, new.percent,
        )  # fmt: skip
        if before is not None and same and not steps:
            return Report(before, changed=False, difference=difference, diff=diff, warnings=problems, fates=fates)
        revision = before.revision + 1 if before else 1
        new = replace(new, revision=revision, author_id=who.id, at=self.now)
        version = None if against or same else _version(script, new, before, label=label, note=note)
        move = Move(script.name, revision, script.hash, steps, who.id, self.now) if steps else None
        job = partial(scripts.publish, new=new, version=version, text=script.source, move=move)
        if not await self.db.write(job, "scripts"):
            now = await self.db.read(lambda c: scripts.find_live(c, script.name))
            raise await self._outdated(script.name, before.newest if before else None, now)
        await refresh(self.db, self.house)
        self.wires.wake("scripts")
        return Report(new, changed=True, difference=difference, diff=diff, warnings=problems, fates=fates)

    @staticmethod
    def _steps(
        order: Order, script: Script, difference: Difference, standing: list[Standing], *, all_begin: bool
    ) -> dict[str, str]:  # fmt: skip
        """Which steps' runs are moved, and where to; empty: to a person."""
        if order.steps and order.runs != "map":
            raise Unfit("map", "belongs to runs: map")
        if order.runs == "finish":
            return {}
        if not all_begin:
            raise Unfit("runs", "while a version is rolled out to a share, the others finish as they began")
        if order.runs == "hand_off":
            return {one.step: "" for one in standing if one.step not in script.steps}
        steps = dict(difference.renamed) | dict(order.steps)
        for was, to in steps.items():
            if to not in script.steps:
                raise Unfit("map", f"the new version has no step {to!r} (for {was!r})")
        lost = sorted({s.step for s in standing if s.step not in script.steps and s.step not in steps})
        if lost:
            raise Unfit("map", f"customers stand at steps that are gone: say where they go on: {', '.join(lost)}")
        return {was: to for was, to in steps.items() if any(s.step == was for s in standing)}


def differ(old: Script, new: Script) -> tuple[Difference, str]:
    """In plain words and line by line."""
    return compare(old, new), unified(old.source, new.source, old.hash[:12], new.hash[:12])


def _to(steps: Mapping[str, str], stand: Standing, script: Script) -> str:
    if stand.hash == script.hash or stand.step not in steps:
        return ""
    return steps[stand.step] or A_PERSON


def _version(script: Script, new: Live, before: Live | None, *, label: str, note: str) -> Version:
    return Version(
        script.name, 0, script.hash, script.title, label, note, new.author_id, new.at, before.newest if before else "",
        new.revision,
    )  # fmt: skip
