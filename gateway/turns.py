"""The turns worker: takes due lanes in batches formed by pressure, and gives each its turn in one transaction.

What came while the last commit ran is the next batch. A batch that fails is run again one event at a time; an event
that fails five times is parked in quarantine with a task, and its contact goes on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import structlog

from bots.kit.compiler import read_script
from gateway import guard, pager, room
from gateway.clock import Clock, Instant
from gateway.decide import decide, fire
from gateway.desk import Command, Write, asked_for, obey_manager
from gateway.duties import EditTask, FinishTask
from gateway.house import House
from gateway.ledger import Ledger
from gateway.refusals import Conflict, Invalid
from gateway.robots import hear_all, place
from gateway.roster import Look, Roster
from gateway.router import active
from gateway.steering import SteerBot
from gateway.translate import event_from_json
from gateway.unions import elsewhere, pass_on, settle
from state import deals, inbox, lanes, points, scripts, staff, staff_chats, timeline
from state.contacting import contact_made
from state.database import Connection, Database, Unavailable
from state.live import Live
from state.records import InboxRow, LaneRows, Person, Run
from state.staff_chats import Chats

log = structlog.get_logger()

T = TypeVar("T")
BATCH = 96
"""Of lanes. With more at once everybody's turns come together, and then everybody's calls: the one waits for the other."""
POISON_AFTER = 5
_LONGEST_WAIT_S = 30.0
_OF_THE_PAST = ("order", "payment", "parcel")
_ROSTER_MS = 2_000
_ROUNDS = 30
"""Of timers that make others due at once, within one turn."""


@dataclass(slots=True, eq=False)
class Ask:
    """A manager's command on its way through a lane; `deal` is 0 for one that opens a deal."""

    contact: int
    deal: int
    command: Command
    who: Person
    answer: "asyncio.Future[int]"


@dataclass(slots=True)
class Report:
    """What a batch came to."""

    lanes: int = 0
    events: int = 0
    changed: bool = False
    answers: list[tuple[Ask, int | Exception]] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    """Contacts whose turn raised: nothing of it was written."""
    next_due: Instant | None = None
    joined: list[tuple[int, int]] = field(default_factory=list)
    """Contacts whose lane was claimed though they had become part of another, and that other."""
    astray: list[tuple[int, int, int]] = field(default_factory=list)
    """(inbox id, contact, other): events that are another contact's by now."""
    freed: Counter[int] = field(default_factory=Counter)
    """By person: how many open deals they have less than before."""
    pool: bool = False
    """Somebody has room again, and deals wait."""

    def made_room(self, other: "Report") -> None:
        """What another report says of that is true here, too."""
        self.freed += other.freed
        self.pool |= other.pool


