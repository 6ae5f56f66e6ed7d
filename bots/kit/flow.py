"""What is sure at each step: which fields have been filled, whether a person can be had, whether silence ends."""

from collections.abc import Iterable, Iterator, Mapping

from bots.kit.graph import stopping
from bots.kit.problems import Problem
from bots.kit.script import (
    ENDINGS,
    FILES,
    HANDED_OFF,
    MOST_PASSED,
    Ask,
    Check,
    Leave,
    NoteAction,
    Prepared,
    SayAction,
    Script,
    SetAction,
    Step,
    TaskAction,
    Wait,
)
from bots.kit.words import Said, wordings

_ALWAYS = frozenset({"channel"})
_SEEN = ("not empty", "over", "under")
"""What holds only of a field that is filled."""

Outward = Mapping[str, list[tuple[str, str]]]


def outward(script: Script) -> Outward:
    """Step → its exits and where they lead."""
    exits: dict[str, list[tuple[str, str]]] = {}
    for source, exit_, dest in script.edges:
        exits.setdefault(source, []).append((exit_, dest))
    return exits


# -- fields that may be empty ------------------------------------------------------------------------------------------


def empties(script: Script) -> Iterator[Problem]:
    """Placeholders without a default whose field nothing before them has surely filled."""
    sure = filled(script)
    for name, step in script.steps.items():
        known = sure.get(name)
        if known is None:
            continue
        if step.template is not None:
            yield from _empty_values(step.template, known | _set(step, known))
        for action in step.actions:
            if isinstance(action, SetAction):
                known = known | _filling(action, known)
            elif isinstance(action, SayAction):
                yield from _empty(action.text, action.line, known)
            elif isinstance(action, (NoteAction, TaskAction)):
                yield from _empty(action.text, step.line, known)
        if isinstance(step.finish, Ask):
            yield from _empty(step.finish.question, step.finish.silence.line, known)
            yield from _empty(step.finish.hint, step.finish.silence.line, known)
            for reminder in step.finish.silence.reminders:
                yield from _empty(reminder.text, reminder.line, known)
                if reminder.template is not None:
                    yield from _empty_values(reminder.template, known)
        if isinstance(step.finish, Leave):
            yield from _empty(step.finish.task, step.line, known)


def _empty(said: Said, line: int, known: frozenset[str]) -> Iterator[Problem]:
    for text in wordings(said):
        if text.plain is None:
            for slot in text.slots():
                if not slot.default and slot.field not in known and slot.field != "name":
                    what = f"'{{{slot.field}}}' may be empty here: not every way to this step has asked for it"
                    remedy = f"Give a default: {{{slot.field} or …}}"
                    yield Problem(line, 1, "warning", what, remedy, "may_be_empty")


def _empty_values(template: Prepared, known: frozenset[str]) -> Iterator[Problem]:
    """A value that comes out empty is worse than a gap: the provider takes no such message."""
    for value in template.values:
        yield from _empty(value, template.line, known)


def filled(script: Script) -> Mapping[str, frozenset[str]]:
    """Step → the fields that are filled whichever way it is reached."""
    exits = outward(script)
    sure: dict[str, frozenset[str]] = {script.start: _ALWAYS}
    waiting = [script.start]
    while waiting:
        name = waiting.pop()
        step = script.steps[name]
        here = sure[name] | _set(step, sure[name])
        for exit_, dest in exits.get(name, ()):
            if dest in ENDINGS:
                continue
            gained = here | _gained(step, exit_)
            before = sure.get(dest)
            after = gained if before is None else before & gained
            if after != before:
                sure[dest] = after
                waiting.append(dest)
    return sure


def _set(step: Step, known: frozenset[str]) -> frozenset[str]:
    """The fields that the step itself surely fills."""
    own: frozenset[str] = frozenset()
    for action in step.actions:
        if isinstance(action, SetAction):
            own |= _filling(action, known | own)
    return own


def _filling(action: SetAction, known: frozenset[str]) -> frozenset[str]:
    """The field, where its value cannot come out empty."""
    sure = any(
        bool(part.strip()) if isinstance(part, str) else part.default or part.field in known
        for part in action.value.parts
    )
    return frozenset({action.field}) if sure else frozenset()


def _gained(step: Step, exit_: str) -> set[str]:
    """The fields that are surely filled behind an exit: by an answer, or by a check that has seen them."""
    finish = step.finish
    if isinstance(finish, Check):
        tests = next((case.tests for case in finish.cases if case.exit == exit_), ())
        return {test.subject for test in tests if not test.of_deal and test.operator in _SEEN}
    if isinstance(finish, Ask):
        if exit_.startswith("choice ") and finish.save:
            return {finish.save}
        return {answer.save for answer in finish.answers if answer.exit == exit_ and answer.save} | (
            {FILES} if exit_ == "media" else set()
        )
    return {finish.save} if isinstance(finish, Wait) and exit_ == "message" and finish.save else set()


