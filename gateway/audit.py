"""What is wrong with a deal, a task or a pair of contacts, by the checks of the playbook. Pure: all that may be known is handed in.

Each check says since when; what has not lasted longer than the check allows is no finding yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bots.kit.checks import Check
from bots.kit.conditions import Test, as_number, first_holding
from bots.kit.funnels import AGE
from bots.kit.languages import spoken
from bots.kit.moments import over
from bots.kit.reckoning import minor_units
from bots.kit.spans import AT_ONCE, Span
from bots.kit.words import as_text
from bots.kit.worth import worth as kit_worth
from bots.robots.facts import KNOWN, DealFacts
from gateway.clock import Instant
from gateway.guard import IDLE
from gateway.house import House
from gateway.knowing import known_of
from gateway.ledger import ROBOT
from gateway.wording import Wording
from state.dossiers import Dossier, Duty, Pair
from state.findings import Seen
from state.records import Contact, Deal, Task
from state.staff import Colleague

NO_CONTACT: Final = "no_contact"
"""Where a task's details keep why it was closed without a word to the customer."""
_QUIET: Final = (IDLE, f"{ROBOT}{AGE}:")
"""Timers that watch whether anything happens: they are no next step."""
_OF_TASKS: Final = ("overdue_task", "no_contact", "task")
_OF_PAIRS: Final = ("duplicate_contact", "duplicate_deal")
_MOST_SAID: Final = 300

Wrong = tuple[str, Instant]
"""What is wrong, and since when."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """The checks of one run."""

    house: House
    checks: Sequence[Check]
    people: Mapping[int, Colleague]
    now: Instant

    @property
    def words(self) -> Wording:
        return self.house.words

    @property
    def closed_since(self) -> Instant:
        """Nothing that was over before is looked at."""
        spans = [one.within for one in self.checks if one.state != "open" or one.what in ("no_reason", "no_contact")]
        return self.now - max(spans, default=0)

    def deal(self, one: Dossier) -> Iterator[Seen]:
        for check in self.checks:
            if check.what in _OF_TASKS or check.what in _OF_PAIRS or not self._concerns(check, one.deal):
                continue
            wrong = self._dated(check, one.deal, _DEALS[check.what](self, check, one))
            if wrong is None or not self._lasts(check, one.deal, wrong[1]):
                continue
            if check.tests and not self.holds(check.tests, one.contact, one.deal, one.channel):
                continue
            subject = f"contact:{one.contact.id}" if check.what == "contact" else f"deal:{one.deal.id}"
            yield _seen(check, subject, one.deal.responsible_id, one.contact, one.deal, None, wrong)

    def task(self, one: Duty) -> Iterator[Seen]:
        for check in self.checks:
            if check.what not in _OF_TASKS or (check.kind and check.kind != one.task.kind):
                continue
            if (check.funnels or check.stages or check.tests) and one.deal is None:
                continue
            if one.deal is not None and not self._in_place(check, one.deal):
                continue
            wrong = _TASKS[check.what](self, check, one)
            if wrong is None or not self._lasts(check, one.deal, wrong[1]):
                continue
            if check.tests and one.deal and one.contact and not self.holds(check.tests, one.contact, one.deal, ""):
                continue
            theirs = one.task.responsible_id if one.task.done_by is None else one.task.done_by
            person = theirs if theirs is not None or one.deal is None else one.deal.responsible_id
            yield _seen(check, f"task:{one.task.id}", person, one.contact, one.deal, one.task, wrong)

    def pair(self, one: Pair) -> Iterator[Seen]:
        for check in self.checks:
            if check.what == "duplicate_contact":
                open_deals = [deal for deals in one.deals.values() for deal in deals]
                fitting = [deal for deal in open_deals if self._in_place(check, deal)]
                if (check.funnels or check.stages) and not fitting:
                    continue
                pair = one.pair
                what = self.words.line(
                    "found_duplicate_contact", one=pair.contact_id, other=pair.other_id, why=self._alike(one)
                )
                yield from self._paired(
                    check, one, fitting[-1] if fitting else None, pair.contact_id, f"pair:{pair.id}", what
                )
            elif check.what == "duplicate_deal":
                for first, second in self._twins(check, one):
                    what = self.words.line("found_duplicate_deal", other=first.id, why=self._alike(one))
                    yield from self._paired(check, one, second, second.contact_id, f"deal:{second.id}", what)

    def _paired(
        self, check: Check, one: Pair, deal: Deal | None, contact: int, subject: str, what: str
    ) -> Iterator[Seen]:
        if self._lasts(check, deal, one.pair.found_at):
            person = deal.responsible_id if deal is not None else None
            yield _seen(check, subject, person, one.contacts.get(contact), deal, None, (what, one.pair.found_at))

    def _twins(self, check: Check, one: Pair) -> Iterator[tuple[Deal, Deal]]:
        """Open deals of both in one group of funnels: the older, the newer."""
        mine, others = (one.deals.get(contact, []) for contact in (one.pair.contact_id, one.pair.other_id))
        told: set[int] = set()
        for deal in mine:
            for other in others:
                first, second = sorted((deal, other), key=lambda d: d.id)
                if _group(deal) == _group(other) and second.id not in told and self._in_place(check, second):
                    told.add(second.id)
                    yield first, second

    def _alike(self, one: Pair) -> str:
        return ", ".join(dict.fromkeys(self.words.alike.get(kind, kind) for kind, _ in one.pair.reasons)) or "—"

    # -- whom a check is about -------------------------------------------------------------------------------------------

    def _concerns(self, check: Check, deal: Deal) -> bool:
        state = "lost" if check.what == "no_reason" else check.state
        if (deal.outcome if deal.closed_at is not None else "open") != state:
            return False
        return self._in_place(check, deal) and (deal.closed_at is None or deal.closed_at >= self.now - check.within)

    def _in_place(self, check: Check, deal: Deal) -> bool:
        return (not check.funnels or deal.funnel in check.funnels) and (not check.stages or deal.stage in check.stages)

    def _dated(self, check: Check, deal: Deal, wrong: Wrong | None) -> Wrong | None:
        """Where the check keeps to a date of the deal, it is wrong since that passed; what has none, or one to come, is not."""
        if wrong is None or not check.at:
            return wrong
        since = over(deal.fields.get(check.at), self.house.playbook.zone)
        return (wrong[0], since) if since is not None and since <= self.now else None

    def _lasts(self, check: Check, deal: Deal | None, since: Instant) -> bool:
        """Longer than the check allows; a stage's own age has been looked at already."""
        return check.what == "stage_too_old" or self.over(check.older, deal, since)

    def over(self, span: Span, deal: Deal | None, since: Instant) -> bool:
        if not span:
            return since <= self.now
        return self.house.playbook.later(since, span, deal.funnel if deal is not None else "") <= self.now

    def holds(self, tests: tuple[Test, ...], contact: Contact, deal: Deal, channel: str) -> bool:
        return first_holding(tests, self.facts(contact, deal, channel).subject)[0]

    def facts(self, contact: Contact, deal: Deal, channel: str = "") -> DealFacts:
        colleague = self.people.get(deal.responsible_id or 0)
        return known_of(self.house, contact, deal, channel, self.now, colleague.name if colleague else "")


