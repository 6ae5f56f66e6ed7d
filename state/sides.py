"""What each of two joined deals has come by since, and who speaks in it when they are parted. Pure: rows in, an answer out."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from state.records import Deal, Instant, Run

LEADING: Final = "kept"
OTHER: Final = "gone"


class _Taken:
    """Somebody took both in one act: as good as a person's word in each."""

    direction, author, identity_id, at = "", "taken", None, 0


TAKEN: Final = _Taken()


@dataclass(frozen=True, slots=True)
class Called:
    """A call: no bot has heard it, and nobody can be written to where it came from."""

    direction: Literal["missed", "spoken"]
    at: Instant
    author: str = "call"
    identity_id: None = None


@dataclass(slots=True)
class Since:
    """Messages of one side since they were joined, in order."""

    messages: list[Any] = field(default_factory=list)

    def by_a_person(self) -> bool:
        return any(e.direction == "out" and e.author == "manager" for e in self.messages)

    def waits(self, before: Instant | None) -> Instant | None:
        for e in self.messages:
            if e.direction in ("out", "spoken") and e.author != "robot":
                before = None  # what robots say is no answer
            elif e.direction in ("in", "missed"):
                before = before or e.at
        return before

    def route(self, before: int | None) -> int | None:
        heard = [e.identity_id for e in self.messages if e.direction == "in" and e.identity_id is not None]
        return heard[-1] if heard else before


@dataclass(slots=True)
class Talk:
    """Who speaks in one of the two from here on."""

    owner: str
    responsible: int | None
    woken: dict[str, Any] | None = None
    """The run that the merge had stopped, which goes on."""


def talk_of(name: str, one: Deal, data: dict[str, Any], since: dict[str, Since], *, holds: bool) -> Talk:
    """`holds`: the bot that runs now goes on here."""
    before, after, mine = data[name], data["after"], since[name].messages
    responsible = before["responsible_id"]
    if name == LEADING and one.responsible_id != after["responsible_id"]:
        responsible = one.responsible_id
    if holds:
        return Talk("bot", responsible)
    if one.owner == "person" and one.closed_at is None:
        taken = after["owner"] != "person" or TAKEN in mine
        if taken or since[name].by_a_person():
            return Talk("person", one.responsible_id)
        if before["owner"] == "person":
            return Talk("person", responsible)
    elif name == OTHER and before["owner"] == "person" and one.closed_at is not None:
        return Talk("person", responsible)
    elif after["owner"] == "person":
        return Talk("pool", responsible)  # whoever held it has given it back since
    stopped = next((r for r in data["runs"] if r["deal"] == before["id"]), None)
    if before["owner"] == "bot" and stopped and not mine and not data["blocked"] and one.closed_at is None:
        return Talk("bot", responsible, stopped)
    return Talk("pool", responsible)


def side_of(run: Run, one: Deal, data: dict[str, Any], routes: frozenset[int]) -> str:
    """Where a bot was before goes with it; one that has begun since goes where it is talking."""
    if run.id in (data.get("moved_run"), data.get("kept_run")):
        return OTHER if run.id == data.get("moved_run") else LEADING
    return OTHER if one.route_id in routes else LEADING


def mixed(run: Run, others: Since) -> bool:
    """It has heard both sides: what it knows of the one must not be said to the other."""
    return any(e.direction == "in" and e.at >= run.started_at for e in others.messages)