class Turns:
    """One per process. On PostgreSQL several processes claim side by side and never meet on a lane."""

    def __init__(self, db: Database, house: House, live: Live, clock: Clock, *, shard: int = 0) -> None:
        self.db = db
        self.house = house
        self.live = live
        self.clock = clock
        self.shard = shard
        self._asks: list[Ask] = []
        self._roster: Roster | None = None
        self._roster_at: Instant = 0
        self._chats: dict[int, staff_chats.Chat] | None = None
        self._chats_at: Instant = 0

    async def ask(self, contact: int, deal: int, command: Command, who: Person) -> int:
        """Put a manager's command through the lane. Raises `Conflict` or `Invalid`; nothing has changed then."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asks.append(Ask(contact, deal, command, who, answer))
        self.live.wake("turns")
        return await answer

    async def together(self, job: Callable[[Connection, Instant], T]) -> T:
        """Something that concerns two lanes: in a transaction of its own, which takes both and waits for who has them."""
        now = self.clock.now()
        answer = await self.db.write(lambda c: job(c, now), "merges")
        self.live.wake("turns")
        self.live.wake("delivery")
        self.live.publish("changes")
        await self._fill(Report(freed=Counter({room.ANYBODY: 1}), pool=True))
        return answer

    async def run(self) -> None:
        """Until cancelled. A failure of the database is waited out; nothing is lost by it."""
        pause = 0.0
        while True:
            try:
                report = await self.once()
                pause = 0.0
            except Exception:
                log.exception("turns_failed")
                pause = min(5.0, pause * 2 or 0.1)
                await asyncio.sleep(pause)
                continue
            if report.lanes < BATCH:
                await self.live.wait("turns", self._until(report.next_due))

    def _until(self, due: Instant | None) -> float:
        if due is None:
            return _LONGEST_WAIT_S
        return min(_LONGEST_WAIT_S, max(0.001, (due - self.clock.now()) / 1000))

    async def once(self) -> Report:
        """One batch: claim, decide, save, commit; then the bad ones by themselves."""
        asks, self._asks = self._asks, []
        now = self.clock.now()
        taking = self.db.hand_in(lambda c: self._batch(c, asks, now, BATCH), "turns")
        self.live.wake("delivery")  # handed in behind this, its cycle goes into the same commit
        try:
            report = await taking
        except Exception as error:
            report = await self._one_by_one(asks, now, error)
            report.next_due = now  # what is due besides, or may be tried again, is known when it is asked for
            self.live.wake("delivery")
        _settle(report.answers)
        for contact in report.failed:
            await self._alone(contact, report)
            self.live.wake("delivery")
        if report.changed:
            self.live.publish("changes")
        if report.freed:
            await self._fill(report)
        return report

    async def _fill(self, report: Report) -> None:
        """Who has room again is known, and given what waits."""
        if room.ANYBODY in report.freed:
            self.forget_staff()
        elif self._roster is not None:
            self._roster.open_deals.subtract(report.freed)
        if not report.pool:
            return
        now, shop = self.clock.now(), self.house.playbook
        try:
            looking = await self.db.write(lambda c: room.fill(c, shop, report.freed.total(), now), "turns")
        except Exception as error:  # what made room is done and told, and the pool looks by itself as well
            log.warning("pool_not_woken", error=repr(error))
            return
        if looking:
            report.next_due = now
            self.live.wake("turns")

    def _batch(self, conn: Connection, asks: Sequence[Ask], now: Instant, n: int, *, events: int = 1_000) -> Report:
        """The whole batch's transaction: one plain function of a connection."""
        report, batch = Report(), lanes.Writes()
        for rows in self._claim(conn, now, n, [a.contact for a in asks]):
            mine = [a for a in asks if a.contact == rows.contact.id]
            self._turn(conn, rows, mine, now, batch, report, events)
        self._save(conn, batch, now, report)
        report.changed = bool(batch.changes)
        if report.lanes < n:
            report.next_due = lanes.next_due(conn)
        answered = {id(a) for a, _ in report.answers}
        report.answers += [(a, Conflict("gone", "the contact is not there")) for a in asks if id(a) not in answered]
        return report

    def _claim(self, conn: Connection, now: Instant, n: int, only: Sequence[int]) -> list[LaneRows]:
        """The lanes of this batch. Those that hand out the pool see who has room at this moment, whoever has given what."""
        found = lanes.claim(conn, now, n, only=only, ids=self.db.ids)
        if self.house.playbook.assign and room.hands_out(found, now):
            staff.hand_out_alone(conn)
            self._roster = None
            found.sort(key=lambda rows: room.waits_since(rows, now))
        return found

    def _turn(
        self, conn: Connection, rows: LaneRows, asks: list[Ask], now: Instant, batch: lanes.Writes, report: Report, n: int
    ) -> None:  # fmt: skip
        """One contact: what waits, then what is due, then what managers ask."""
        if rows.contact.merged_into is not None:
            _leave_to(rows.contact.merged_into, rows, asks, batch, report)
            return
        _know_scripts(conn, self.house, rows.runs.values())
        ledger = Ledger(rows, self.db.ids, self.house, batch, now, self._look(conn, now))
        had = room.held(rows.deals)
        try:
            for event in rows.inbox[:n]:
                if event.kind in _OF_THE_PAST or self._looks_back(event):
                    _know_past(conn, rows)
                if (other := _hear(conn, ledger, event)) is not None:
                    report.astray.append((event.id, rows.contact.id, other))
            # One at a time, timers wait until nothing else does: a bad one must not be taken for a bad message.
            if n > 1 or not rows.inbox:
                _let_fire(conn, ledger)
            for ask in asks:
                report.answers.append((ask, _obey(conn, ledger, ask)))
                hear_all(ledger)
            if asks:
                _let_fire(conn, ledger)
            ledger.give_otherwise()
            if ledger.loose:
                guard.keep(ledger)
        except Exception:
            log.warning("turn_failed", contact=rows.contact.id)
            raise  # nothing of this batch is written; every lane of it is then taken by itself
        due = now if len(rows.inbox) >= min(n, lanes.PER_LANE) else ledger.next_due()
        batch.lanes.append({"b_id": rows.contact.id, "b_due": due, "b_pace": rows.pace})
        report.lanes += 1
        report.events += len(rows.inbox[:n])
        if had:
            report.freed += had - room.held(rows.deals)

    async def _one_by_one(self, asks: list[Ask], now: Instant, error: Exception) -> Report:
        """The batch as a whole could not be saved: every lane by itself, so that one bad row harms nobody else."""
        log.error("batch_failed", error=repr(error))
        total = Report()
        try:
            due = await self.db.read(lambda c: lanes.due(c, now, BATCH))
        except Exception as away:
            _tell(asks, away)
            raise
        for contact in dict.fromkeys([*(a.contact for a in asks), *due]):
            mine = [a for a in asks if a.contact == contact]
            try:
                one = await self.db.write(partial(self._only, contact=contact, asks=mine, now=now), "turns")
            except Unavailable as away:  # no lane's fault: nothing is counted, and everybody is tried again
                _tell([a for a in asks if not a.answer.done()], away)
                raise
            except Exception as alone:
                log.exception("lane_failed", contact=contact)
                total.failed.append(contact)
                _tell(mine, alone)
                continue
            total.lanes += one.lanes
            total.made_room(one)
            _settle(one.answers)
            total.changed |= one.changed
        return total

    def _only(self, conn: Connection, contact: int, asks: list[Ask], now: Instant, *, events: int = 1_000) -> Report:
        report, batch = Report(), lanes.Writes()
        for rows in self._claim(conn, now, 0, [contact]):
            self._turn(conn, rows, asks, now, batch, report, events)
        self._save(conn, batch, now, report)
        report.changed = bool(batch.changes)
        return report

    def _save(self, conn: Connection, batch: lanes.Writes, now: Instant, report: Report) -> None:
        """What the turns came to, and who has turned out to be whom."""
        lanes.save(conn, batch, now, self.shard, ids=self.db.ids)
        if settle(conn, self.db.ids, self.house.playbook, batch, now):
            report.freed[room.ANYBODY] += 1
        report.pool = bool(report.freed) and bool(self.house.playbook.assign) and staff.anybody_waits(conn)
        pass_on(conn, report.joined, report.astray, now)
        if batch.tasks or batch.news or batch.handed_tasks:
            who = pager.Staff(self._known_chats(conn, now), lambda: self._known_staff(conn, now))
            pager.call(conn, batch, who, self.house, self.db.ids, now)
        if batch.ties:
            self.forget_staff()

    async def _alone(self, contact: int, total: Report) -> None:
        """A lane whose turn raised: its events one at a time, until the bad one is found and counted or parked."""
        now = self.clock.now()
        for _ in range(lanes.PER_LANE):
            try:
                report = await self.db.write(lambda c: self._only(c, contact, [], now, events=1), "turns")
            except Unavailable:
                raise  # not the event's fault
            except Exception:
                log.exception("event_failed", contact=contact)
                await self.db.write(lambda c: self._count_failure(c, contact, now), "turns")
                return
            total.made_room(report)
            if not report.events:
                return

    def _count_failure(self, conn: Connection, contact: int, now: Instant) -> None:
        """The first waiting event (or else the due timers) of this lane did it."""
        for rows in lanes.claim(conn, now, 0, only=[contact], ids=self.db.ids):
            ledger = Ledger(rows, self.db.ids, self.house, lanes.Writes(), now, self._look(conn, now))
            due: Instant | None = now
            if not rows.inbox:
                for timer in [t for t in rows.timers.values() if t.due_at <= now]:
                    ledger.cut_timer(timer.key)
                    log.error("timer_parked", contact=contact, timer=timer.key)
                    deal = next((d for d in rows.deals if d.id == timer.deal_id), None)
                    if deal is not None:
                        ledger.create_task(deal, "check_event", ledger.words.line("task_timer"), "robot")
                due = ledger.next_due()
            elif rows.inbox[0].attempts + 1 < POISON_AFTER:
                ledger.writes.retries.append(rows.inbox[0].id)
                due = now + 200 * 2 ** rows.inbox[0].attempts
            else:
                _park(ledger, rows.inbox[0])
            ledger.writes.lanes.append({"b_id": contact, "b_due": due, "b_pace": rows.pace})
            lanes.save(conn, ledger.writes, now, self.shard, ids=self.db.ids)

    def _look(self, conn: Connection, now: Instant) -> Look:
        return Look(
            lambda: self._known_staff(conn, now),
            lambda deal: deals.open_tasks(conn, deal),
            lambda key: inbox.is_known(conn, key),
            lambda point: points.owner(conn, point),
            lambda contact, since: contact_made(conn, contact, since),
            Chats(conn),
        )

    def forget_staff(self) -> None:
        """Somebody has come, gone or changed: who works here is asked anew."""
        self._roster = self._chats = None

    def _known_chats(self, conn: Connection, now: Instant) -> dict[int, staff_chats.Chat]:
        """Whose tasks go to a chat, read as often."""
        if self._chats is None or not 0 <= now - self._chats_at < _ROSTER_MS:
            self._chats, self._chats_at = staff_chats.chats(conn), now
        return self._chats

    def _looks_back(self, row: InboxRow) -> bool:
        """A form that opens nothing is a word on the last deal, which may be closed."""
        return row.kind == "form" and not self.house.entrance(row.event["event"]["form"], "form").opens

    def _known_staff(self, conn: Connection, now: Instant) -> Roster:
        """Who works here, read at most once in a while; what is given out meanwhile is counted in."""
        known = self._roster
        if known is None or not 0 <= now - self._roster_at < _ROSTER_MS:
            shop = self.house.playbook
            known = Roster(staff.colleagues(conn), staff.load(conn), staff.last_given(conn), shop.shifts)
            self._roster, self._roster_at = known, now
        return known


