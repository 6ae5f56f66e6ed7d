"""The two machines of a bot, defined on `transitions` and frozen when they are built.

One is the life of a run, the same for every script; the other is a script's own graph of steps. On the way of a
message there are only look-ups in the frozen tables. They are total: every (state, trigger) pair is there, and what
changes nothing leads back to where it came from.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from transitions import Machine

from bots.kit.run import STATUSES, Status

Edge = tuple[str, str, str]
"""(state, trigger, state)."""

LIFE_EDGES: Final[tuple[Edge, ...]] = (
    ("running", "heard", "running"),
    ("running", "finish", "finished"),
    ("running", "hand_off", "handed_off"),
    ("running", "time_out", "timed_out"),
    ("running", "stop", "stopped"),
)


def build(states: Iterable[str], edges: Iterable[Edge], initial: str) -> Machine:
    """The machine as `transitions` knows it: what diagrams are drawn from and tables are frozen from."""
    machine = Machine(
        model=None,
        states=list(states),
        initial=initial,
        auto_transitions=False,
        ignore_invalid_triggers=True,
        send_event=False,
    )
    for source, trigger, dest in edges:
        machine.add_transition(trigger, source, dest)
    return machine


def freeze(machine: Machine) -> Mapping[tuple[str, str], str]:
    """The machine as a total table, read out of its own definition."""
    table: dict[tuple[str, str], str] = {}
    states = list(machine.states)
    for trigger, event in cast("Mapping[str, Any]", machine.events).items():
        for state in states:
            moves = event.transitions.get(state, ())
            table[state, trigger] = moves[0].dest if moves else state
    return MappingProxyType(table)


LIFE: Final = cast("Mapping[tuple[Status, str], Status]", freeze(build(STATUSES, LIFE_EDGES, "running")))
"""What becomes of a run's status. Nothing leads out of an end."""
