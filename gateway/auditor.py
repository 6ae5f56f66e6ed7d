"""The auditor: looks the shop through when somebody asks, and by itself as the playbook's `audit` says.

A run reads in pages beside the loop and writes what it finds a handful at a time; one runs at a time over all processes.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar

import structlog

from bots.kit.checks import AuditPlan, Check
from bots.kit.hours import at_clock, local_day, zone_of
from gateway.audit import NO_CONTACT, Inspector
from gateway.clock import Clock, Instant
from gateway.house import House
from state import audits, dossiers, findings, staff
from state.audits import AuditRun
from state.database import Connection, Database
from state.findings import Seen
from state.live import Live

log = structlog.get_logger()
T = TypeVar("T")

TOPIC: Final = "audit"
EVERY_S: Final = 30.0
"""How soon a process hears that another was asked for a run, or that its time has come."""
PAGE: Final = 200
_REST_S: Final = 0.2
"""After each page it rests for as long as that took, at most so long: whatever the machine, customers have the half of it."""
_NOTED: Final = 200
"""Findings of one commit: whoever else writes waits no longer than for these."""


class Superseded(Exception):
    """A run that was taken for dead: another process may have begun anew."""


class Auditor:
    def __init__(self, db: Database, house: House, live: Live, clock: Clock) -> None:
        self.db = db
        self.house = house
        self.live = live
        self.clock = clock
        self._had = ""
        """The period that is known to have its run."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self.once():
                    pass
            except Exception:
                log.exception("audit_failed")
            await self.live.wait(TOPIC, EVERY_S)

    async def once(self) -> AuditRun | None:
        """Ask for the run of a period that has begun, and do the one that waits."""
        await self._plan()
        now = self.clock.now()
        if not await self.db.read(lambda c: audits.is_there_work(c, now)):
            return None
        run = await self.db.write(lambda c: audits.take(c, now), "audit")
        if run is None:
            self._had = ""  # perhaps one has died: then its period is free again
            return None
        return await self.work(run)

    async def _plan(self) -> None:
        plan, now = self.house.playbook.audit, self.clock.now()
        period = period_of(plan, self.house.playbook.zone, now) if plan is not None else ""
        if period in ("", self._had):
            return
        if not await self.db.read(lambda c: audits.had(c, period)):
            await self.db.write(lambda c: audits.ask(c, self.db.ids, now, period=period), "audit")
        if await self.db.read(lambda c: audits.had(c, period)):
            self._had = period

    async def work(self, run: AuditRun) -> AuditRun | None:
        """Do a run that is ours, to its end. None: another process has taken it over."""
        checks = [one for one in self.house.playbook.checks.values() if not run.checks or one.name in run.checks]
        try:
            await self._look(run, checks)
        except Superseded:
            log.warning("audit_superseded", run=run.id)
            return None
        except Exception:
            self._had = ""
            await self.db.write(lambda c: audits.stop(c, run.id, self.clock.now()), "audit")
            raise
        return await self.db.read(lambda c: audits.find(c, run.id))

    async def _look(self, run: AuditRun, checks: Sequence[Check]) -> None:
        people = {one.id: one for one in await self.db.read(staff.colleagues)}
        now = self.clock.now()
        closed_since = Inspector(self.house, checks, people, now).closed_since

        def inspector() -> Inspector:
            return Inspector(self.house, checks, people, self.clock.now())

        wanted = {one.what for one in checks}
        if wanted - {"overdue_task", "no_contact", "task", "duplicate_contact", "duplicate_deal"}:
            await self._pages(
                run, lambda c, after: dossiers.deals_page(c, after, PAGE, closed_since), inspector, Inspector.deal,
                lambda one: one.deal.id,
            )  # fmt: skip
        if wanted & {"overdue_task", "no_contact", "task"}:
            await self._pages(
                run, lambda c, after: dossiers.tasks_page(c, after, PAGE, closed_since, NO_CONTACT), inspector, Inspector.task,
                lambda one: one.task.id,
            )  # fmt: skip
        if wanted & {"duplicate_contact", "duplicate_deal"}:
            await self._pages(
                run,
                lambda c, after: dossiers.pairs_page(c, after, PAGE),
                inspector,
                Inspector.pair,
                lambda one: one.pair.id,
            )
        names = [one.name for one in checks] if run.checks else []
        while (gone := await self._write(lambda c, at: findings.retire(c, run.id, names, at))) != 0:
            if gone is None:
                raise Superseded
        await self._write(lambda c, at: findings.finish(c, run.id, at))

    async def _pages(
        self,
        run: AuditRun,
        load: Callable[[Connection, int], list[T]],
        inspector: Callable[[], Inspector],
        judge: Callable[[Inspector, T], Iterator[Seen]],
        number: Callable[[T], int],
    ) -> None:
        """One way through: each page is read and judged in the thread that reads."""
        after = -1

        def look(conn: Connection) -> tuple[list[Seen], int, int, Instant]:
            page, by = load(conn, after), inspector()
            return (
                [seen for one in page for seen in judge(by, one)],
                len(page),
                number(page[-1]) if page else after,
                by.now,
            )

        while True:
            begun = time.perf_counter()
            seen, n, after, read_at = await self.db.read(look)
            for start in range(0, max(len(seen), 1), _NOTED):
                some, counted = seen[start : start + _NOTED], 0 if start else n
                noted = await self.db.write(
                    lambda c, some=some, counted=counted, at=read_at: findings.note(c, self.db.ids, run.id, some, at, counted),  # type: ignore[misc]  # no defaults in lambdas for mypy
                    "audit", aside=True,
                )  # fmt: skip
                if not noted:
                    raise Superseded
            if n < PAGE:
                return
            await asyncio.sleep(min(time.perf_counter() - begun, _REST_S))

    async def _write(self, job: Callable[[Connection, Instant], T]) -> T:
        now = self.clock.now()
        return await self.db.write(lambda c: job(c, now), "audit", aside=True)


def begins_of(plan: AuditPlan, zone_name: str, after: Instant, until: Instant) -> Iterator[Instant]:
    """When periods begin: behind the first moment, up to the second one."""
    zone = zone_of(zone_name)
    for day in range(local_day(after, zone).toordinal(), local_day(until, zone).toordinal() + 1):
        at = at_clock(day, plan.minute, zone)
        if after < at <= until and not period_of(plan, zone_name, at - 1):
            yield at


def period_of(plan: AuditPlan, zone_name: str, now: Instant) -> str:
    """The name of the period whose time has come: a month, or a stretch of days. Empty: that of today is still to come."""
    zone = zone_of(zone_name)
    day = local_day(now, zone)
    first = day.replace(day=1).toordinal() if not plan.days else day.toordinal() // plan.days * plan.days
    if now < at_clock(first, plan.minute, zone):
        return ""
    return f"{day:%Y-%m}" if not plan.days else f"{plan.days}d:{datetime.fromordinal(max(first, 1)):%Y-%m-%d}"