def _know_scripts(conn: Connection, house: House, runs: Iterable[Run]) -> None:
    """Runs are pinned to the version they began with: one that this process has not met is read where it is kept."""
    for run in runs:
        if run.script not in house.by_hash and (kept := scripts.source(conn, run.script)):
            script, _ = read_script(kept[1], kept[0], house.playbook.asks)
            if script is not None:
                house.by_hash[run.script] = script


def _settle(answers: Sequence[tuple[Ask, int | Exception]]) -> None:
    for ask, answer in answers:
        if not ask.answer.done():
            ask.answer.set_exception(answer) if isinstance(answer, Exception) else ask.answer.set_result(answer)


def _tell(asks: Sequence[Ask], error: Exception) -> None:
    """Nobody who asks is left without an answer."""
    _settle([(ask, error) for ask in asks])


def _leave_to(kept: int, rows: LaneRows, asks: list[Ask], batch: lanes.Writes, report: Report) -> None:
    """The contact has become part of another: what came meanwhile is that one's, in its own lane."""
    report.joined.append((rows.contact.id, kept))
    report.answers.extend((ask, Conflict("moved", "the contact was just joined to another")) for ask in asks)
    batch.lanes.append({"b_id": rows.contact.id, "b_due": None, "b_pace": rows.pace})
    report.lanes += 1


