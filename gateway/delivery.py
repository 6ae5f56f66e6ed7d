"""The delivery worker: claims parts, lets their channels send them, and writes down what became of each.

One transaction a cycle records what has come back and claims what goes next. A part is marked as being sent before
its first byte leaves, so a crash in between is `unknown`, never "not sent". A slow provider holds up nobody else.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from bots.kit.events import Media
from gateway.channels.base import Button, Channel, ChannelDown, Limits, Outcome, Outgoing, Sent, Unknown, underway_s
from gateway.clock import LATEST, Clock, Instant
from gateway.events import PartSettled, Received
from gateway.translate import arrival
from gateway.verdicts import SETTLE_FOR_MS, by_kind, judge, pause_of, verdict
from state import failpoint, inbox, letters, outbox
from state.database import Connection, Database
from state.live import Live
from state.outbox import Verdict
from state.records import Part

log = structlog.get_logger()

BATCH = 256
MOST_IN_FLIGHT = 1_024
_SEND_TIMEOUT_S = 30.0
_ASK_AGAIN_S = 5.0
_LONGEST_WAIT_S = 30.0
_POLL_S = 1.0
"""On PostgreSQL a dead process's locks may hide for a moment what is due: the slow poll behind every wake-up."""
_LONGEST_PAUSE_MS = 3_700_000
"""No provider is obeyed for more than an hour: a pause that ends later was noted by a clock that was ahead."""
_ANSWERS = ("re:", "re[", "ответ:", "відповідь:", "aw:")
"""How a subject begins that is an answer's already."""
LEASE_MS = 90_000
"""Longer than a send may take. After so long a claimed part's process is taken for dead (on PostgreSQL, where there may be others)."""


@dataclass(slots=True)
class Cycle:
    go: list[Part] = field(default_factory=list)
    told: bool = False
    changed: bool = False
    recorded: int = 0
    freed: bool = False
    """A part ended without being sent: those behind it may go at once."""
    next_due: Instant | None = None
    paused: dict[str, Instant] = field(default_factory=dict)


