"""Tasks as the playbook writes them: their kinds (`task_kinds`), and who hears of those that nobody does (`overdue`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bots.kit.languages import Language
from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, name_of, section, table_of, text_of, yes_of
from bots.kit.spans import AT_ONCE, Span, delay_of
from bots.kit.staffing import Crew, Member

KIND_KEYS: Final = ("title", "contact", "due")
OVERDUE_KEYS: Final = ("remind", "after", "to")
_HALF_AN_HOUR: Final = Span(1_800_000, working=True)
_A_WORKING_DAY: Final = Span(0, working=True, days=1)


@dataclass(frozen=True, slots=True)
class TaskKind:
    """What a task of this kind is."""

    name: str
    title: str
    contact: bool = False
    """It means: speak with the customer. Closed without that, it asks why."""
    due: Span = AT_ONCE
    """When it is due where nobody says; 0: at once."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """Who hears of tasks that are not done, and when."""

    remind: Span = _HALF_AN_HOUR
    """So long after a task was due, its responsible is reminded, once."""
    after: Span = _A_WORKING_DAY
    """So long after, somebody else hears of it."""
    to: str = "head"


USUAL: Final = Overdue()
WITH_STAGE: Final = "with stage"
"""How a task ends that is needless once the deal has moved on."""


BUILT_IN: Final[Mapping[str, bool]] = {
    "answer": True, "call": True, "call_back": True, "write": True, "handoff": True, "talk": True, "unreachable": False,
    "undelivered": False, "late": False, "next_step": False, "notice": False, "overdue": False, "check_event": False,
    "check_loop": False, "check_robots": False, "check_payment": False, "check_sum": False, "quarantine": False, "task": False,
    "other": False,
}  # fmt: skip
"""What there is without a playbook saying so, and whether it means to speak with the customer: all that the system itself
gives, and what managers give by hand.
"""


def kinds_in(spoken: Language) -> dict[str, TaskKind]:
    """The built-in ones, as managers call them."""
    return {name: TaskKind(name, spoken.kinds[name], contact) for name, contact in BUILT_IN.items()}


def ends_of(one: Section, found: Findings) -> str:
    """The key `ends` of a task that makes no sense once the deal has left the stage: `stage`; empty, where it is not said."""
    ends = text_of(one.get("ends"), "ends", found) or ""
    if ends not in ("", WITH_STAGE):
        what = f"a task ends '{WITH_STAGE}', not '{shown(ends)}'"
        remedy = "Write it so; without it, it ends when it is done"
        found.error(one.get("ends") or one.at, what, remedy, "unknown_word")
    return "stage" if ends else ""


def kinds_of(node: Node | None, spoken: Language, found: Findings) -> dict[str, TaskKind]:
    """All kinds: the built-in ones, changed and added to by the playbook's."""
    kinds = kinds_in(spoken)
    table = table_of(node, "task_kinds", found)
    for key, value in table.pairs if table else ():
        name = name_of(key, "a task's kind", found)
        if isinstance(value, Scalar):
            if name and (title := text_of(value, f"the title of '{name}'", found)):
                usual = kinds.get(name, TaskKind(name, title))
                kinds[name] = TaskKind(name, title, usual.contact, usual.due)
            continue
        one = section(value, KIND_KEYS, f"task kind '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        usual = kinds.get(name, TaskKind(name, name))
        kinds[name] = TaskKind(
            name, text_of(one.get("title"), "title", found) or usual.title,
            yes_of(one.get("contact"), "contact", found) if "contact" in one else usual.contact,
            delay_of(one.get("due"), "due", found) if "due" in one else usual.due,
        )  # fmt: skip
    return kinds


def overdue_of(node: Node | None, team: Mapping[str, Member], found: Findings) -> Overdue:
    usual = USUAL
    one = section(node, OVERDUE_KEYS, "overdue", found)
    if one is None:
        return usual
    to = text_of(one.get("to"), "to", found) or usual.to
    Crew(team).look(one.get("to"), to, found, ())
    return Overdue(
        delay_of(one.get("remind"), "remind", found) if "remind" in one else usual.remind,
        delay_of(one.get("after"), "after", found) if "after" in one else usual.after,
        to,
    )
