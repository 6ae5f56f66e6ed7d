"""Tasks as the playbook writes them: their kinds (`task_kinds`), and who hears of those that nobody does (`overdue`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, name_of, section, table_of, text_of, yes_of
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


def _kinds(*known: tuple[str, str, bool]) -> dict[str, TaskKind]:
    return {name: TaskKind(name, title, contact) for name, title, contact in known}


BUILT_IN: Final = _kinds(
    ("answer", "Ответить клиенту", True),
    ("call", "Позвонить клиенту", True),
    ("call_back", "Перезвонить клиенту", True),
    ("write", "Написать клиенту", True),
    ("handoff", "Продолжить разговор", True),
    ("talk", "Ответить клиенту", True),
    ("unreachable", "Клиент недоступен", False),
    ("undelivered", "Не доставлено", False),
    ("late", "Сделка задержалась", False),
    ("next_step", "Решить, что дальше", False),
    ("notice", "Сообщение", False),
    ("overdue", "Просроченные задачи", False),
    ("check_event", "Проверить событие", False),
    ("check_loop", "Проверить переписку", False),
    ("check_robots", "Проверить роботов", False),
    ("check_payment", "Проверить оплату", False),
    ("check_sum", "Узнать сумму", False),
    ("quarantine", "Разобрать непонятое", False),
    ("task", "Задача", False),
    ("other", "Задача", False),
)
"""What there is without a playbook saying so: all that the system itself gives, and what managers give by hand."""


def kinds_of(node: Node | None, found: Findings) -> dict[str, TaskKind]:
    """All kinds: the built-in ones, changed and added to by the playbook's."""
    kinds = dict(BUILT_IN)
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
