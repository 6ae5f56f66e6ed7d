"""The nouns of the house, as rows: what is loaded, changed and saved. Field order is column order.

Instants are integers: milliseconds since 1970-01-01 UTC. Ids are integers, unique within their table.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Instant = int

Owner = Literal["bot", "person", "pool"]
"""Who holds a conversation. Only its owner's bot may speak in it."""


@dataclass(slots=True)
class Contact:
    id: int
    name: str
    phone: str
    email: str
    created_at: Instant
    merged_into: int | None = None


@dataclass(slots=True)
class Identity:
    """One address of a contact on one account of one channel."""

    id: int
    contact_id: int
    channel: str
    account: str
    address: str
    name: str
    barred: str
    """Why nothing may be sent: `blocked`, `opted_out`, `not_found`; empty: reachable."""
    heard_at: Instant | None
    """The customer's last message here; the 24-hour window runs from it."""
    created_at: Instant
    person_id: int | None = None
    """Who works here and is written to in this chat: then it is no customer's."""


@dataclass(slots=True)
class Deal:
    id: int
    contact_id: int
    funnel: str
    slot: str
    """Funnel group: at most one open deal per contact and slot."""
    stage: str
    title: str
    source: str
    why: str
    """Why it was opened, or why the first message joined it: the router's own words."""
    tags: list[str]
    fields: dict[str, Any]
    responsible_id: int | None
    owner: str
    epoch: int
    """Rises with every change of owner; a bot's send carries the epoch it was decided under."""
    route_id: int | None
    """The identity that replies go to: where the customer last wrote from."""
    waiting_since: Instant | None
    stage_at: Instant
    opened_at: Instant
    closed_at: Instant | None
    outcome: str | None
    reason: str
    version: int


@dataclass(slots=True)
class Merge:
    """Two contacts or two deals that became one, or a deal that was split off: with what it takes to undo it."""

    id: int
    kind: str
    """`contacts`, `deals` or `split`."""
    contact_id: int
    """Who stayed."""
    from_contact_id: int | None
    """Who went into it; of a split, whom the new deal belongs to. None: it is all one contact's."""
    deal_id: int | None
    """The leading deal; of a split, the one that something was taken out of."""
    from_deal_id: int | None
    parent_id: int | None
    """The merge of contacts that brought this one of deals about."""
    batch: str
    why: str
    by_id: int | None
    at: Instant
    data: dict[str, Any]
    undone_at: Instant | None = None
    undone_by: int | None = None


@dataclass(slots=True)
class Duplicate:
    """Two contacts that may be one person, and why."""

    id: int
    contact_id: int
    other_id: int
    reasons: list[list[str]]
    """[kind, value]: `phone`, `email`, `order` or `name`, and what they have in common."""
    state: str
    """`open`, `merged` or `dismissed`."""
    found_at: Instant
    merge_id: int | None = None
    settled_at: Instant | None = None
    settled_by: int | None = None


@dataclass(slots=True)
class Run:
    """One bot's walk through one deal, pinned to the script it began with."""

    id: int
    deal_id: int
    contact_id: int
    bot: str
    script: str
    """Hash of the script's text."""
    state: dict[str, Any]
    status: str
    waits_until: Instant | None
    started_at: Instant
    ended_at: Instant | None
    reason: str


@dataclass(slots=True)
class Timer:
    """Due work of a lane. `key` names it within its contact: setting a key again moves it."""

    contact_id: int
    key: str
    deal_id: int
    run_id: int
    name: str
    due_at: Instant


@dataclass(slots=True)
class Task:
    id: int
    deal_id: int
    contact_id: int
    kind: str
    text: str
    details: dict[str, Any]
    responsible_id: int | None
    due_at: Instant | None
    state: str
    result: str
    created_by: str
    created_at: Instant
    done_at: Instant | None = None
    done_by: int | None = None
    ends: str = ""
    """`stage`: by itself, when the deal leaves its stage and nobody works on it."""


@dataclass(slots=True)
class Firing:
    """One turn of a robot or a trigger in a deal, whether it did anything or not."""

    id: int
    deal_id: int
    rule: str
    stage: str
    at: Instant
    outcome: str
    """`fired`, `nothing`: it acted, and nothing came of it; `held` by its condition, `postponed` to working hours, `stopped`: it
    went round in a circle.
    """
    seen: str
    """The condition that decided it, with the value it met."""
    cause: str
    """What happened; empty: its time had come."""
    deeds: list[list[str]] = field(default_factory=list)
    """[deed, why, instead, about]: those of its deeds that did not do what they say."""


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a deal stood in a stage; written when it leaves."""

    deal_id: int
    entry_id: int
    """The line that tells of its end."""
    stage: str
    entered_at: Instant
    left_at: Instant
    next: str
    """The stage that followed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a customer waited for a person; written when it is over. One that a bot has ended is none."""

    entry_id: int
    """The message that ended it, or the deal's last line."""
    deal_id: int
    channel: str
    """Where the customer had written."""
    began_at: Instant
    ended_at: Instant
    person_id: int | None
    """Who answered; 0: nobody says who (a call); None: the deal was closed, and nobody had."""


@dataclass(slots=True)
class Entry:
    """One line of a deal's timeline."""

    id: int
    deal_id: int
    contact_id: int
    at: Instant
    kind: str
    direction: str
    channel: str
    identity_id: int | None
    author: str
    person_id: int | None
    text: str
    media: list[dict[str, Any]]
    data: dict[str, Any]
    client_id: str | None = None


@dataclass(slots=True)
class Part:
    """One provider call for one piece of a message."""

    id: int
    entry_id: int
    deal_id: int
    contact_id: int
    identity_id: int
    channel: str
    account: str
    address: str
    payload: dict[str, Any]
    author: str
    kind: str
    """`reply`, `service`, `marketing` or `ack`: decides what an unknown part becomes."""
    epoch: int | None
    """The owner's epoch a bot's part was decided under; None: a person's, not to be stopped."""
    priority: int
    due_at: Instant
    state: str = "queued"
    open: int = 1
    """1 while it still holds back the parts behind it."""
    attempts: int = 0
    repeats: int = 0
    """How many of the attempts may have reached the customer twice."""
    provider_id: str = ""
    error: str = ""
    claimed_at: Instant | None = None
    settled_at: Instant | None = None


@dataclass(slots=True)
class InboxRow:
    id: int
    channel: str
    account: str
    external_id: str
    contact_id: int
    received_at: Instant
    kind: str
    event: dict[str, Any]
    attempts: int


@dataclass(slots=True)
class LaneRows:
    """All that is known of one contact when its turn comes."""

    contact: Contact
    pace: list[list[int]]
    """When bots last spoke, and a digest of what they said: the loop guard's memory."""
    identities: dict[int, Identity] = field(default_factory=dict)
    deals: list[Deal] = field(default_factory=list)
    """Open ones only."""
    runs: dict[int, Run] = field(default_factory=dict)
    """Running ones only, by deal."""
    timers: dict[str, Timer] = field(default_factory=dict)
    inbox: list[InboxRow] = field(default_factory=list)
    parts: dict[int, tuple[int, str, int, int, str]] = field(default_factory=dict)
    """Deal, state, attempts, identity and provider's id of the parts that waiting statuses and mails are about."""


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    role: str
    active: bool
    program: bool = False
    """Behind a token of its own: it acts, and nothing is given to it."""
