"""The inbox: everything that comes in, kept before it is acknowledged, each provider event once.

`keep` resolves who spoke, stores the rows and wakes the lanes, for a whole batch, in the caller's one transaction.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, literal_column, or_, select, update

from state.dialects import Ready, inserting, overwriting, skipping
from state.files import StoredFile, add_files
from state.ids import Ids
from state.records import Identity, Instant
from state.tables import contacts, cursors, identities, inbox, lanes, parts, points, tallies, tasks

MAIL: Final = ("email", "mail")
"""Channel and account of e-mail. One account, whatever we write from: who can be written to does not hang on that."""


@dataclass(slots=True)
class Arrival:
    """One event on its way into the inbox. `sender` is None where nobody spoke (ignored, quarantined, a status)."""

    channel: str
    account: str
    external_id: str
    kind: str
    event: dict[str, Any]
    raw: bytes
    state: str = "waiting"
    reason: str = ""
    sender: dict[str, Any] | None = None
    """channel, account, address, name, phone, email of a `Sender`."""
    opens: bool = True
    """May make a new contact; else an unknown sender is ignored."""
    vouched: bool = True
    """The sender's phone and e-mail are proved by the channel."""
    part: int = 0
    """Our part that it is about. Whose lane that is in goes before who is said to have sent it."""
    contact: int = 0
    """Whose lane it is for, where we know."""
    files: Sequence[StoredFile] = ()
    """On disk already; their rows are there when its own is."""
    task: str = ""
    """What a person should do about it; one open task of these words is enough."""

    @property
    def key(self) -> str:
        return f"{self.channel}:{self.account}:{self.external_id}"


_UNUSABLE: Final = "unusable"
"""The kind of what was authentic and could not be understood."""
_KNOWN_PEOPLE: Final = ("visit",)
"""Kinds of events that are of interest only of somebody who is known already."""
_COLUMNS = (
    "id", "channel", "account", "external_id", "contact_id", "received_at", "kind", "event", "attempts", "key", "raw",
    "state", "reason", "done_at",
)  # fmt: skip
_INSERT = inserting(inbox, *_COLUMNS, json=("event",), conflict=skipping("key"))
_BODY = select(inbox.c.raw).where(inbox.c.key == bindparam("key"))
_KEPT = Ready(lambda among: select(inbox.c.id).where(among(inbox.c.id, "ids")))
_IDENTITIES = inserting(
    identities,
    *("id", "contact_id", "channel", "account", "address", "name", "barred", "heard_at", "created_at", "key"),
    conflict=skipping("key"),
)
_NEW_IDENTITIES = inserting(identities, *(f.name for f in fields(Identity)), "key")
_CONTACTS = inserting(contacts, "id", "name", "phone", "email", "created_at", "merged_into")
_LANES = inserting(lanes, "contact_id", "due_at", "pace", json=("pace",))
_POINTS = inserting(points, "key", "contact_id", "verified_at", conflict=skipping("key"))
_TALLY = inserting(
    tallies, "key", "channel", "outcome", "reason", "n",
    conflict=lambda i: i.on_conflict_do_update(index_elements=["key"], set_={"n": tallies.c.n + i.excluded.n}),
)  # fmt: skip
_CURSOR = inserting(cursors, "key", "value", conflict=overwriting(("key",), "value"))
_TASK = insert(tasks)


def identity_key(channel: str, account: str, address: str) -> str:
    return f"{channel}:{account}:{address}"


