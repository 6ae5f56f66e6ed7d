"""One contact's turn, in memory: what is known, and the rows that the turn comes to.

`decide` reads and calls its verbs; nothing here touches the outside. What the verbs wrote is saved by the turns
worker in one transaction, or forgotten whole.
"""

from collections.abc import Mapping
from typing import Any, Final

from bots.kit.beginnings import STARTS, of_stage
from bots.kit.beginnings import expected as beginning
from bots.kit.reckoning import reckoned
from bots.kit.worth import PAID, RECEIVED, excess, received, settled, worth
from bots.robots.facts import DealFacts
from bots.robots.machine import Expected, expected, moved
from gateway import novaposhta
from gateway.knowing import known_of
from gateway.voice import Voice
from state import steps
from state.claims import Claim
from state.inbox import point_keys
from state.joining import APART
from state.records import Deal, Person, Run, Stay, Timer
from state.strangers import NO_CUSTOMER

ROBOT: Final = "robot:"
"""How the name of a robot's timer begins: then come the robot, the stay in the stage, and of how many stages that led to one another its own is the last."""

_CHAIN_MS: Final = 60_000
"""Stages that robots lead to faster than this are counted: they may go round in a circle."""


class Ledger(Voice):
    """The draft of one lane's turn: the deals with their stages, robots and runs."""

    # -- deals -------------------------------------------------------------------------------------------------------

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

    def set_field(self, deal: Deal, name: str, value: Any) -> None:
        if (before := deal.fields).get(name) != value:
            deal.fields = {**before, name: value}
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
            if name in self.house.priced:
                self._settle(deal, name, before)

    def reckon(self, deal: Deal) -> None:
        """Anew: it has become one with another deal, or two with it."""
        self._settle(deal, RECEIVED, deal.fields)
        if worth(deal.fields, self.house.worth) is not None:
            self.finish_tasks(deal, "check_sum", self.words.line("sum_known"))

    def _settle(self, deal: Deal, changed: str, before: Mapping[str, Any]) -> None:
        """What is paid of it follows from the sums, and triggers hear when that is all."""
        marked = self.house.worth
        for name, value in settled(deal.fields, changed, before, marked).items():
            if deal.fields.get(name, "") != value:
                deal.fields = {**deal.fields, name: value}
                self.touch(deal)
                self._field_changed(deal, name)
        if deal.fields.get(PAID) == "yes" != before.get(PAID):
            self.happens(deal, "payment")
        over = excess(deal.fields, marked)
        if over and over != excess(before, marked):
            self.write_entry(deal, "note", author="robot", text=self.words.line("overpaid", sum=self.words.money(over)))
        if worth(before, marked) is None and worth(deal.fields, marked) is not None and received(deal.fields):
            self.finish_tasks(deal, "check_sum", self.words.line("sum_known"))

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
            self.stop_run(deal, run, self.words.line("why_moved_on"))
        old = path.stage(deal.stage)
        text = self.words.line("stage", old=old.title if old else deal.stage, new=target.title)
        self._leave(deal)
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

    def _leave(self, deal: Deal) -> None:
        """The stage that it is in, with what was to be done only there."""
        stage = self.house.funnel(deal.funnel).stage(deal.stage)
        if self.house.gives_passing(deal.funnel) and stage is not None and not stage.outcome:
            self.end_passing_tasks(deal, stage.title)

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

    def expect(self, deal: Deal, one: Expected, *, follows: bool = False) -> None:
        """A robot will have its turn then, if the deal still is where it is; without a time, not at all. One that `follows` another
        in its stage has one turn in a stay: that leads nowhere in a circle.
        """
        key = f"deal:{deal.id}:{ROBOT}{one.robot}"
        if one.at is None:
            self.cut_timer(key)
            return
        chain = self.chain + (not follows) if self.chain and one.at - self.now < _CHAIN_MS else 1
        name = f"{ROBOT}{one.robot}:{deal.stage_at}:{chain}"
        self._set_timer(Timer(self.contact.id, key, deal.id, 0, name, one.at))

    def happens(self, deal: Deal, on: str, which: str = "") -> None:
        """Triggers of the deal's funnel are to hear of it, where there are any for such a thing."""
        triggers = self.house.playbook.board.triggers.get((deal.funnel, on), ())
        if any(trigger.which in ("", which) for trigger in triggers):
            self.happened.append((deal, on, which))

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
        """Whoever was no customer leaves nothing to do, and no robot of the end writes to them or puts them on a list."""
        bots, stood, since = author == "bot", deal.stage, deal.stage_at
        if reason == NO_CUSTOMER:
            self.end_tasks(deal, self.words.line("not_a_customer"))
        if run := self.rows.runs.get(deal.id):
            bots = True
            self.stop_run(deal, run, self.words.line("why_closed"), left="closed")
        self._leave(deal)
        waited = None if bots else deal.waiting_since
        for key in [k for k, t in self.rows.timers.items() if t.deal_id == deal.id]:
            self.cut_timer(key)
        deal.closed_at, deal.outcome, deal.reason = self.now, outcome, reason
        deal.waiting_since = None
        path = self.house.funnel(deal.funnel)
        end = path.ending(outcome)
        if end is not None:
            deal.stage, deal.stage_at = end, self.now
        self.touch(deal)
        last = path.stage(deal.stage)
        text = self.words.line("closed", why=self.house.reason(reason) or (last.title if last else ""))
        data = {"event": "closed", "outcome": outcome, "reason": reason}
        told = self.write_entry(deal, "system", author=author, text=text, data=data, person=person)
        if end is not None and stood != end:
            self.writes.stays.append(Stay(deal.id, told.id, stood, since, self.now, end))
        if waited is not None:
            self._waited(deal, told, waited, None)
        if reason != NO_CUSTOMER:
            self._expect_bots(deal)

    # -- runs --------------------------------------------------------------------------------------------------------

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
        text = self.words.line("bot_stopped", bot=self.house.title(run.bot), why=why)
        self.end_run(deal, run, "stopped", why, text, left=left)
        self.silence(deal, why)

    def pin_run(self, run: Run, script: str) -> None:
        """Another version of its script from here on."""
        run.script = script
        self.writes.pinned.append((run.id, script))

    def touch_run(self, run: Run) -> None:
        if run.id not in self.writes.new_runs:
            self.writes.runs[run.id] = run