def _let_fire(conn: Connection, ledger: Ledger) -> None:
    """What is due, in the order of time; and what that makes due at once, within reason: the rest is the next turn's."""
    timers = ledger.rows.timers
    for _ in range(_ROUNDS):
        due = [t for t in timers.values() if t.due_at <= ledger.now]
        if not due:
            return
        for timer in sorted(due, key=lambda t: (t.due_at, place(ledger, t))):
            if timers.get(timer.key) is timer:
                _know_deal(conn, ledger.rows, timer.deal_id)
                fire(ledger, timer)
                hear_all(ledger)


def _know_deal(conn: Connection, rows: LaneRows, deal_id: int) -> None:
    """Robots of a closing stage act on deals that are closed; those are not loaded with the lane."""
    if all(deal.id != deal_id for deal in rows.deals):
        found = deals.find(conn, deal_id)
        if found is not None and found.contact_id == rows.contact.id:
            rows.deals.append(found)


def _know_past(conn: Connection, rows: LaneRows) -> None:
    """Orders and parcels may be news of a deal that is closed: a customer's latest are looked at, too."""
    there = {deal.id for deal in rows.deals}
    rows.deals += [deal for deal in deals.latest(conn, rows.contact.id) if deal.id not in there]


def _hear(conn: Connection, ledger: Ledger, row: InboxRow) -> int | None:
    """Let it have its effect. The answer is whose it is, where it is another contact's by now."""
    event = event_from_json(row.kind, row.event)
    ignored = decide(ledger, event)
    hear_all(ledger)
    other = elsewhere(conn, event, ignored, ledger.contact.id) if ignored else None
    if other is None:
        state = "ignored" if ignored else "processed"
        ledger.writes.done.append((row.id, state, ignored))
        ledger.writes.tallies[row.channel, state, ignored] += 1
    return other


