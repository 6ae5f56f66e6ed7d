"""One contact's turn, in memory: what is known, and the rows that the turn comes to.

`decide` reads and calls its verbs; nothing here touches the outside. What the verbs wrote is saved by the turns
worker in one transaction, or forgotten whole.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from bots.kit.beginnings import STARTS, of_stage
from bots.kit.beginnings import expected as beginning
from bots.kit.effects import Choice
from bots.kit.events import Media
from bots.kit.reckoning import reckoned
from bots.robots.facts import DealFacts
from bots.robots.machine import Expected, expected, moved
from gateway import novaposhta
from gateway.clock import Instant
from gateway.house import House
from gateway.knowing import known_of
from gateway.likeness import claimed
from gateway.parts import plan
from gateway.roster import Look
from gateway.wording import SHARE_PHONE, line, topic
from state import steps
from state.claims import Claim
from state.ids import Ids
from state.inbox import identity_key, point_keys
from state.joining import APART
from state.lanes import Writes
from state.records import Deal, Entry, Identity, LaneRows, Part, Person, Run, Stay, Task, Timer, Wait

ROBOT: Final = "robot:"
"""How the name of a robot's timer begins: then come the robot, the stay in the stage, and how deep in a chain it is."""

_CHAIN_MS: Final = 60_000
"""Robots that lead to one another faster than this are counted: they may go round in a circle."""


