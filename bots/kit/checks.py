"""The checks of an audit as a playbook names them: what counts as dirt, how bad that is, and when it is looked for.

A check is a named filter with plain conditions; there is no language of expressions. Those of `BUILT_IN` every playbook has: it may
change them, or say `no` to one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from bots.kit.conditions import Test
from bots.kit.languages import Language
from bots.kit.spans import AT_ONCE, Span

Severity = Literal["critical", "normal"]
What = Literal[
    "no_next_task", "overdue_task", "stage_too_old", "missing", "duplicate_contact", "duplicate_deal", "left_manager", "unanswered",
    "no_contact", "no_reason", "orphan", "deal", "task", "contact",
]  # fmt: skip
"""What is looked for. The last three are plain filters: whatever meets the conditions is found."""
State = Literal["open", "won", "lost"]

_HOUR: Final = 3_600_000
_MONTH: Final = 31 * 86_400_000


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    title: str
    severity: Severity
    what: What
    missing: tuple[str, ...] = ()
    """Fields that must be filled; empty with `what: missing`: those that the deal's stage requires."""
    tests: tuple[Test, ...] = ()
    older: Span = AT_ONCE
    """How long it may last before it is dirt."""
    at: str = ""
    """A field with a date: from then on it is dirt, and what has no date is none."""
    kind: str = ""
    """Of tasks."""
    funnels: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    state: State = "open"
    within: int = _MONTH
    """Milliseconds: what is over for longer is not looked at."""


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """When the shop is looked through by itself: from this minute of the day on, once in so many days or in a month."""

    days: int
    """0: once a month."""
    minute: int = 480


_LISTED: Final = (
    Check("no_next_task", "", "critical", "no_next_task"),
    Check("overdue_task", "", "critical", "overdue_task"),
    Check("unanswered", "", "critical", "unanswered", older=Span(_HOUR, working=True)),
    Check("left_manager", "", "critical", "left_manager"),
    Check("orphan", "", "critical", "orphan"),
    Check("stage_too_old", "", "normal", "stage_too_old"),
    Check("missing_field", "", "normal", "missing"),
    Check("duplicate_contact", "", "normal", "duplicate_contact"),
    Check("duplicate_deal", "", "normal", "duplicate_deal"),
    Check("no_contact", "", "normal", "no_contact"),
    Check("no_reason", "", "normal", "no_reason"),
)
BUILT_IN: Final[Mapping[str, Check]] = MappingProxyType({one.name: one for one in _LISTED})
"""Without their titles: those are in the language of the shop's people."""


def checks_in(spoken: Language) -> dict[str, Check]:
    """The built-in ones, as managers call them."""
    return {name: replace(one, title=spoken.checks[name]) for name, one in BUILT_IN.items()}
