"""The nouns of a playbook: funnels and stages, bots and sources, hours, templates, endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from bots.kit.checks import AuditPlan, Check, checks_in
from bots.kit.duties import USUAL, Overdue, TaskKind, kinds_in
from bots.kit.events import Instant
from bots.kit.fields import Field, Locale, locale_of
from bots.kit.hours import DAY, Hours
from bots.kit.languages import spoken
from bots.kit.shipping import Shipping
from bots.kit.spans import AT_ONCE, Span, later
from bots.kit.staffing import Assign, Member
from bots.kit.templates import Template
from bots.kit.waiting import Waiting
from bots.robots.rules import Board

Outcome = Literal["won", "lost"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
"""What the two closing stages of each funnel are called."""
When = Literal["", "open", "closed"]
Likeness = Literal["no", "suggest", "automatic"]
"""What is done about two contacts who say the same of themselves."""

ALWAYS: Final = Hours("UTC", (((0, DAY),),) * 7)
"""The calendar of who does not say when they work."""


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    title: str
    outcome: Outcome | None = None
    """A deal that reaches such a stage is closed."""
    criteria: str = ""
    """What is true of a deal that stands here, for people."""
    age: Span = AT_ONCE
    """How long a deal may stay; 0: as long as it likes."""
    required: tuple[str, ...] = ()
    """Fields that must be filled before a person may move a deal here."""


@dataclass(frozen=True, slots=True)
class Funnel:
    name: str
    title: str
    slot: str
    """The group: a contact has at most one open deal in it."""
    stages: tuple[Stage, ...]
    """In order; the won and the lost one come last."""
    calendar: str = ""
    """When its people work; empty: when the shop does."""

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def is_before(self, one: str, other: str) -> bool:
        """Whether the one stage comes before the other; one that is not there comes before none."""
        names = [stage.name for stage in self.stages]
        return one in names and other in names and names.index(one) < names.index(other)

    def ending(self, outcome: str) -> str | None:
        """The stage that a deal with this outcome ends in."""
        return next((stage.name for stage in self.stages if stage.outcome == outcome), None)


@dataclass(frozen=True, slots=True)
class BotRule:
    bot: str
    on: str
    """What starts it; empty: it is started by name, by a person, a robot or another script."""
    funnel: str
    within: int = 0
    """Milliseconds after which a robot acts on a deal that this bot holds; 0: none does."""
    stage: str = ""
    """With `on: stage`: the one that a deal has entered."""
    after: int = 0
    """Milliseconds in that stage before it starts; 0: at once."""
    working: bool = False
    """With `on: stage`: it begins while the shop is open, or else when it opens next."""
    when: When = ""
    """With `on: message`: only while the shop is open, or closed; empty: whenever no other rule says so."""
    line: int = field(default=0, compare=False)
    """Where the playbook says so."""


@dataclass(frozen=True, slots=True)
class Clarification:
    """One thing that a manager has a bot ask a customer for."""

    item: str
    title: str
    script: str
    funnel: str
    stage: str = ""
    """Where the deal waits for the answer; empty: it stays where it is."""
    line: int = field(default=0, compare=False)
    """Where the playbook names the script."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where inquiries of one source go. An empty responsible is the pool."""

    name: str
    funnel: str
    stage: str
    responsible: str = ""
    tag: str = ""
    opens: bool = True
    """May open a deal; else it is kept in the customer's last one, also where that is closed."""


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """How much a bot may say to one contact before a person looks: messages in so many minutes, and equal texts.

    0 messages: no guard at all.
    """

    messages: int = 20
    minutes: int = 10
    equal: int = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address outside that scripts may ask, and what may be told to it and taken from it."""

    name: str
    url: str
    send: tuple[str, ...]
    keep: tuple[str, ...]
    timeout: int = 5_000


@dataclass(frozen=True, slots=True)
class Playbook:
    name: str
    title: str
    language: str
    zone: str
    currency: str
    funnels: tuple[Funnel, ...]
    bots: tuple[BotRule, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    loop_guard: LoopGuard = LoopGuard()
    texts: Mapping[str, str] = field(default_factory=dict)
    hours: Hours | None = None
    """None: the shop does not say when it works."""
    calendars: Mapping[str, Hours] = field(default_factory=dict)
    """By name; the shop's own is `hours`."""
    asks: Waiting = field(default_factory=Waiting)
    """How a question waits where a script does not say."""
    templates: Mapping[str, Template] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    clarifications: Mapping[str, Clarification] = field(default_factory=dict)
    """In the order in which managers see them."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    kinds: Mapping[str, Field] = field(default_factory=dict)
    """Of the fields, and of what orders bring, those that do not take any text."""
    idle: int = 3 * 86_400_000
    """Milliseconds after which a person is asked what is next in a deal that nothing else holds on to."""
    task_kinds: Mapping[str, TaskKind] = field(default_factory=lambda: kinds_in(spoken("")))
    overdue: Overdue = USUAL
    team: Mapping[str, Member] = field(default_factory=dict)
    """Sample people, by key."""
    assign: Mapping[str, Assign] = field(default_factory=dict)
    board: Board = field(default_factory=Board)
    """The robots and triggers of all funnels."""
    shipping: Mapping[str, Shipping] = field(default_factory=dict)
    """Who sends parcels, by carrier."""
    duplicates: Mapping[str, Likeness] = field(default_factory=dict)
    """By what two contacts share: `phone`, `email`, `order`, `name`."""
    checks: Mapping[str, Check] = field(default_factory=lambda: checks_in(spoken("")))
    """What an audit looks for, critical ones first."""
    audit: AuditPlan | None = None
    """When it runs by itself; None: only when somebody asks."""

    @property
    def locale(self) -> Locale:
        """How its people write dates, sums and phones."""
        return locale_of(self.language, self.zone, self.currency)

    @property
    def shifts(self) -> dict[str, Hours | None]:
        """When somebody works, by the calendar of their shift; "" is the shop's own hours."""
        return {"": self.hours, **self.calendars}

    @property
    def worth(self) -> str:
        """The field that says what a deal is worth; empty: only the shop's own system does (`total`)."""
        return next((one.name for one in self.fields.values() if one.worth), "")

    def likeness(self, kind: str, *, proved: bool = False) -> Likeness:
        """What is done where nothing is said: what a channel has proved joins, what is only said is suggested."""
        usual: Likeness = "automatic" if proved else "no" if kind == "name" else "suggest"
        return self.duplicates.get(kind, usual)

    def task_kind(self, name: str) -> TaskKind:
        """By name; scripts and robots may call theirs anything."""
        return self.task_kinds.get(name) or TaskKind(name, self.task_kinds["task"].title)

    def is_past_clarifying(self, script: str, funnel: str, stage: str) -> bool:
        """Whether a deal is further than where it waits for what this script asks for, if the script clarifies something.

        An item without a stage is asked for anywhere; what it waits for is waited for where the others are.
        """
        home = self.funnel(funnel)
        listed = [one for one in self.clarifications.values() if one.funnel == funnel]
        mine = [one for one in listed if one.script == script]
        stages = [one.stage for one in mine if one.stage] or [one.stage for one in listed if one.stage]
        return home is not None and bool(mine and stages) and all(home.is_before(one, stage) for one in stages)

    def funnel(self, name: str) -> Funnel | None:
        return next((funnel for funnel in self.funnels if funnel.name == name), None)

    def calendar(self, name: str = "") -> Hours:
        """By name; one that is not there, or gone since a script was published, is the shop's."""
        return self.calendars.get(name) or self.hours or ALWAYS

    def working(self, funnel: str) -> Hours | None:
        """When the people of a funnel work; None: neither it nor the shop says so."""
        home = self.funnel(funnel) or self.funnels[0]
        return self.calendars.get(home.calendar) or self.hours

    def hours_of(self, calendar: str, funnel: str = "") -> Hours | None:
        """When somebody works on a deal of a funnel: in their own shift, else as the funnel's people do, else as the shop does."""
        return self.calendars.get(calendar) or (self.working(funnel) if funnel else self.hours)

    def later(self, now: Instant, span: Span, funnel: str) -> Instant:
        """When a span will have passed for the people of a funnel."""
        return later(now, span, self.working(funnel), self.zone)

    def home(self, script: str) -> str:
        """The funnel that a bot or a clarification is of; the first one for any other script."""
        homes = [rule.funnel for rule in self.bots if rule.bot == script]
        homes += [one.funnel for one in self.clarifications.values() if one.script == script]
        return homes[0] if homes else self.funnels[0].name

    def bot_on(self, trigger: str, funnel: str = "", at: When = "") -> str | None:
        """The bot that starts on a trigger in a funnel (the first one where none is named).

        `at` says whether the shop is open then; without it the rule that does not look at the hours is meant.
        """
        wanted = funnel or self.funnels[0].name
        rules = [rule for rule in self.bots if rule.on == trigger and rule.funnel == wanted]
        fitting = [rule for rule in rules if rule.when == at] or [rule for rule in rules if not rule.when]
        return fitting[0].bot if fitting else None

    def entrance(self, *names: str) -> Source:
        """Where an inquiry enters: by the first of these names that is listed, else as messages do."""
        return next((self.sources[name] for name in names if name in self.sources), None) or self.source("message")

    def source(self, name: str) -> Source:
        """Where an inquiry of this source goes; one that is not listed goes where messages go."""
        first = self.funnels[0]
        return self.sources.get(name) or self.sources.get("message") or Source(name, first.name, first.stages[0].name)