def keep(
    conn: Connection, ids: Ids, arrivals: Sequence[Arrival], now: Instant, shard: int = 0, *, held: list[int] | None = None
) -> list[str]:  # fmt: skip
    """Store a batch. The answer, per arrival: `new`, `duplicate` or `differs` (a duplicate with another body).

    `held` is told the lanes that another process has in hand: to be woken again behind this commit.
    """
    ids.keep_rising(conn, "inbox")
    lane_of = _parts(conn, [a.part for a in arrivals if a.part])
    senders = [a for a in arrivals if a.sender and a.state == "waiting" and a.part not in lane_of]
    lane_of |= _senders(conn, ids, senders, now)
    _mailboxes(conn, ids, senders, lane_of, now)
    rows: dict[int, Arrival] = {}
    values: list[dict[str, Any]] = []
    for arrival in arrivals:
        state, reason, lane = arrival.state, arrival.reason, None
        if state == "waiting":
            lane = arrival.contact or lane_of.get(arrival.part or None) or lane_of.get(_lane_key(arrival))
            if lane is None and arrival.kind != "status":  # a status waits for its message (state/early.py)
                state, reason = "ignored", "unknown_sender"
        row_id = ids.take("inbox")
        rows[row_id] = arrival
        values.append(
            {
                "id": row_id, "channel": arrival.channel, "account": arrival.account, "external_id": arrival.external_id,
                "contact_id": lane, "received_at": now, "kind": arrival.kind, "event": arrival.event, "attempts": 0,
                "key": arrival.key, "raw": arrival.raw, "state": state, "reason": reason,
                "done_at": None if state == "waiting" else now,
            }
        )  # fmt: skip
    kept = set(_insert_new(conn, values))
    differing: set[int] = set()
    if repeats := [v for v in values if v["id"] not in kept]:
        mended, differing = _told_again(conn, repeats)
        kept |= mended
    busy = wake(conn, {v["contact_id"] for v in values if v["id"] in kept and v["state"] == "waiting"}, now)
    if held is not None:
        held += busy
    if brought := [
        file for row_id, arrival in rows.items() if arrival.files and row_id in kept for file in arrival.files
    ]:
        add_files(conn, brought, now)
    if words := {arrival.task for row_id, arrival in rows.items() if arrival.task and row_id in kept}:
        _call_for_a_person(conn, ids, words, now)
    answers = ["new" if row_id in kept else "differs" if row_id in differing else "duplicate" for row_id in rows]
    counted: Counter[tuple[str, str, str]] = Counter()
    for v, answer in zip(values, answers, strict=True):
        counted[v["channel"], "received", ""] += 1
        if answer != "new":
            counted[v["channel"], "duplicate", "differs" if answer == "differs" else ""] += 1
        elif v["state"] != "waiting":
            counted[v["channel"], v["state"], v["reason"]] += 1
    tally(conn, counted, shard)
    return answers


def _call_for_a_person(conn: Connection, ids: Ids, words: set[str], now: Instant) -> None:
    """A task of the shop's, of no deal: however much garbage comes in, one task a kind of it."""
    there = select(tasks.c.text).where(tasks.c.kind == "quarantine", tasks.c.state == "open", tasks.c.deal_id == 0)
    for text in sorted(words - set(conn.execute(there).scalars())):
        new = {"id": ids.take("task"), "deal_id": 0, "contact_id": 0, "kind": "quarantine", "text": text, "details": {}}
        new |= {"responsible_id": None, "due_at": now, "state": "open", "result": "", "created_by": "robot"}
        conn.execute(_TASK, new | {"created_at": now, "done_at": None, "done_by": None})


def _lane_key(arrival: Arrival) -> Any:
    sender = arrival.sender
    return identity_key(sender["channel"], sender["account"], sender["address"]) if sender else None


def _insert_new(conn: Connection, values: list[dict[str, Any]]) -> list[int]:
    ids = [v["id"] for v in values]
    # In one order for all, so that two processes with the same repeats wait for each other once, not in a ring.
    rows = values if conn.dialect.name == "sqlite" else sorted(values, key=itemgetter("key"))
    if _INSERT.write(conn, rows) == len(values):  # no repeat among them
        return ids
    return _KEPT.column(conn, ids=ids)