class Delivery:
    def __init__(
        self, db: Database, channels: Mapping[str, Channel], live: Live, clock: Clock, *, shard: int = 0,
        jitter: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self.db = db
        self.channels = channels
        """By `channel:account`."""
        self.live = live
        self.clock = clock
        self.shard = shard
        self.jitter = jitter
        """0 to 1: so that not everybody tries again at one moment."""
        self.closing = False
        self.degraded: dict[str, str] = {}
        """Accounts whose credentials are refused, and the provider's words."""
        self._results: list[Verdict] = []
        self._sending: dict[asyncio.Task[None], asyncio.TimerHandle | None] = {}
        """What is under way, and the end of our patience with it."""
        self._paused: dict[str, Instant] = {}
        self._longest_wait = _LONGEST_WAIT_S if db.sqlite else _POLL_S

    @property
    def in_flight(self) -> int:
        return len(self._sending)

    async def run(self) -> None:
        """Until cancelled, or closing: then a cycle under way ends first, so that what it claimed is also sent."""
        pause = 0.0
        while not self.closing:
            try:
                cycle = await self.once()
                pause = 0.0
            except Exception:
                log.exception("delivery_failed")
                pause = min(5.0, pause * 2 or 0.1)
                await asyncio.sleep(pause)
                continue
            if len(cycle.go) < BATCH and not self._results and not cycle.freed:
                await self.live.wait("delivery", self._until(cycle.next_due))

    def _until(self, due: Instant | None) -> float:
        """Seconds. What came due while the cycle ran is no reason to wait longer, but not to wait at all."""
        due = min([d for d in (due, *self._paused.values()) if d is not None], default=None)
        if due is None:
            return self._longest_wait
        return min(self._longest_wait, max(0.001, (due - self.clock.now()) / 1000))

    async def once(self) -> Cycle:
        """One transaction: what came back is recorded, what may go is claimed. Then the sends start."""
        results, self._results = self._results, []
        now = self.clock.now()
        room = 0 if self.closing else min(BATCH, MOST_IN_FLIGHT - self.in_flight)
        self._paused = _still(self._paused, self.live.pauses(), now)
        try:
            cycle = await self.db.write(lambda c: self._cycle(c, results, now, room), "delivery")
        except BaseException:
            self._results = results + self._results
            raise
        self._paused |= cycle.paused
        if cycle.told:
            self.live.wake("turns")
        if cycle.changed:
            self.live.publish("changes")
        for part in cycle.go:
            part.attempts += 1
            part.state = "sending"
            task = asyncio.create_task(self._send(part))
            self._sending[task] = task.get_loop().call_later(_patience_s(part), task.cancel)
            task.add_done_callback(self._forget)
        return cycle

    def _forget(self, task: asyncio.Task[None]) -> None:
        patience = self._sending.pop(task)
        if patience is not None:
            patience.cancel()

    async def settled(self) -> None:
        """Wait until nothing is being sent (tests, a graceful stop)."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def recover(self, *, lease_ms: int = LEASE_MS) -> int:
        """Parts that a dead process was sending: nobody knows whether they went out."""
        now = self.clock.now()
        # Where nobody else can be sending, whenever it was claimed: the clock may have been put back since.
        before = now - lease_ms if lease_ms else LATEST
        lost = await self.db.read(lambda c: outbox.stranded(c, before))
        for part in lost:
            limits = self._limits(part)
            if limits is not None and limits.settles:
                self._spawn_settling(part)
            else:
                self._results.append(by_kind(part, part.error or "crashed while sending", now))
        if lost:
            log.warning("stranded_parts", count=len(lost))
            self.live.wake("delivery")
        return len(lost)

    # -- inside the transaction --------------------------------------------------------------------------------------

    def _cycle(self, conn: Connection, results: list[Verdict], now: Instant, room: int) -> Cycle:
        cycle = Cycle(recorded=len(results))
        outbox.settle(conn, results, now)  # first: it lets the parts behind go in this same cycle
        verdicts: list[Verdict] = []
        paused = list(self._paused)
        for claimed in outbox.candidates(conn, now, room, paused) if room else ():
            part = claimed.part
            against = judge(claimed, self._limits(part), now) or self._over_budget(part, now, cycle)
            if against is not None:
                verdicts.append(against)
            elif part.kind == "ack" or _account(part) not in cycle.paused:
                cycle.go.append(part)
        for part in cycle.go:
            if (limits := self._limits(part)) is not None and limits.threads:
                part.payload |= _thread(conn, part)
        outbox.mark_sending(conn, [p.id for p in cycle.go], now)
        outbox.settle(conn, verdicts, now)
        told = [_tell(v) for v in (*results, *verdicts) if v.tell]
        if told:
            inbox.keep(conn, self.db.ids, told, now, self.shard)
        cycle.told, cycle.changed = bool(told), bool(results or verdicts)
        cycle.freed = any(not v.open for v in verdicts)
        if len(cycle.go) < room:
            cycle.next_due = outbox.next_due(conn, now)
        return cycle

    def _over_budget(self, part: Part, now: Instant, cycle: Cycle) -> Verdict | None:
        """The provider's budgets, taken before anything is sent: an address's puts off its part, an account's all."""
        account = _account(part)
        if part.kind == "ack" or account in cycle.paused:
            return None
        for rate in self.channels[account].rates:
            key = account if rate.scope == "account" else f"{account}:{part.address}"
            wait = self.live.take(key, rate.per_second, rate.burst, now)
            if wait and rate.scope == "account":
                cycle.paused[account] = now + wait
                return None
            if wait:
                return Verdict(part, "queued", open=True, due_at=now + wait, error="paced")
        return None

    def _limits(self, part: Part) -> Limits | None:
        channel = self.channels.get(_account(part))
        return channel.limits if channel else None

    # -- outside it --------------------------------------------------------------------------------------------------

    async def _send(self, part: Part) -> None:
        channel = self.channels[_account(part)]
        try:
            outcome = await channel.send(outgoing(part))
        except asyncio.CancelledError:  # `once` has lost patience; a timer of its own is dearer
            outcome = Unknown("no answer in time")
        except Exception as error:
            log.exception("send_raised", part=part.id, channel=part.channel)
            outcome = Unknown(type(error).__name__)
        failpoint.hit("delivery.after_send")
        self._note(part, channel, outcome)

    def _note(self, part: Part, channel: Channel, outcome: Outcome) -> None:
        now = self.clock.now()
        account = _account(part)
        if (until := pause_of(outcome, now)) is not None:
            self.live.pause(account, until)
        self._watch(account, outcome)
        found = verdict(part, outcome, channel.limits, now, self.jitter())
        self._results.append(found)
        if found.state == "unknown" and found.open:
            part.state = "unknown"
            self._spawn_settling(part)
        self.live.wake("delivery")

    def _watch(self, account: str, outcome: Outcome) -> None:
        if isinstance(outcome, ChannelDown):
            if account not in self.degraded:
                log.error("channel_down", account=account, outcome=str(outcome))
            self.degraded[account] = str(outcome)
        elif isinstance(outcome, Sent):
            self.degraded.pop(account, None)

    def _spawn_settling(self, part: Part) -> None:
        task = asyncio.create_task(self._settle(part))
        self._sending[task] = None
        task.add_done_callback(self._forget)

    async def _settle(self, part: Part) -> None:
        """Ask the provider for a minute what became of a part; a callback may be quicker, and wins."""
        channel = self.channels[_account(part)]
        asked_until = self.clock.now() + SETTLE_FOR_MS
        while True:
            try:
                async with asyncio.timeout(_SEND_TIMEOUT_S):
                    outcome = await channel.settle(outgoing(part))
            except Exception as error:
                log.warning("settle_raised", part=part.id, error=type(error).__name__)
                outcome = None
            if outcome is not None and not isinstance(outcome, Unknown):
                self._results.append(verdict(part, outcome, channel.limits, self.clock.now(), self.jitter()))
                break
            if await self._was_settled(part):
                break
            if self.clock.now() >= asked_until or self.closing:
                if not self.closing:
                    self._results.append(by_kind(part, part.error or "answer never seen", self.clock.now()))
                break
            await asyncio.sleep(_ASK_AGAIN_S)
        self.live.wake("delivery")

    async def _was_settled(self, part: Part) -> bool:
        """By a callback, or by another process, while we were asking."""
        found = await self.db.read(lambda c: outbox.load(c, [part.id]))
        return part.id not in found or not found[part.id].open or found[part.id].attempts != part.attempts


def _patience_s(part: Part) -> float:
    """How long a send may take: more where files of ours go along. Below the lease at any rate."""
    files = sum(file.get("size", 0) for file in part.payload.get("files", ()))
    return min(_SEND_TIMEOUT_S + underway_s(files), LEASE_MS / 1000 - 10)


def _account(part: Part) -> str:
    return f"{part.channel}:{part.account}"


def _still(ours: dict[str, Instant], told: dict[str, Instant], now: Instant) -> dict[str, Instant]:
    """Accounts that must rest: for want of our own budget, or because a provider has said so to some process."""
    latest = now + _LONGEST_PAUSE_MS
    found = {account: until for account, until in ours.items() if now < until < latest}
    return found | {
        account: max(until, found.get(account, 0)) for account, until in told.items() if now < until < latest
    }


def outgoing(part: Part) -> Outgoing:
    """The part as its channel sends it."""
    payload = part.payload
    media = payload.get("media")
    return Outgoing(
        part.id, part.address, payload.get("kind", "text"), payload.get("text", ""),
        tuple(Button(*one) for one in payload.get("buttons", ())),
        payload.get("ask_phone", ""), Media(**media) if media else None, payload.get("template", ""),
        payload.get("variables", {}), payload.get("callback", ""), payload.get("subject", ""),
        tuple(payload.get("answers", ())), part.author != "manager",
        tuple(Media(**file) for file in payload.get("files", ())),
    )  # fmt: skip


def _thread(conn: Connection, part: Part) -> dict[str, object]:
    """What the mail answers, and its subject: its own, that of the talk so far, or what it is about."""
    before = letters.thread_of(conn, part)
    own, talks = str(part.payload.get("subject", "")), before.subject
    answered = talks if talks.lower().startswith(_ANSWERS) else f"Re: {talks}" if talks else ""
    return {"subject": own or answered or str(part.payload.get("topic", "")), "answers": before.ids}


def _tell(v: Verdict) -> inbox.Arrival:
    part = v.part
    cause = v.tell if v.tell in ("blocked", "opted_out", "not_found", "window_closed", "unknown") else "failed"
    settled = PartSettled(part.id, part.deal_id, part.author, cause, v.error, part.channel)  # type: ignore[arg-type]
    return arrival("parley", "self", Received(f"part:{part.id}:{v.state}:{part.attempts}", settled, b""))