def _seen(
    check: Check, subject: str, person: int | None, contact: Contact | None, deal: Deal | None, task: Task | None, wrong: Wrong
) -> Seen:  # fmt: skip
    return Seen(
        f"{check.name}:{subject}", check.name, check.severity, person, contact.id if contact else None, deal.id if deal else None,
        task.id if task else None, wrong[0], wrong[1],
    )  # fmt: skip


def _group(deal: Deal) -> str:
    """A deal that was put beside another has the group's name before the sign."""
    return deal.slot.partition("#")[0]


# -- deals -------------------------------------------------------------------------------------------------------------


def _is_ahead(one: Dossier) -> bool:
    """Something will happen: a task, a bot, a robot of the funnel, an answer that the customer waits for."""
    active = [name for name in one.timers if not name.startswith(_QUIET)]
    return bool(one.running or one.tasks or active or one.deal.waiting_since is not None)


def _no_next_task(run: Inspector, _: Check, one: Dossier) -> Wrong | None:
    if _is_ahead(one):
        return None
    return run.words.line("found_no_next_task"), max(one.deal.stage_at, one.done_at)


def _orphan(run: Inspector, _: Check, one: Dossier) -> Wrong | None:
    return (
        None if _is_ahead(one) or one.timers else (run.words.line("found_orphan"), max(one.deal.stage_at, one.done_at))
    )


