"""A business as data: its funnels, where inquiries enter, which bot starts on what, and why deals are lost.

Read by the same reader as scripts. Nothing is opened here: the caller hands in what reads a file of its folder.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from bots.kit.business import (
    BotRule,
    Clarification,
    Endpoint,
    Funnel,
    LoopGuard,
    Outcome,
    Playbook,
    Source,
    Stage,
)
from bots.kit.fields import SOME_DAY, Misfit, as_written, understand
from bots.kit.opening import no_calendar
from bots.kit.problems import Problem, Severity, did_you_mean, has_errors, in_order, shown
from bots.kit.reader import read
from bots.kit.schema import Findings, TooManyError, section
from bots.kit.script import ENDINGS, Ask, Call, MoveAction, Script, SetAction, Step, TaskAction, Wait
from bots.kit.sections import PLAYBOOK_KEYS, TEXTS, read_playbook
from bots.kit.starts import TRIGGERS
from bots.kit.words import as_text

__all__ = [
    "FILE", "TEXTS", "TRIGGERS", "BotRule", "Clarification", "Endpoint", "Funnel", "LoopGuard", "Outcome", "Playbook", "Source",
    "Stage", "check_script", "load_playbook",
]  # fmt: skip

FILE = "playbook.yaml"


def load_playbook(name: str, files: Callable[[str], str] | Mapping[str, str]) -> tuple[Playbook | None, list[Problem]]:
    """The playbook of a folder, and everything wrong with it. `files` gives a file's text by its name in the folder."""
    try:
        text = files[FILE] if isinstance(files, Mapping) else files(FILE)
    except (KeyError, OSError, ValueError):
        what = f"the playbook has no readable {FILE}"
        return None, [Problem(1, 1, "error", what, f"Put a {FILE} in UTF-8 into its folder", "encoding")]
    node, form = read(text)
    found = Findings(form)
    playbook = None
    with suppress(TooManyError):
        at = section(node, PLAYBOOK_KEYS, "a playbook", found)
        if at is not None:
            playbook = read_playbook(name, at, found)
        elif not found:
            found.append(
                Problem(1, 1, "error", "the file is empty", "Begin with 'playbook: …' and 'funnels:'", "empty")
            )
    return (None if has_errors(found) else playbook), in_order(found)


def check_script(script: Script, playbook: Playbook, funnel: str = "") -> list[Problem]:
    """What a script asks for that its playbook does not have: stages, reasons, templates, endpoints; and what it puts into
    fields that do not take it.
    """
    found: list[Problem] = []
    home = playbook.funnel(funnel) or playbook.funnels[0]
    stages = [stage.name for stage in home.stages]
    for name, step in script.steps.items():
        found += _calendars(step, playbook)
        for action in step.actions:
            if isinstance(action, MoveAction) and action.stage not in stages:
                what = f"funnel '{home.name}' has no stage '{shown(action.stage)}'"
                found.append(
                    Problem(action.line, 1, "error", what, did_you_mean(action.stage, stages), "unknown_stage")
                )
        found += _templates(step, playbook)
        found += _fields(step, playbook)
        if isinstance(step.finish, Call):
            found += _call(step.finish, playbook)
        ask = step.finish
        if not isinstance(ask, Ask) or script.exits[name, "silence"] not in ENDINGS:
            continue
        if ask.silence.reason not in playbook.reasons:
            what = f"the playbook has no reason '{shown(ask.silence.reason)}' to close a deal"
            remedy = did_you_mean(ask.silence.reason, playbook.reasons)
            found.append(Problem(ask.silence.line, 1, "error", what, remedy, "unknown_reason"))
    return in_order(found)


def _calendars(step: Step, playbook: Playbook) -> Iterator[Problem]:
    for one in (*step.actions, step.finish):
        if isinstance(one, (Wait, TaskAction)) and one.calendar and one.calendar not in playbook.calendars:
            yield Problem(one.line, 1, "error", *no_calendar(one.calendar, playbook.calendars))


def _fields(step: Step, playbook: Playbook) -> Iterator[Problem]:
    """Values that are written out, the labels of choices that are kept, and answers to what is reckoned by itself."""
    remedy = "Write one that it takes, or change the field in the playbook"
    for action in step.actions:
        if isinstance(action, SetAction) and (action.value.plain is not None or _is_reckoned(playbook, action.field)):
            said = as_written(playbook.kinds.get(action.field), action.value.plain or "")
            yield from _unfit(playbook, action.field, said, (action.line, "error", remedy))
    ask = step.finish
    if not isinstance(ask, Ask):
        return
    for name in dict.fromkeys((ask.save, *(answer.save for answer in ask.answers))):
        if name and _is_reckoned(playbook, name):
            yield from _unfit(playbook, name, "", (ask.silence.line, "error", "Save the answer in another field"))
    for option in ask.options if ask.save and not _is_reckoned(playbook, ask.save) else ():
        remedy = "Have it lead to a step of its own with 'set:', or add it to what the field takes"
        yield from _unfit(playbook, ask.save, option.label, (option.line, "warning", remedy))


def _is_reckoned(playbook: Playbook, name: str) -> bool:
    field = playbook.kinds.get(name)
    return field is not None and bool(field.terms)


def _unfit(playbook: Playbook, name: str, said: object, at: tuple[int, Severity, str]) -> Iterator[Problem]:
    field = playbook.kinds.get(name)
    wrong = understand(field, said, playbook.locale, SOME_DAY) if field is not None else None
    if isinstance(wrong, Misfit):
        line, severity, remedy = at
        what = f"'{shown(as_text(said))}' is not kept: " if as_text(said) else ""
        what += f"field '{name}' {wrong.wanted}"
        yield Problem(line, 1, severity, what, remedy, "unfit")


def _templates(step: Step, playbook: Playbook) -> Iterator[Problem]:
    for prepared in step.prepared():
        approved = playbook.templates.get(prepared.name)
        if approved is None:
            what = f"the playbook has no template '{shown(prepared.name)}'"
            yield Problem(
                prepared.line, 1, "error", what, did_you_mean(prepared.name, playbook.templates), "unknown_template"
            )
        elif len(prepared.values) != approved.values and (prepared.values or approved.numbered):
            what = f"template '{prepared.name}' takes {approved.values} values, not {len(prepared.values)}"
            yield Problem(
                prepared.line, 1, "error", what, "List them under 'values:', in their order", "template_values"
            )


def _call(call: Call, playbook: Playbook) -> Iterator[Problem]:
    endpoint = playbook.endpoints.get(call.endpoint)
    if endpoint is None:
        what = f"the playbook has no endpoint '{shown(call.endpoint)}'"
        yield Problem(call.line, 1, "error", what, did_you_mean(call.endpoint, playbook.endpoints), "unknown_endpoint")
        return
    for word, asked, allowed in (
        ("send", call.send, endpoint.send),
        ("keep", tuple(name for name, _ in call.keep), endpoint.keep),
    ):
        for name in asked:
            if name not in allowed:
                what = f"endpoint '{call.endpoint}' does not {word} '{shown(name)}'"
                yield Problem(call.line, 1, "error", what, did_you_mean(name, allowed), "endpoint_field")