def _park(ledger: Ledger, row: InboxRow) -> None:
    ledger.writes.done.append((row.id, "quarantined", "poison"))
    ledger.writes.tallies[row.channel, "quarantined", "poison"] += 1
    deal = active(ledger.rows.deals, ledger.house.slot)
    if deal is None:
        deal = ledger.open_deal(row.channel, "opened: an event of this contact could not be handled")
    ledger.create_task(deal, "check_event", ledger.words.line("task_poison", id=row.id), "robot")


def _sent_before(conn: Connection, ledger: Ledger, deal_id: int, message: Write, who: Person) -> int | None:
    """The entry that this composer's message already became, in this turn or an earlier one. Another's id is refused."""
    if not message.client_id:
        return None
    entries = ledger.writes.entries
    found = next((e for e in entries if e.deal_id == deal_id and e.client_id == message.client_id), None)
    found = found or timeline.by_client_id(conn, deal_id, message.client_id)
    if found is None:
        return None
    same = asked_for(message).items() <= found.data.items() if message.template else found.text == message.text
    if found.person_id != who.id or not same:
        raise Conflict("client_id_reused", "this client_id is another message's: nothing was sent; use a new one")
    return found.id


def _last_run(conn: Connection, ledger: Ledger, deal_id: int) -> Run | None:
    """The deal's newest run, as this turn has left it."""
    run = deals.last_run(conn, deal_id)
    fresh = [r for r in (*ledger.writes.runs.values(), *ledger.writes.new_runs.values()) if r.deal_id == deal_id]
    return max(fresh, key=lambda r: r.id) if fresh else run


def _obey(conn: Connection, ledger: Ledger, ask: Ask) -> int | Exception:
    try:
        deal = next((d for d in ledger.rows.deals if d.id == ask.deal), None)
        if deal is None and ask.deal:
            deal = deals.find(conn, ask.deal)
            if deal is not None and deal.contact_id != ledger.contact.id:
                return Conflict("moved", "the deal was just joined to another contact's")
        if isinstance(ask.command, Write) and deal is not None:
            sent_before = _sent_before(conn, ledger, deal.id, ask.command, ask.who)
            if sent_before is not None:
                return sent_before
        command = ask.command
        if isinstance(command, (FinishTask, EditTask)):  # as it is now, not as the asker read it
            task = deals.find_task(conn, command.task.id)
            if task is None or any(done == task.id for done, _, _ in ledger.writes.done_tasks):
                return Conflict("done", "the task is already done")
            command = replace(command, task=task)
        if isinstance(command, SteerBot) and command.action == "resume" and deal is not None:
            last = _last_run(conn, ledger, deal.id)
            _know_scripts(conn, ledger.house, [last] if last is not None else [])
            command = replace(command, last=last)
        return obey_manager(ledger, deal, command, ask.who)
    except (Conflict, Invalid) as refusal:
        return refusal