def _told_again(conn: Connection, repeats: list[dict[str, Any]]) -> tuple[set[int], set[int]]:
    """Of events whose id was there before: which are taken nevertheless, and which others come with another body.

    An id under which there is only something unusable may come again, mended. What could not be used stays as it was, under
    a key that nothing else can have.
    """
    columns = (inbox.c.key, inbox.c.id, inbox.c.raw, inbox.c.kind)
    found = conn.execute(select(*columns).where(inbox.c.key.in_([v["key"] for v in repeats])))
    there: dict[str, tuple[int, bytes, str]] = {row.key: (row.id, row.raw, row.kind) for row in found}
    taken: set[int] = set()
    differing: set[int] = set()
    for v in sorted(repeats, key=itemgetter("key")):  # in one order for all
        number, raw, kind = there.get(v["key"], (0, v["raw"], ""))
        if raw == v["raw"]:
            continue
        aside = update(inbox).where(inbox.c.id == number, inbox.c.key == v["key"]).values(key=f"{v['key']}~{number}")
        if kind == _UNUSABLE and conn.execute(aside).rowcount and _INSERT.write(conn, [v]):
            taken.add(v["id"])
            there[v["key"]] = v["id"], v["raw"], v["kind"]
        elif (
            kind != _UNUSABLE or conn.execute(_BODY, {"key": v["key"]}).scalar() != v["raw"]
        ):  # another process was first
            differing.add(v["id"])
    return taken, differing


def _parts(conn: Connection, part_ids: Sequence[int]) -> dict[Any, int]:
    if not part_ids:
        return {}
    return dict(_WHOSE_PARTS.rows(conn, ids=list(part_ids)))


_WHOSE_PARTS = Ready(lambda among: select(parts.c.id, parts.c.contact_id).where(among(parts.c.id, "ids")))
_POINTS_KNOWN = Ready(lambda among: select(points.c.key, points.c.contact_id).where(among(points.c.key, "keys")))
_KNOWN = Ready(
    lambda among: select(identities.c.key, identities.c.contact_id, identities.c.id).where(
        among(identities.c.key, "keys")
    )
)


def is_known(conn: Connection, key: str) -> bool:
    """Whether this address is somebody's."""
    return bool(_KNOWN.rows(conn, keys=[key]))


def add_identities(conn: Connection, rows: Iterable[Identity]) -> None:
    """Addresses that a turn has made. One that somebody got meanwhile fails it, and it is decided again."""
    _NEW_IDENTITIES.write(
        conn, [asdict(one) | {"key": identity_key(one.channel, one.account, one.address)} for one in rows]
    )


def _senders(conn: Connection, ids: Ids, arrivals: Sequence[Arrival], now: Instant) -> dict[Any, int]:
    """Contact by identity key; people never seen before get a contact, an identity and a lane."""
    wanted = {_lane_key(a): a for a in arrivals}
    if not wanted:
        return {}
    lane_of: dict[Any, int] = {key: contact for key, contact, _ in _KNOWN.rows(conn, keys=list(wanted))}
    if seen := {key: a for key, a in wanted.items() if key not in lane_of and a.kind in _KNOWN_PEOPLE}:
        lane_of |= _visitors(conn, seen)
    fresh = {key: a for key, a in wanted.items() if key not in lane_of and a.opens}
    return lane_of | _newcomers(conn, ids, fresh, now) if fresh else lane_of


def _visitors(conn: Connection, seen: Mapping[Any, Arrival]) -> dict[Any, int]:
    """Contact by identity key, of those who are known by the phone or e-mail that is stated; nobody else is made up."""
    known = _known_points(conn, seen.values())
    found = {key: [known[p] for p in point_keys(a.sender or {}) if p in known] for key, a in seen.items()}
    return {key: people[0] for key, people in found.items() if people}


def _mailboxes(conn: Connection, ids: Ids, arrivals: Sequence[Arrival], lane_of: dict[Any, int], now: Instant) -> None:
    """An e-mail address that a form or an order states is one that its contact can be written to at."""
    stated: dict[str, int] = {}
    for arrival in arrivals:
        email = (arrival.sender or {}).get("email")
        if email and (contact := lane_of.get(_lane_key(arrival))) is not None:
            stated.setdefault(email, contact)
    if stated:
        add_mailboxes(conn, ids, stated, now)


def add_mailboxes(conn: Connection, ids: Ids, stated: dict[str, int], now: Instant) -> None:
    """Contacts by the address they can be written to at. Whose an address is already, theirs it stays."""
    wanted = {identity_key(*MAIL, email): (email, contact) for email, contact in sorted(stated.items())}
    known = {key for key, _, _ in _KNOWN.rows(conn, keys=list(wanted))}
    rows = [
        {
            "id": ids.take("identity"), "contact_id": contact, "channel": MAIL[0], "account": MAIL[1], "address": email,
            "name": "", "barred": "", "heard_at": None, "created_at": now, "key": key,
        }
        for key, (email, contact) in wanted.items()
        if key not in known
    ]  # fmt: skip
    if rows:
        _IDENTITIES.write(conn, rows)


