"""One step of a script: its table of keys → the compiled step and its exits.

The keys of a step read aloud in the order in which they happen: set, tag, move, note, task, say, and then one of ask,
check, wait, split, call, run, then, hand_off, end.
"""

from collections.abc import Mapping
from typing import Final

from bots.kit.asking import ASK_KEYS, compile_ask
from bots.kit.duties import ends_of
from bots.kit.finishes import (
    compile_call,
    compile_check,
    compile_leave,
    compile_run,
    compile_split,
    compile_wait,
)
from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Section, items_of, name_of, section, table_of, texts_of
from bots.kit.script import (
    FINISHED,
    HANDED_OFF,
    Action,
    End,
    Finish,
    MoveAction,
    NoteAction,
    SayAction,
    SetAction,
    Step,
    TagAction,
    TaskAction,
    Then,
)
from bots.kit.spans import AT_ONCE, span_of, working_of
from bots.kit.waiting import Desk, lead
from bots.kit.words import Said

MOST_SET, MOST_TAGS = 50, 20
ACTION_KEYS = ("set", "tag", "move", "note", "task", "say", "template")
FINISH_KEYS = ("ask", "check", "wait", "split", "call", "run", "hand_off", "end")
EXIT_KEYS = ("message", "else", "failed", "timeout")
STEP_KEYS = (*ACTION_KEYS, *FINISH_KEYS, *ASK_KEYS, *EXIT_KEYS, "then")
TASK_KEYS = ("kind", "text", "due", "working", "calendar", "show", "ends")

OWNERS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(ASK_KEYS, ("ask",)),
    "save": ("ask", "wait"),
    "gather": ("ask", "wait"),
    "person": ("ask", "wait", "call"),
    "message": ("wait",),
    "else": ("check", "wait"),
    "failed": ("call",),
    "timeout": ("call",),
}
"""Keys that say more of a finish, and the finishes that they may stand beside."""

_LEADS_ON = ("ask", "check", "wait", "call")
"""Finishes that `then` belongs to."""


def compile_step(key: Scalar, node: Node, desk: Desk) -> tuple[Step, list[tuple[str, str]]]:
    """The step and its exits, as (exit, step or ending)."""
    found = desk.found
    at = section(node, STEP_KEYS, f"step '{key.text}'", found)
    if at is None:
        return Step(key.text, key.line, (), End("")), []
    exits: list[tuple[str, str]] = []
    actions = _actions(at, desk)
    chosen = [word for word in FINISH_KEYS if word in at]
    if len(chosen) > 1:
        what = f"a step cannot both '{chosen[0]}' and '{chosen[1]}'"
        found.error(at.keys[chosen[1]], what, "Make two steps of it", "contradiction")
    for word, owners in OWNERS.items():
        if word in at and not any(owner in at for owner in owners):
            what = f"'{word}' stands in a step without {' or '.join(repr(owner) for owner in owners)}"
            found.error(at.keys[word], what, f"Add '{owners[0]}: …', or remove the line", "misplaced")
    finish = _finish(chosen[0] if chosen else "then", key, at, desk, exits)
    if chosen and chosen[0] not in _LEADS_ON and "then" in at:
        found.error(at.keys["then"], f"nothing comes after '{chosen[0]}'", "Remove 'then'", "misplaced")
    template = desk.prepared(at)
    if template is not None and "say" not in at and "ask" not in at:
        what = "'template' stands in a step that says nothing"
        found.error(at.keys["template"], what, "Add 'say: …': what is sent when free text may be", "misplaced")
    return Step(key.text, key.line, actions, finish, template), exits


def _finish(word: str, key: Scalar, at: Section, desk: Desk, exits: list[tuple[str, str]]) -> Finish:
    match word:
        case "ask":
            return compile_ask(key, at, desk, exits)
        case "check":
            return compile_check(key, at, desk, exits)
        case "wait":
            return compile_wait(key, at, desk, exits)
        case "split":
            return compile_split(at, desk, exits)
        case "call":
            return compile_call(key, at, desk, exits)
        case "run":
            exits.append(("run", FINISHED))
            return compile_run(at, desk)
        case "hand_off":
            exits.append(("hand_off", HANDED_OFF))
            return compile_leave(at, desk)
        case "end":
            exits.append(("end", FINISHED))
            return End(name_of(at.get("end"), "end", desk.found) or "done")
        case _ if "then" in at:
            lead(exits, "then", at.get("then"), desk)
            return Then()
        case _:
            remedy = "Add one of: 'then: step', 'ask: …', 'hand_off: …', 'end: done'"
            desk.found.error(key, f"step '{key.text}' has no exit", remedy, "no_exit")
            return End("")


def _actions(at: Section, desk: Desk) -> tuple[Action, ...]:
    actions: list[Action] = []
    table = table_of(at.get("set"), "set", desk.found)
    if table and len(table.pairs) > MOST_SET:
        desk.found.error(
            table.pairs[MOST_SET][0], f"more than {MOST_SET} fields set at once", "Remove some", "too_many"
        )
    for key, node in table.pairs[:MOST_SET] if table else ():
        name = desk.field(key, "a field")
        value = desk.text(node, f"the value of '{shown(key.text)}'")
        if name and value is not None:
            actions.append(SetAction(name, value, key.line))
    tags = texts_of(at.get("tag"), "tag", desk.found)
    if len(tags) > MOST_TAGS:
        desk.found.error(at.keys["tag"], f"more than {MOST_TAGS} tags at once", "Remove some", "too_many")
    actions.extend(map(TagAction, tags[:MOST_TAGS]))
    stage = name_of(at.get("move"), "move", desk.found)
    if stage is not None:
        actions.append(MoveAction(stage, at.keys["move"].line))
    noted = desk.text(at.get("note"), "note")
    if noted is not None:
        actions.append(NoteAction(noted))
    task = _task(at.get("task"), desk)
    if task is not None:
        actions.append(task)
    said: Said | None = desk.said(at.get("say"), "say")
    if said is not None:
        actions.append(SayAction(said, at.keys["say"].line))
    return tuple(actions)


def _task(node: Node | None, desk: Desk) -> TaskAction | None:
    """`task: text`, or a table that also says the kind, when it is due and what is shown."""
    found = desk.found
    if node is None:
        return None
    if isinstance(node, Scalar):
        text = desk.text(node, "task")
        return TaskAction("task", text) if text is not None else None
    one = section(node, TASK_KEYS, "task", found)
    if one is None:
        return None
    if "text" not in one:
        found.error(node, "the task does not say what to do", "Add 'text: …' under 'task:'", "no_value")
    text = desk.text(one.get("text"), "text")
    show = tuple(desk.field(field, "a field") for field in items_of(one.get("show"), "show", found))
    working, calendar = working_of(one, found)
    due = span_of(one.get("due"), "due", found, working=working)
    if working and "due" not in one:
        word = "working" if "working" in one else "calendar"
        found.warn(one.keys[word], f"'{word}' without 'due' says nothing", "Add 'due: 2h', or remove it", "unused")
    kind = name_of(one.get("kind"), "kind", found) or "task"
    line = (one.get("calendar") or node).line
    return (
        TaskAction(kind, text, due or AT_ONCE, show, calendar, line, ends_of(one, found)) if text is not None else None
    )