class Ledger:
    """The draft of one lane's turn. Rows loaded are changed in place; what changed is remembered in `writes`."""

    def __init__(
        self,
        rows: LaneRows,
        ids: Ids,
        house: House,
        writes: Writes,
        now: Instant,
        look: Look | None = None,
    ) -> None:
        self.rows = rows
        self.ids = ids
        self.house = house
        self.writes = writes
        self.now = now
        self.contact = rows.contact
        self.look = look or Look()
        self.loose: dict[int, Deal] = {}
        """Deals from which this turn has taken something that held on to them (gateway/guard.py)."""
        self.chain = 0
        """How many robots have led to one another before what is done now."""
        self.happened: list[tuple[Deal, str, str]] = []
        """(deal, what, which): what triggers have yet to hear of."""
        self._keys = {identity_key(i.channel, i.account, i.address): i for i in rows.identities.values()}

    # -- who ---------------------------------------------------------------------------------------------------------

    def identity(self, channel: str, account: str, address: str) -> Identity | None:
        return self._keys.get(identity_key(channel, account, address))

    def addressed(self, part: int) -> Identity | None:
        """Whom a part of ours went to, that an event of this turn is about."""
        known = self.rows.parts.get(part)
        return self.rows.identities.get(known[3]) if known else None

    def touch_identity(self, identity: Identity) -> None:
        self.writes.identities[identity.id] = identity

    def move_identity(self, identity: Identity, address: str) -> None:
        """To another address of the same channel; what this turn still hears from the old one is theirs, too."""
        identity.address = address
        self._keys[identity_key(identity.channel, identity.account, address)] = identity
        self.writes.moved.append((identity.id, address))

    def touch_contact(self) -> None:
        self.writes.contacts[self.contact.id] = self.contact

    def prove_point(self, kind: str, value: str) -> None:
        """The channel vouches for it: whoever has it already is the same person."""
        for key in point_keys({kind: value}):
            self.writes.points.append({"key": key, "contact_id": self.contact.id, "verified_at": self.now})
            self.writes.proofs.append((self.contact.id, key))
            self.writes.claims.append(Claim(self.contact.id, key, proved=True))

    def claim(self, name: str, value: Any) -> None:
        """The contact says this of themselves: whoever else says so may be the same person."""
        key = claimed(name, value, self.contact.name, self.house.region)
        if key:
            self.writes.claims.append(Claim(self.contact.id, key))

    # -- deals -------------------------------------------------------------------------------------------------------

    def deal_in(self, slot: str) -> Deal | None:
        return next((d for d in self.rows.deals if d.slot == slot and d.closed_at is None), None)

    def open_deal(
        self, source: str, why: str, *, funnel: str = "", stage: str = "", tag: str = "", title: str = "", apart: bool = False, like: Deal | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Deal:  # fmt: skip
        """`apart`: beside the open deal that the contact has in this group already, if they have one; `like`: what it goes on from."""
        path = self.house.funnel(funnel)
        first = path.stage(stage) or path.stages[0]
        number = self.ids.take("deal")
        slot = f"{path.slot}{APART}{number}" if apart and self.deal_in(path.slot) is not None else path.slot
        deal = Deal(
            id=number, contact_id=self.contact.id, funnel=path.name, slot=slot, stage=first.name,
            title=title, source=source, why=why, tags=[tag] if tag else [], fields=dict(fields or {}), responsible_id=None, owner="pool", epoch=1, route_id=None,
            waiting_since=None, stage_at=self.now, opened_at=self.now, closed_at=None, outcome=None, reason="", version=1,
        )  # fmt: skip
        if like is not None:
            deal.fields, deal.tags, deal.responsible_id = dict(like.fields), [*like.tags], like.responsible_id
            deal.owner, deal.route_id = "person" if like.owner == "person" else "pool", like.route_id
        self.rows.deals.append(deal)
        self.writes.new_deals[deal.id] = deal
        self.loose[deal.id] = deal
        self.write_line(deal, "system", "opened", data={"event": "opened", "why": why})
        self._expect_bots(deal)
        points = point_keys({"phone": self.contact.phone, "email": self.contact.email})
        self.writes.claims += [Claim(self.contact.id, key, proved=True) for key in points]
        return deal

    def join_deals(self, leading: Deal, other: Deal, why: str, person: Person | None = None) -> int:
        """Two open deals of this contact are one: the answer is the merge's id, by which it can be undone.

        They become one behind this turn, in its commit: what the turn still does to either has its effect first.
        """
        merge = self.ids.take("merge")
        self.writes.joins.append((merge, leading.id, other.id, why, person.id if person else None))
        return merge

    def touch(self, deal: Deal, *, bump: bool = True) -> None:
        """The deal's row changed. `bump`: in a way that a form opened before should notice."""
        if bump:
            deal.version += 1
        if deal.id not in self.writes.new_deals:
            self.writes.deals[deal.id] = deal

    def change(self, deal: Deal, kind: str, ref: int = 0) -> None:
        self.writes.changes.append({"at": self.now, "kind": kind, "deal_id": deal.id, "ref_id": ref})

    def wait_for_us(self, deal: Deal, identity: Identity) -> None:
        """The customer has spoken: replies go where they wrote from, and they are waiting."""
        if deal.route_id != identity.id or deal.waiting_since is None:
            deal.route_id = identity.id
            if deal.waiting_since is None:
                deal.waiting_since = self.now
            self.touch(deal, bump=False)

    def answered(self, deal: Deal) -> None:
        if deal.waiting_since is not None:
            deal.waiting_since = None
            self.loose[deal.id] = deal
            self.touch(deal, bump=False)

    def set_field(self, deal: Deal, name: str, value: Any) -> None:
        if deal.fields.get(name) != value:
            deal.fields = {**deal.fields, name: value}
            self.touch(deal)
            if name == "tracking" and value:
                number = str(value)[:64]
                self.writes.tracked.append(
                    (self.contact.id, number, novaposhta.NAME if novaposhta.is_ours(number) else "")
                )
            self._field_changed(deal, name)
            for one in self.house.sums.get(name, ()):
                if (total := reckoned(one.terms, deal.fields)) != "" or one.name in deal.fields:
                    self.set_field(deal, one.name, total)
            self.claim(name, value)

    def add_tag(self, deal: Deal, tag: str) -> None:
        if tag not in deal.tags:
            deal.tags = [*deal.tags, tag]
            self.touch(deal)
            self.happens(deal, "tag", tag)

    def remove_tag(self, deal: Deal, tag: str) -> None:
        if tag in deal.tags:
            deal.tags = [one for one in deal.tags if one != tag]
            self.touch(deal)

    def move(self, deal: Deal, stage: str, author: str, person: Person | None = None, reason: str = "") -> None:
        """Another stage of the deal's own funnel; a won or lost stage closes the deal."""
        path = self.house.funnel(deal.funnel)
        target = path.stage(stage)
        if target is None or deal.stage == stage:
            return
        run = self.rows.runs.get(deal.id)
        if run is not None and author != "bot" and self._of_stage(deal, run):
            self.stop_run(deal, run, line("why_moved_on"))
        old = path.stage(deal.stage)
        text = line("stage", old=old.title if old else deal.stage, new=target.title)
        stood, since = deal.stage, deal.stage_at
        deal.stage, deal.stage_at = stage, self.now
        self.loose[deal.id] = deal
        self.touch(deal)
        data = {"event": "moved", "to": stage, "reason": reason}
        told = self.write_entry(deal, "stage", author=author, text=text, data=data, person=person)
        self.writes.stays.append(Stay(deal.id, told.id, stood, since, self.now, stage))
        if target.outcome:
            self.close_deal(deal, target.outcome, reason, author, person)
        else:
            self._expect_bots(deal)

    def _of_stage(self, deal: Deal, run: Run) -> bool:
        """Whether the bot is there because of the stage that the deal is in: what it says is true nowhere else."""
        return of_stage(self.house.on_stage.get((deal.funnel, deal.stage), ()), run.bot)

    def _expect_bots(self, deal: Deal) -> None:
        """The deal has entered a stage: what the one before would have begun is off, what this one begins is set."""
        self._cut_starts(deal)
        rules = self.house.on_stage.get((deal.funnel, deal.stage), ())
        for rule, name, at in beginning(rules, deal.stage_at, self.house.playbook.working(deal.funnel)):
            self._set_timer(Timer(self.contact.id, f"deal:{deal.id}:start:{rule.bot}", deal.id, 0, name, at))
        if robots := self.house.playbook.board.of(deal.funnel, deal.stage):
            for one in expected(robots, self.facts(deal)):
                self.expect(deal, one)

    # -- robots ------------------------------------------------------------------------------------------------------

    def facts(self, deal: Deal) -> DealFacts:
        """What robots may know."""
        route = self.route_of(deal)
        channel = route.channel if route else ""
        return known_of(self.house, self.contact, deal, channel, self.now, self.responsible(deal))

    def responsible(self, deal: Deal) -> str:
        """The name of who answers for it."""
        return self.look.roster().name(deal.responsible_id) if deal.responsible_id is not None else ""

    def expect(self, deal: Deal, one: Expected) -> None:
        """A robot will have its turn then, if the deal still is where it is; without a time, not at all."""
        key = f"deal:{deal.id}:{ROBOT}{one.robot}"
        if one.at is None:
            self.cut_timer(key)
            return
        chain = self.chain + 1 if self.chain and one.at - self.now < _CHAIN_MS else 1
        name = f"{ROBOT}{one.robot}:{deal.stage_at}:{chain}"
        self._set_timer(Timer(self.contact.id, key, deal.id, 0, name, one.at))

    def happens(self, deal: Deal, on: str, which: str = "") -> None:
        """Triggers of the deal's funnel are to hear of it, where there are any for such a thing."""
        triggers = self.house.playbook.board.triggers.get((deal.funnel, on), ())
        if any(trigger.which in ("", which) for trigger in triggers):
            self.happened.append((deal, on, which))

    def open_tasks(self, deal: Deal) -> list[Task]:
        """Of a deal, with those that this turn has made."""
        return [
            *self.look.open_tasks(deal.id),
            *(t for t in self.writes.tasks if t.deal_id == deal.id and t.state == "open"),
        ]

    def _field_changed(self, deal: Deal, name: str) -> None:
        board = self.house.playbook.board
        if name in board.dates and (robots := board.of(deal.funnel, deal.stage)):
            for one in moved(robots, name, self.facts(deal)):
                self.expect(deal, one)
        self.happens(deal, "field", name)

    def _cut_starts(self, deal: Deal) -> None:
        of_stage = [
            k for k, t in self.rows.timers.items() if t.deal_id == deal.id and t.name.startswith((STARTS, ROBOT))
        ]
        for key in of_stage:
            self.cut_timer(key)
            self.loose[deal.id] = deal

    def close_deal(self, deal: Deal, outcome: str, reason: str, author: str, person: Person | None = None) -> None:
        bots, stood, since = author == "bot", deal.stage, deal.stage_at
        if run := self.rows.runs.get(deal.id):
            bots = True
            self.stop_run(deal, run, line("why_closed"), left="closed")
        waited = None if bots else deal.waiting_since
        for key in [k for k, t in self.rows.timers.items() if t.deal_id == deal.id]:
            self.cut_timer(key)
        deal.closed_at, deal.outcome, deal.reason = self.now, outcome, reason
        deal.waiting_since = None
        end = self.house.funnel(deal.funnel).ending(outcome)
        if end is not None:
            deal.stage, deal.stage_at = end, self.now
        self.touch(deal)
        text = line("closed", why=self.house.reason(reason))
        data = {"event": "closed", "outcome": outcome, "reason": reason}
        told = self.write_entry(deal, "system", author=author, text=text, data=data, person=person)
        if end is not None and stood != end:
            self.writes.stays.append(Stay(deal.id, told.id, stood, since, self.now, end))
        if waited is not None:
            self._waited(deal, told, waited, None)
        self._expect_bots(deal)

    def _waited(self, deal: Deal, told: Entry, since: Instant, person: Person | None) -> None:
        """The customer's wait for a person is over."""
        route = self.route_of(deal)
        channel = route.channel if route else told.channel or "phone"
        self.writes.waits.append(Wait(told.id, deal.id, channel, since, self.now, person.id if person else None))

    # -- the timeline ------------------------------------------------------------------------------------------------

    def write_entry(
        self, deal: Deal, kind: str, *, author: str, text: str, data: Mapping[str, Any] | None = None,
        direction: str = "", identity: Identity | None = None, media: list[dict[str, Any]] | None = None,
        person: Person | None = None, client_id: str | None = None,
    ) -> Entry:  # fmt: skip
        if client_id and direction == "in" and identity:
            # A visitor's page chooses its ids; they must meet neither a composer's nor another visitor's in this deal.
            client_id = f"{identity.id}:{client_id}"
        entry = Entry(
            self.ids.take("entry"), deal.id, self.contact.id, self.now, kind, direction,
            identity.channel if identity else "", identity.id if identity else None, author,
            person.id if person else None, text, media or [], dict(data or {}), client_id,
        )  # fmt: skip
        self.writes.entries.append(entry)
        self.change(deal, kind, entry.id)
        return entry

    def write_line(self, deal: Deal, kind: str, key: str, *, data: Mapping[str, Any], **values: object) -> Entry:
        return self.write_entry(deal, kind, author="system", text=line(key, **values), data=data)

    def create_task(
        self, deal: Deal, kind: str, text: str, created_by: str, *, details: Mapping[str, Any] | None = None,
        responsible: int | None = None, due_at: Instant | None = None, person: Person | None = None,
    ) -> Task:  # fmt: skip
        task = Task(
            id=self.ids.take("task"), deal_id=deal.id, contact_id=self.contact.id, kind=kind, text=text, details=dict(details or {}),
            responsible_id=responsible if responsible is not None else deal.responsible_id, due_at=due_at if due_at is not None else self.house.due(kind, self.now, deal.funnel),
            state="open", result="", created_by=created_by, created_at=self.now,
        )  # fmt: skip
        self.writes.tasks.append(task)
        data = {"event": "created", "task": task.id, "kind": kind, "details": task.details}
        self.write_entry(deal, "task", author=created_by, text=text, data=data, person=person)
        return task

    def end_tasks(self, deal: Deal, result: str) -> None:
        """All that was to be done for this deal has become needless."""
        self.writes.ended_tasks.append((deal.id, result))
        self.loose[deal.id] = deal
        for task in self.writes.tasks:
            if task.deal_id == deal.id and task.state == "open":
                task.state, task.result, task.done_at = "done", result, self.now

    # -- speaking ----------------------------------------------------------------------------------------------------

    def route_of(self, deal: Deal) -> Identity | None:
        return self.rows.identities.get(deal.route_id) if deal.route_id is not None else None

    def say(
        self, deal: Deal, identity: Identity, text: str, *, author: str, choices: tuple[Choice, ...] = (),
        token: str = "", ask_phone: bool = False, person: Person | None = None, client_id: str | None = None,
        template: Mapping[str, Any] | None = None, media: Sequence[Media] = (), subject: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Entry:  # fmt: skip
        """Put one message into the outbox, a part for each provider call it takes. `subject`: where messages have one;
        `data`: what its entry remembers.
        """
        limits = self.house.limits(identity.channel, identity.account)
        entry = self.write_entry(
            deal, "message", author=author, text=text, direction="out", identity=identity, person=person, client_id=client_id,
            data={"choices": [[c.key, c.label] for c in choices], "token": token} if choices else data,
            media=[asdict(file) for file in media],
        )  # fmt: skip
        if template:
            payloads = [dict(template)]
        else:
            label = SHARE_PHONE if ask_phone else ""
            parts = plan(
                text, choices, limits=limits, data=lambda one: f"{token}.{one.key}", media=media, ask_phone=label
            )
            payloads = [part.payload() for part in parts]
        if limits.threads:
            self._head(deal, entry, payloads, subject)
        for payload in payloads:
            kind = "reply" if author == "bot" else "service"
            self._queue(deal.id, entry.id, identity, payload, author, kind, deal.epoch if author == "bot" else None)
        if person is not None and deal.waiting_since is not None:
            self._waited(deal, entry, deal.waiting_since, person)
        if author != "robot":
            self.answered(deal)
        return entry

    def _head(self, deal: Deal, entry: Entry, payloads: list[dict[str, Any]], subject: str) -> None:
        """What it is about: as said, else the talk's own subject (when it leaves), else the deal."""
        if subject:
            entry.data["subject"] = subject
        about = {"subject": subject} if subject else {"topic": topic(self.house.playbook.language, deal.id)}
        for payload in payloads:
            payload.update(about)

    def _queue(
        self, deal: int, entry: int, identity: Identity, payload: dict[str, Any], author: str, kind: str, epoch: int | None, to: str = "",
    ) -> None:  # fmt: skip
        """`to`: an endpoint instead of the identity's own address."""
        where = ("endpoint", to, "") if to else (identity.channel, identity.account, identity.address)
        part = self.ids.take("part")
        self.writes.parts.append(
            Part(part, entry, deal, self.contact.id, identity.id, *where, payload, author, kind, epoch, 0, self.now)
        )

    def acknowledge(self, identity: Identity, callback: str, text: str = "") -> None:
        """Answer a pressed button, so that the customer's app stops waiting for it."""
        self._queue(0, 0, identity, {"kind": "ack", "callback": callback, "text": text}, "robot", "ack", None)

    def call_endpoint(
        self, deal: Deal, identity: Identity, endpoint: str, fields: Mapping[str, object], asked: str, *, author: str = "bot",
    ) -> None:  # fmt: skip
        """Ask a declared endpoint, as a part in the customer's line: what is said later is said behind it."""
        payload, epoch = (
            {"kind": "call", "variables": dict(fields), "callback": asked},
            deal.epoch if author == "bot" else None,
        )
        self._queue(deal.id, 0, identity, payload, author, "service", epoch, endpoint)

    def loops(self, text: str) -> bool:
        """Count one automatic message; True when the contact has had too many, or too many alike."""
        guard = self.house.loop_guard
        if not guard.messages:
            return False
        since = self.now - guard.minutes * 60_000
        digest = zlib.crc32(text.encode())
        pace = [p for p in self.rows.pace if p[0] > since]
        pace.append([self.now, digest])
        self.rows.pace = pace[-guard.messages - 1 :]
        return len(pace) > guard.messages or sum(1 for p in pace if p[1] == digest) > guard.equal

    # -- runs and timers ---------------------------------------------------------------------------------------------

    def end_run(self, deal: Deal, run: Run, status: str, reason: str, text: str, *, left: str = "stopped") -> None:
        """The bot has stopped: one line in the timeline that managers rely on. `left`: why, for those who count."""
        self.writes.steps += steps.end(run, left, self.now)
        run.status, run.reason, run.ended_at, run.waits_until = status, reason, self.now, None
        self.touch_run(run)
        self.rows.runs.pop(deal.id, None)
        self.loose[deal.id] = deal
        for key in [k for k, t in self.rows.timers.items() if t.run_id == run.id]:
            self.cut_timer(key)
        if deal.owner == "bot":
            deal.owner = "pool"
        self.touch(deal)
        data = {"event": status, "bot": run.bot, "reason": reason}
        self.write_entry(deal, "bot", author="system", text=text, data=data)

    def stop_run(self, deal: Deal, run: Run, why: str, *, left: str = "stopped") -> None:
        """Somebody else ended it: what the bot still had to say is not said."""
        text = line("bot_stopped", bot=self.house.title(run.bot), why=why)
        self.end_run(deal, run, "stopped", why, text, left=left)
        self.silence(deal, why)

    def silence(self, deal: Deal, why: str) -> None:
        deal.epoch += 1
        self.touch(deal)
        self.writes.silenced.append((deal.id, why))
        for part in self.writes.parts:
            if part.deal_id == deal.id and part.author == "bot" and part.state == "queued":
                part.state, part.open, part.error, part.settled_at = "blocked", 0, why, self.now

    def pin_run(self, run: Run, script: str) -> None:
        """Another version of its script from here on."""
        run.script = script
        self.writes.pinned.append((run.id, script))

    def touch_run(self, run: Run) -> None:
        if run.id not in self.writes.new_runs:
            self.writes.runs[run.id] = run

    def set_timer(self, run: Run, name: str, at: Instant) -> None:
        key = f"run:{run.id}:{name}"
        self._set_timer(Timer(self.contact.id, key, run.deal_id, run.id, name, at))

    def set_deal_timer(self, deal: Deal, kind: str, name: str, at: Instant) -> None:
        """One of its kind a deal; it outlives stages."""
        self._set_timer(Timer(self.contact.id, f"deal:{deal.id}:{kind}", deal.id, 0, name, at))

    def put_off(self, timer: Timer, at: Instant) -> None:
        self._set_timer(replace(timer, due_at=at))

    def _set_timer(self, timer: Timer) -> None:
        self.rows.timers[timer.key] = timer
        self.writes.set_timers[self.contact.id, timer.key] = timer
        self.writes.cut_timers.pop((self.contact.id, timer.key), None)

    def cut_timer(self, key: str) -> None:
        if self.rows.timers.pop(key, None) is not None:
            self.writes.set_timers.pop((self.contact.id, key), None)
            self.writes.cut_timers[self.contact.id, key] = None

    def next_due(self) -> Instant | None:
        """When this lane must be looked at again, if nothing new comes in."""
        return min((t.due_at for t in self.rows.timers.values()), default=None)
