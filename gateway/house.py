"""What the shop has set up: the playbook, its scripts and the channels' limits, as `decide` needs to see them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bots.kit.beginnings import meets, on_stage
from bots.kit.events import Media
from bots.kit.fields import Field
from bots.kit.hours import Hours, zone_of
from bots.kit.languages import known_languages, spoken
from bots.kit.opening import MOST_CALENDARS
from bots.kit.playbook import BotRule, Funnel, LoopGuard, Playbook, Source
from bots.kit.script import Script
from bots.kit.worth import PAID, RECEIVED, TOTAL
from bots.robots.facts import BROUGHT
from gateway.channels.base import STORED, Limits
from gateway.clock import Instant
from gateway.wording import WORDINGS, Wording, words_in


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that is being rolled out: so many per cent of contacts begin with it."""

    script: Script
    percent: int

    def meets(self, contact: int) -> bool:
        """Decided by the contact alone: the same answer in every process, and who is in stays in as the share grows."""
        drawn = hashlib.sha256(f"{contact}:{self.script.hash}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % 100 < self.percent


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of the playbook's folder that templates send along: what it is to a channel, and where it lies."""

    media: Media
    path: Path

    @property
    def id(self) -> str:
        """What it is called among the files that we keep."""
        return self.media.ref.removeprefix(STORED)


_NO_LIMITS = Limits(text=4096, caption=1024, unit="chars", buttons=0, label=0)


@dataclass(slots=True, repr=False)
class House:
    playbook: Playbook
    scripts: dict[str, Script]
    """By bot name: what a run that begins now begins with. Replaced whole when something is published."""
    channels: Mapping[str, Limits] = field(default_factory=dict)
    """By `channel:account`: those we can send on."""
    by_hash: dict[str, Script] = field(default_factory=dict)
    """Every version that a run may be pinned to; the turns worker adds old ones when it first meets them."""
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    """By bot name: what is being rolled out."""
    revisions: Mapping[str, int] = field(default_factory=dict)
    """By bot name: which state of the published scripts this process has."""

    attached: Mapping[str, Attached] = field(default_factory=dict)
    """By the name that templates call it."""
    public_url: str = ""
    """Where people reach us from outside; empty: nobody says."""

    on_stage: dict[tuple[str, str], tuple[BotRule, ...]] = field(init=False, default_factory=dict)
    """By funnel and stage: the bots that begin because a deal has entered it."""

    worth: str = field(init=False, default="")
    """The field that says what a deal is worth, besides the order's own total."""

    priced: frozenset[str] = field(init=False, default=frozenset())
    """Fields that decide what of a deal is paid."""

    sums: dict[str, tuple[Field, ...]] = field(init=False, default_factory=dict)
    """By field: those that are reckoned from it."""

    _shifts: dict[int, tuple[Hours, Instant, Instant, bool]] = field(init=False, default_factory=dict)
    """By the identity of a calendar, which is held so that no other can have it: until when it stays as it is."""

    def __post_init__(self) -> None:
        self.by_hash.update({s.hash: s for s in self.scripts.values()})
        self.worth = self.playbook.worth
        self.priced = frozenset({TOTAL, RECEIVED, PAID, self.worth} - {""})
        for one in self.playbook.fields.values():
            for _, name in one.terms:
                self.sums[name] = (*self.sums.get(name, ()), one)
        for rule in self.playbook.bots:
            if rule.stage:
                self.on_stage[rule.funnel, rule.stage] = on_stage(self.playbook, rule.funnel, rule.stage)

    def limits(self, channel: str, account: str) -> Limits:
        return self.channels.get(f"{channel}:{account}", _NO_LIMITS)

    def can_send(self, channel: str, account: str) -> bool:
        return f"{channel}:{account}" in self.channels

    def funnel(self, name: str = "") -> Funnel:
        """By name; the first one where there is no name or it is gone."""
        return self.playbook.funnel(name) or self.playbook.funnels[0]

    def entrance(self, *names: str) -> Source:
        """Where an inquiry enters: by the first of these names that the playbook lists, else as messages do."""
        return self.playbook.entrance(*names)

    @property
    def slot(self) -> str:
        """The funnel group that new inquiries enter."""
        return self.playbook.funnels[0].slot

    @property
    def words(self) -> Wording:
        """What those who work here read."""
        return words_in(self.playbook.language)

    @property
    def region(self) -> str:
        """Whose phone numbers may be written without a country code."""
        return {"uk": "UA", "ru": "RU", "en": "GB"}.get(self.playbook.language, "RU")

    def gives_passing(self, funnel: str) -> bool:
        """Whether there may be tasks in this funnel that end with their stage."""
        return funnel in self.playbook.board.passing or any(one.passing for one in self.scripts.values())

    def script_for(self, bot: str, contact: int) -> Script | None:
        """The version that this contact's run begins with."""
        candidate = self.candidates.get(bot)
        return candidate.script if candidate and candidate.meets(contact) else self.scripts.get(bot)

    def starts_on_message(self, contact: int, now: Instant | None = None) -> Script | None:
        """Who meets a new inquiry of this contact at this moment; by day, where no moment is named."""
        shop = self.playbook
        name = shop.bot_on("message") if now is None else meets(shop, is_open=self.next_open(now) <= now)
        return self.script_for(name, contact) if name else None

    def next_open(self, now: Instant, funnel: str = "") -> Instant:
        """When somebody of the funnel is there: now, where it is open or nobody says when it is."""
        hours = self.playbook.working(funnel)
        if hours is None:
            return now
        until, is_open = self.shift(hours, now)
        return now if is_open else until

    def shift(self, hours: Hours, now: Instant) -> tuple[Instant, bool]:
        """Until when a calendar of the playbook stays as it is, and whether that is open. Of somebody's shift as well."""
        known = self._shifts.get(id(hours))
        if known is None or not known[1] <= now < known[2]:
            if len(self._shifts) > MOST_CALENDARS + 1:  # the playbook has been read anew since
                self._shifts.clear()
            known = self._shifts[id(hours)] = hours, *hours.shift(now)  # slow to ask, and changes twice a day
        return known[2], known[3]

    def due(self, kind: str, now: Instant, funnel: str = "") -> Instant:
        """When a task of this kind is due, where nobody says: it counts from when somebody of the funnel is there."""
        return self.playbook.later(self.next_open(now, funnel), self.playbook.task_kind(kind).due, funnel)

    def clock_text(self, at: Instant) -> str:
        """A moment as the shop's clock shows it."""
        return self.words.moment(datetime.fromtimestamp(at / 1000, zone_of(self.playbook.zone)))

    def title(self, bot: str) -> str:
        script = self.scripts.get(bot)
        return script.title if script else bot

    def speaks(self, language: str) -> bool:
        """Whether a script, a template or a field's choice is in it, or robots look at what customers read."""
        shop = self.playbook
        own = shop.fields.get("language")
        board = shop.board
        robots = (one.tests for listed in board.robots.values() for one in listed)
        triggers = (one.tests for listed in board.triggers.values() for one in listed)
        return language in known_languages() and (
            any(language in script.languages for script in self.scripts.values())
            or any(language in template.languages() for template in shop.templates.values())
            or (own is not None and (not own.choices or language in own.choices))
            or any(test.subject == "language" for tests in (*robots, *triggers) for test in tests)
        )

    def field_title(self, name: str) -> str:
        """What the scripts call a field, for people."""
        if name in self.playbook.fields:
            return self.playbook.fields[name].title
        known = spoken(self.playbook.language).known
        if name in BROUGHT:
            return known[name]
        titles = (script.fields.get(name) for script in self.scripts.values())
        return next((title for title in titles if title), None) or self.words.fields.get(name) or known.get(name, name)

    def to_customer(self, key: str, told: object = "", **values: object) -> str:
        """What the system itself says to a customer, in the language that they read, as far as anybody has `told`; else in the shop's.

        The playbook's own `texts` go before, where they are in that language.
        """
        shop = self.playbook
        language = told if isinstance(told, str) and told in WORDINGS else shop.language
        own = shop.texts.get(key) if language == shop.language else None
        return own or words_in(language).customer[key].format(**values)

    def reason(self, name: str) -> str:
        """Why a deal was closed, in words."""
        return self.playbook.reasons.get(name) or self.words.reasons.get(name, name)

    @property
    def loop_guard(self) -> LoopGuard:
        return self.playbook.loop_guard