def _stage_too_old(run: Inspector, check: Check, one: Dossier) -> Wrong | None:
    """By the robot that watches the stage's age: what it does not nag about (`late if`) is no dirt."""
    funnel = run.house.playbook.funnel(one.deal.funnel)
    stage = funnel.stage(one.deal.stage) if funnel is not None else None
    watch = run.house.playbook.board.find(one.deal.funnel, one.deal.stage, AGE)
    span = check.older or (watch.wait if watch is not None else AT_ONCE)
    if stage is None or not span or not run.over(span, one.deal, one.deal.stage_at):
        return None
    if watch is not None and not run.holds(watch.tests, one.contact, one.deal, one.channel):
        return None
    return run.words.line("found_stage_too_old", stage=stage.title), one.deal.stage_at


def _missing(run: Inspector, check: Check, one: Dossier) -> Wrong | None:
    funnel = run.house.playbook.funnel(one.deal.funnel)
    stage = funnel.stage(one.deal.stage) if funnel is not None else None
    wanted = check.missing or (stage.required if stage is not None else ())
    if not wanted:
        return None
    facts = run.facts(one.contact, one.deal)
    names = facts.lacking(wanted)
    if not names:
        return None
    known = spoken(run.house.playbook.language).known
    titles = ", ".join(known[name] if name in KNOWN else run.house.field_title(name) for name in names)
    return run.words.line("found_missing", names=titles), one.deal.stage_at


def _left_manager(run: Inspector, _: Check, one: Dossier) -> Wrong | None:
    person = one.deal.responsible_id
    if person is None or ((known := run.people.get(person)) is not None and known.active):
        return None
    return run.words.line("found_left_manager"), one.deal.stage_at


def _unanswered(run: Inspector, _: Check, one: Dossier) -> Wrong | None:
    since = one.deal.waiting_since
    return (run.words.line("found_unanswered"), since) if since is not None else None


def _no_reason(run: Inspector, _: Check, one: Dossier) -> Wrong | None:
    return (
        None
        if one.deal.reason.strip()
        else (run.words.line("found_no_reason"), one.deal.closed_at or one.deal.stage_at)
    )


def _deal(_: Inspector, check: Check, one: Dossier) -> Wrong | None:
    return check.title, one.deal.stage_at if one.deal.closed_at is None else one.deal.closed_at


def _contact(_: Inspector, check: Check, one: Dossier) -> Wrong | None:
    return check.title, one.contact.created_at


_DEALS: Final[Mapping[str, Callable[[Inspector, Check, Dossier], Wrong | None]]] = {
    "no_next_task": _no_next_task,
    "orphan": _orphan,
    "stage_too_old": _stage_too_old,
    "missing": _missing,
    "left_manager": _left_manager,
    "unanswered": _unanswered,
    "no_reason": _no_reason,
    "deal": _deal,
    "contact": _contact,
}


# -- tasks -------------------------------------------------------------------------------------------------------------


def _overdue(run: Inspector, _: Check, one: Duty) -> Wrong | None:
    task = one.task
    if task.state != "open" or task.due_at is None or task.due_at >= run.now:
        return None
    return run.words.line("found_overdue_task", text=_short(task.text)), task.due_at


def _no_contact(run: Inspector, check: Check, one: Duty) -> Wrong | None:
    """It is settled once a person has written to the customer after all, or spoken with them."""
    task, why = one.task, one.task.details.get(NO_CONTACT)
    if task.done_at is None or not why or task.done_at < run.now - check.within or (one.spoken_at or 0) > task.done_at:
        return None
    said = as_text(why) if isinstance(why, str) else ""
    return run.words.line("found_no_contact", text=_short(task.text), why=_short(said)).strip(), task.done_at


def _task(run: Inspector, _: Check, one: Duty) -> Wrong | None:
    task = one.task
    return (run.words.line("found_task", text=_short(task.text)), task.created_at) if task.state == "open" else None


_TASKS: Final[Mapping[str, Callable[[Inspector, Check, Duty], Wrong | None]]] = {
    "overdue_task": _overdue,
    "no_contact": _no_contact,
    "task": _task,
}


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MOST_SAID else flat[: _MOST_SAID - 1] + "…"


# -- what a deal is worth ----------------------------------------------------------------------------------------------


def worth(fields: Mapping[str, Any], marked: str, money: Iterable[str]) -> int | None:
    """Minor units: what reports count the deal as, else its first field of money that is filled, else what stands in `sum`."""
    known = kit_worth(fields, marked)
    if known is not None:
        return known
    others = (minor_units(fields.get(name)) for name in money)
    said = as_number(fields.get("sum"))
    return next((one for one in others if one is not None), round(said * 100) if said is not None else None)
