"""When a message may land outside the hours in which a channel takes free text.

The latest a step can be entered is counted from the customer's last message, along every way through the script.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from bots.kit.hours import Hours
from bots.kit.problems import Problem
from bots.kit.script import Ask, Call, Check, SayAction, Script, Step, Wait

Named = Mapping[str, Hours]
"""The playbook's calendars."""

MARGIN_MS: Final = 300_000
"""So long before the channel's window shuts, delivery holds it for shut."""
NEVER: Final = 10**15
"""The age of the customer's last message where nobody knows it, or there is none."""
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_ENOUGH = 12
"""So often a step's age may rise before it is taken for endless: a circle of waits."""

_ANSWERED = ("choice ", "answer ", "media", "person", "not_understood", "message")
"""Exits that a message of the customer's leads through."""


def outside(script: Script, window_hours: int, start_age: int, hours: Hours | None, named: Named) -> Iterator[Problem]:
    """A finding for each message without a template that may come too late."""
    limit = window_hours * _HOUR - MARGIN_MS
    ages = latest(script, start_age, limit, hours, named)
    for name, step in script.steps.items():
        age = ages.get(name)
        if age is None:
            continue
        if age > limit and step.template is None:
            line = _says_at(step)
            if line:
                yield _finding(line, f"step '{name}'", age, window_hours)
        if isinstance(step.finish, Ask):
            for reminder in step.finish.silence.reminders:
                told = age > limit and step.template is None  # of the question itself
                if age + reminder.after > limit and reminder.template is None and not told:
                    yield _finding(reminder.line, "the reminder", age + reminder.after, window_hours)


def latest(
    script: Script, start_age: int, limit: int, hours: Hours | None, named: Named = MappingProxyType({})
) -> Mapping[str, int]:
    """Step → how long ago, at most, the customer may have written when it is entered."""
    ages: dict[str, int] = {}
    risen: dict[str, int] = {}
    outward: dict[str, list[tuple[str, str]]] = {}
    for source, exit_, dest in script.edges:
        outward.setdefault(source, []).append((exit_, dest))
    waiting = [(script.start, start_age)]
    while waiting:
        name, age = waiting.pop()
        age = min(
            age, NEVER
        )  # endless is endless: nothing rises above it, or a circle of waits would be gone round for ever
        if name not in script.steps or ages.get(name, -1) >= age:
            continue
        risen[name] = risen.get(name, 0) + 1
        ages[name] = age = NEVER if risen[name] > _ENOUGH else age
        step = script.steps[name]
        for exit_, dest in outward.get(name, ()):
            waiting.append((dest, _after(step, exit_, age, limit, named.get(_calendar(step), hours))))
    return ages


def _after(step: Step, exit_: str, age: int, limit: int, hours: Hours | None) -> int:
    """The age with which one leaves by an exit."""
    if exit_.startswith(_ANSWERED):
        return 0
    match step.finish:
        case Ask(silence=silence):
            return age + silence.patience
        case Wait() as wait:
            return age + _longest(wait, hours)
        case Call(patience=patience):
            return age + patience
        case Check() as check:
            return min(age, limit) if _surely_open(check, exit_) else age
        case _:
            return age


def _calendar(step: Step) -> str:
    return step.finish.calendar if isinstance(step.finish, Wait) else ""


def _longest(wait: Wait, hours: Hours | None) -> int:
    if wait.field:
        return NEVER
    length = wait.span.least if wait.minute is None else _DAY
    return length + longest_gap(hours) if wait.span.working or wait.working or wait.opens else length


def longest_gap(hours: Hours | None) -> int:
    """The longest time, in the coming weeks of any year, that the shop is shut."""
    if hours is None:
        return 0
    gap, end = 0, None
    for place, (start, until) in enumerate(hours.spans(1_735_689_600_000)):  # 2025
        if end is not None:
            gap = max(gap, start - end)
        end = until
        if place > 30:
            break
    return gap


def _surely_open(check: Check, exit_: str) -> bool:
    """Whether this exit is only taken while the window is open."""
    for case in check.cases:
        windows = [test.operator for test in case.tests if test.subject == "window" and test.of_deal]
        if case.exit == exit_:
            return "open" in windows
        if windows == ["closed"] and len(case.tests) == 1:
            return True
    return False


def _says_at(step: Step) -> int:
    """The line on which the step first says something; 0: it says nothing."""
    lines: Iterable[int] = (action.line for action in step.actions if isinstance(action, SayAction))
    first = next(iter(lines), 0)
    return first or (step.finish.silence.line if isinstance(step.finish, Ask) else 0)


def _finding(line: int, what: str, age: int, window_hours: int) -> Problem:
    when = (
        "when nobody knows how long ago the customer wrote"
        if age >= NEVER
        else f"{age // _HOUR} h after their last message"
    )
    return Problem(
        line, 1, "warning", f"{what} may speak outside the {window_hours}-hour window: {when}",
        "Add 'template: …' beside it, or lead around it by a check of 'window: open'", "outside_window",
    )  # fmt: skip