def _known_points(conn: Connection, arrivals: Iterable[Arrival]) -> dict[str, int]:
    keys = [key for a in arrivals for key in point_keys(a.sender or {})]
    if not keys:
        return {}
    return dict(_POINTS_KNOWN.rows(conn, keys=keys))


def point_keys(sender: dict[str, Any]) -> list[str]:
    return [f"{kind}:{sender[kind]}" for kind in ("phone", "email") if sender.get(kind)]


def _newcomers(conn: Connection, ids: Ids, fresh: dict[Any, Arrival], now: Instant) -> dict[Any, int]:
    """Contact by identity key. Where someone else's first message of the same person was quicker, theirs."""
    known = _known_points(conn, fresh.values())
    people: dict[Any, dict[str, Any]] = {}
    made: dict[int, dict[str, Any]] = {}
    vouched: dict[Any, list[dict[str, Any]]] = {}
    for key, arrival in fresh.items():
        sender = arrival.sender or {}
        name, phone, email = (sender.get(k) or "" for k in ("name", "phone", "email"))
        proofs = point_keys(sender)
        contact = next((known[point] for point in proofs if point in known), None)
        if contact is None:
            contact = ids.take("contact")
            made[contact] = {
                "id": contact,
                "name": name,
                "phone": phone,
                "email": email,
                "created_at": now,
                "merged_into": None,
            }
        people[key] = {
            "id": ids.take("identity"), "contact_id": contact, "channel": sender["channel"], "account": sender["account"],
            "address": sender["address"], "name": name, "barred": "", "heard_at": None, "created_at": now, "key": key,
        }  # fmt: skip
        verified = now if arrival.vouched else None
        vouched[key] = [{"key": point, "contact_id": contact, "verified_at": verified} for point in proofs]
        known |= dict.fromkeys(proofs, contact)
    # In one order for all, so that two processes with the same newcomers wait for each other once, not in a ring.
    _IDENTITIES.write(conn, [people[key] for key in sorted(people)])
    there = {key: (contact, row) for key, contact, row in _KNOWN.rows(conn, keys=list(people))}
    won = [key for key, row in people.items() if there[key][1] == row["id"]]
    theirs: dict[int, int] = {}
    if proved := [point for key in won for point in vouched[key]]:
        _POINTS.write(conn, sorted(proved, key=itemgetter("key")))
        if conn.dialect.name != "sqlite":
            theirs = _give_way(conn, proved, made)
            there = {key: (theirs.get(contact, contact), row) for key, (contact, row) in there.items()}
    ours = {people[key]["contact_id"] for key in won} - set(theirs)
    if begun := [contact for number, contact in made.items() if number in ours]:
        _CONTACTS.write(conn, begun)
        _LANES.write(conn, [{"contact_id": contact["id"], "due_at": None, "pace": []} for contact in begun])
    return {key: contact for key, (contact, _) in there.items()}


def track(conn: Connection, ids: Ids, what: str, numbers: Sequence[tuple[int, str]], now: Instant) -> None:
    """News of these are for these contacts; whoever had the number first keeps it. `what`: `order` or `parcel`."""
    _IDENTITIES.write(
        conn,
        [
            {
                "id": ids.take("identity"), "contact_id": contact, "channel": what, "account": f"{what}s", "address": number,
                "name": "", "barred": "", "heard_at": None, "created_at": now, "key": identity_key(what, f"{what}s", number),
            }
            for contact, number in dict.fromkeys(numbers)
        ],
    )  # fmt: skip