# -- a person, and an end ------------------------------------------------------------------------------------------------


def unheard(script: Script) -> Iterator[Problem]:
    """Questions at which a wish for a person, or silence, comes to nothing."""
    exits, quiet = outward(script), _quiet(script)
    for name, step in script.steps.items():
        finish = step.finish
        if not isinstance(finish, Ask):
            continue
        person = script.exits[name, "person"]
        if person not in ENDINGS and not _hands_off(person, exits, script):
            what = f"who asks for a person at step '{name}' gets none"
            remedy = f"Let a way from '{person}' end in 'hand_off', or remove 'person'"
            yield Problem(finish.silence.line, 1, "warning", what, remedy, "no_person")
        if _silent_circle(name, script, quiet):
            what = f"silence at step '{name}' leads round and back to it: nothing ever ends the run"
            remedy = "Let 'silence' lead to a step that ends, or write 'close: reason'"
            yield Problem(finish.silence.line, 1, "warning", what, remedy, "no_timeout")


def unfirst(script: Script) -> Iterator[Problem]:
    """Answers that would take the customer's first words, at questions that are not the first."""
    begun = reached([script.start], outward(script), stopping(script.steps))
    for name, step in script.steps.items():
        if name not in begun and isinstance(step.finish, Ask) and any(answer.first for answer in step.finish.answers):
            what = f"'first' says nothing at step '{name}': other questions come before it"
            yield Problem(step.line, 1, "warning", what, "Remove it, or ask this first", "unused")


def _hands_off(start: str, exits: Outward, script: Script) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == HANDED_OFF:
            return True
        if name in seen or name not in script.steps:
            continue
        seen.add(name)
        # That every question gives up in the end is no answer to somebody who asks for a person now.
        given_up = ("not_understood", "person") if isinstance(script.steps[name].finish, Ask) else ()
        waiting.extend(dest for exit_, dest in exits.get(name, ()) if exit_ not in given_up)
    return False


def _silent_circle(start: str, script: Script, quiet: Mapping[str, list[str]]) -> bool:
    """Whether a customer who never writes again comes back to this question."""
    seen: set[str] = set()
    waiting = [script.exits[start, "silence"]]
    while waiting:
        name = waiting.pop()
        if name == start:
            return True
        if name in seen or name not in script.steps:
            continue
        seen.add(name)
        waiting.extend(quiet.get(name, ()))
    return False


def _quiet(script: Script) -> Mapping[str, list[str]]:
    """Step → where a run goes on from it though nobody writes."""
    found: dict[str, list[str]] = {}
    for source, exit_, dest in script.edges:
        step = script.steps[source]
        heard = isinstance(step.finish, Ask) and exit_ != "silence"
        if not heard and exit_ not in ("message", "person"):
            found.setdefault(source, []).append(dest)
    return found


# -- how far a run goes at once ----------------------------------------------------------------------------------------


def too_far(script: Script, stops: frozenset[str]) -> Iterator[Problem]:
    """Ways so long that the walk gives up before it comes to a stop. No circle is left in a script that was compiled."""
    exits = outward(script)
    ahead: dict[str, int] = {}  # step → the most steps that are gone through at once from it on, itself among them
    for name in script.steps:
        waiting = [name]
        while waiting:
            here = waiting[-1]
            onward = () if here in stops else [dest for _, dest in exits.get(here, ()) if dest in script.steps]
            unknown = [dest for dest in onward if dest not in ahead]
            if unknown:
                waiting += unknown
                continue
            ahead[waiting.pop()] = 1 + max((ahead[dest] for dest in onward), default=0)
    for name in dict.fromkeys([script.start, *(dest for stop in stops for _, dest in exits.get(stop, ()))]):
        if ahead.get(name, 0) > MOST_PASSED:
            what = f"from step '{name}' on more than {MOST_PASSED} steps are gone through and nothing is waited for"
            remedy = "Ask something or wait on the way: so far no run goes at once"
            yield Problem(script.steps[name].line, 1, "error", what, remedy, "too_long_way")


def reached(starts: Iterable[str], exits: Outward, stops: frozenset[str]) -> frozenset[str]:
    """The steps that are come to without passing a stop; the stops themselves too."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in stops:
            waiting.extend(dest for _, dest in exits.get(name, ()))
    return frozenset(seen)