def _give_way(conn: Connection, proved: list[dict[str, Any]], made: dict[int, Any]) -> dict[int, int]:
    """Contacts of ours that are somebody's already: another process had a newcomer with the same phone at this instant."""
    found = conn.execute(select(points.c.key, points.c.contact_id).where(points.c.key.in_([p["key"] for p in proved])))
    owners: dict[str, int] = dict(found.all())
    theirs: dict[int, int] = {}
    for point in proved:
        if point["contact_id"] in made and owners[point["key"]] != point["contact_id"]:
            theirs.setdefault(point["contact_id"], owners[point["key"]])
    for contact, owner in theirs.items():
        for table in (identities, points):
            conn.execute(update(table).where(table.c.contact_id == contact).values(contact_id=owner))
    return theirs


_WAKE = Ready(
    lambda among: (
        update(lanes)
        .where(among(lanes.c.contact_id, "ids"), or_(lanes.c.due_at.is_(None), lanes.c.due_at > bindparam("now")))
        .values(due_at=bindparam("now"))
    )
)


_FREE = Ready(
    lambda among: (
        select(lanes.c.contact_id)
        .where(among(lanes.c.contact_id, "ids"))
        .order_by(lanes.c.contact_id)
        .with_for_update(skip_locked=True)
    )
)
_FORGOTTEN = (
    select(inbox.c.contact_id)
    .join(lanes, lanes.c.contact_id == inbox.c.contact_id)
    .where(inbox.c.state == literal_column("'waiting'"), or_(lanes.c.due_at.is_(None), lanes.c.due_at > bindparam("late")))
    .distinct()
    .limit(1_000)
)  # fmt: skip
_LONGEST_PAUSE_MS = 10_000
"""No event that failed is put off for longer."""


def wake(conn: Connection, contact_ids: "set[int | None] | set[int]", now: Instant) -> list[int]:
    """Make these lanes due. The answer: those that another process has in hand.

    Whoever holds a lane does not see what is written here, and may be about to let it sleep: wake those again when
    this is committed. Never waited for, so that two processes never wait for each other's rows.
    """
    due = free = sorted(c for c in contact_ids if c is not None)
    if due and conn.dialect.name != "sqlite":
        free = _FREE.column(conn, ids=due)
    if free:
        _WAKE.run(conn, ids=free, now=now)
    return sorted(set(due).difference(free))


def wake_forgotten(conn: Connection, now: Instant) -> int:
    """Lanes that sleep though something waits in them: whoever was to wake them died, or the clock was put back."""
    found = set(conn.execute(_FORGOTTEN, {"late": now + _LONGEST_PAUSE_MS}).scalars())
    return len(found) - len(wake(conn, found, now))


def tally(conn: Connection, counted: "Counter[tuple[str, str, str]]", shard: int) -> None:
    """Add to the durable counters in the same commit as what they count."""
    if not counted:
        return
    rows = [
        {
            "key": f"{shard}:{channel}:{outcome}:{reason}",
            "channel": channel,
            "outcome": outcome,
            "reason": reason,
            "n": n,
        }
        for (channel, outcome, reason), n in sorted(counted.items())
    ]
    _TALLY.write(conn, rows)


def save_cursor(conn: Connection, key: str, value: int) -> None:
    """How far a polled source has been read, moved in the same commit as what was read."""
    _CURSOR.write(conn, [{"key": key, "value": value}])


def load_cursor(conn: Connection, key: str) -> int:
    return int(conn.execute(select(cursors.c.value).where(cursors.c.key == key)).scalar() or 0)


def load_tallies(conn: Connection) -> list[tuple[str, str, str, int]]:
    """(channel, outcome, reason, n), summed over shards, and the events still waiting as outcome `waiting`."""
    t = tallies.c
    counted = conn.execute(
        select(t.channel, t.outcome, t.reason, func.sum(t.n)).group_by(t.channel, t.outcome, t.reason)
    )
    waiting = conn.execute(
        select(inbox.c.channel, func.count())
        .where(inbox.c.state == literal_column("'waiting'"))
        .group_by(inbox.c.channel)
    )
    return [(c, o, r, int(n)) for c, o, r, n in counted] + [(c, "waiting", "", n) for c, n in waiting]


def has_due(conn: Connection, now: Instant) -> bool:
    """Whether any lane is due: something acknowledged has not had its turn."""
    return conn.execute(select(lanes.c.contact_id).where(lanes.c.due_at <= now).limit(1)).first() is not None
