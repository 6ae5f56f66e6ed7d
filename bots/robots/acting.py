"""One line of a robot's `do` → an action. Each is a table of one key: `- task: {…}`, `- move: stage`."""

from collections.abc import Callable, Mapping
from typing import Final

from bots.kit.business import OUTCOMES
from bots.kit.duties import ends_of
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Section, name_of, section, table_of, text_of
from bots.kit.spans import delay_of
from bots.robots import effects as fx
from bots.robots.actions import Action, Note, Task, Word
from bots.robots.lines import Line, Where
from bots.robots.messages import email, message, sms
from bots.robots.office import Office
from bots.robots.rules import Mention
from bots.robots.setting import read_count, read_set

TASK_KEYS: Final = ("kind", "text", "due", "to", "ends")
_TASK_HINTS: Final = {
    **dict.fromkeys(("for", "who", "responsible", "assignee", "head"), "Whose it is is 'to: head'"),
    **dict.fromkeys(("in", "deadline", "until", "by"), "Until when is 'due: 2h working'"),
    "title": "What is to be done is 'text: …'",
}
CONVERT_KEYS: Final = ("funnel", "stage", "company", "tax_id")


def action_of(node: Node, where: Where, office: Office) -> Action | None:
    found = office.found
    table = table_of(node, "an action", found)
    if table is None:
        return None
    if len(table.pairs) != 1:
        found.error(node, "an action is one line", "Begin each with '- ': - task: …, then - move: …", "contradiction")
        if not table.pairs:
            return None
    key, value = table.pairs[0]
    read = _READERS.get(key.text)
    if read is None:
        found.error(key, f"robots cannot '{shown(key.text)}'", did_you_mean(key.text, _READERS), "unknown_action")
        return None
    return read(Line(key, value, where, office))


def _task(line: Line) -> Action | None:
    """`task: text`, or a table that also says the kind, when it is due and whose it is."""
    found, office = line.found, line.office
    if isinstance(line.value, Scalar):
        text = line.text()
        return Task("task", text) if text is not None else None
    one = section(line.value, TASK_KEYS, "task", found, _TASK_HINTS)
    if one is None:
        return None
    if "text" not in one:
        found.error(line.key, "the task does not say what to do", "Add 'text: …' under 'task:'", "no_value")
    text = office.text(one.get("text"), "text")
    due, to = delay_of(one.get("due"), "due", found), text_of(one.get("to"), "to", found) or "responsible"
    office.crew.look(one.get("to"), to, found)
    ends = ends_of(one, found)
    kind = name_of(one.get("kind"), "kind", found) or "task"
    office.known_kind(one.get("kind"), kind)
    return Task(kind, text, due, to, ends) if text is not None else None


def _tell(to: str) -> Callable[[Line], Action | None]:
    def read(line: Line) -> Action | None:
        text = line.text()
        return Word(to, text) if text is not None else None

    return read


def _note(line: Line) -> Action | None:
    text = line.text()
    return Note(text) if text is not None else None


def _move(line: Line) -> Action | None:
    stage = line.among(line.word(), line.where.stages, f"funnel '{line.where.funnel}' has no stage", "unknown_stage")
    if line.where.over:
        _over(line)
    elif stage == "lost":
        line.found.error(line.value, "a deal that is lost has a reason", "Write '- close: REASON'", "unknown_reason")
    elif set(line.where.within) == {stage}:
        remedy = f"Name another: {', '.join(one for one in line.where.open if one != stage)}"
        line.found.error(line.value, f"the deal is in '{stage}' already", remedy, "impossible")
    return fx.MoveStage(stage) if stage else None


def _over(line: Line) -> None:
    if not line.where.within:
        return  # the stages themselves cannot be read, which is told already
    what = f"a deal in '{line.where.within[0]}' has ended, and '{line.key.text}' does nothing any more"
    line.found.error(line.key, what, "Remove it; a new deal is opened by '- open: {funnel: …}'", "impossible")


def _close(line: Line) -> Action | None:
    if line.where.over:
        _over(line)
    return fx.CloseDeal("won") if line.word() == "won" else fx.CloseDeal("lost", _reason(line))


def _delete(line: Line) -> Action | None:
    return fx.DeleteDeal(reason) if (reason := _reason(line)) else None


def _reason(line: Line) -> str:
    return line.among(line.word(), line.office.reasons, "the playbook has no reason", "unknown_reason")


def _place(line: Line, keys: tuple[str, ...]) -> tuple[str, str, Section | None]:
    one = section(line.value, keys, line.key.text, line.found)
    if one is None:
        return "", "", None
    funnel = text_of(one.get("funnel"), "funnel", line.found) or ""
    known = line.office.funnels
    if funnel not in known:
        at = one.get("funnel") or line.key
        line.found.error(at, f"there is no funnel '{shown(funnel)}'", did_you_mean(funnel, known), "unknown_funnel")
        return "", "", one
    node = one.get("stage")
    stage = text_of(node, "stage", line.found) or ""
    still_open = known[funnel][: -len(OUTCOMES)]
    if stage and node is not None and stage not in still_open:
        what = f"funnel '{funnel}' has no open stage '{shown(stage)}'"
        line.found.error(node, what, did_you_mean(stage, still_open), "unknown_stage")
    return funnel, stage, one


def _convert(line: Line) -> Action | None:
    funnel, stage, one = _place(line, CONVERT_KEYS)
    company, tax_id = (line.field(one, name) if one else "" for name in ("company", "tax_id"))
    if tax_id and not company and one:
        at = one.get("tax_id") or line.key
        line.found.error(at, "a tax number without a company", "Add company: the field with its name", "no_company")
    return fx.Convert(funnel, stage, company, tax_id) if funnel else None


def _open(line: Line) -> Action | None:
    funnel, stage, _ = _place(line, ("funnel", "stage"))
    return fx.OpenDeal(funnel, stage) if funnel else None


def _start(line: Line) -> Action | None:
    name = name_of(line.value, "start", line.found)
    if name is None:
        return None
    line.office.starts.append(Mention(name, line.where.funnel, line.value.line, line.value.column))
    return fx.StartScript(name)


def _responsible(line: Line) -> Action | None:
    word = line.word()
    line.office.crew.look(line.value, word, line.found, ("head",))
    return fx.Reassign(word) if word else None


def _stop(line: Line) -> Action | None:
    line.among(line.word(), ("bot",), "robots cannot stop", "unknown_word")
    return fx.StopBot()


def _webhook(line: Line) -> Action | None:
    endpoint = line.among(line.word(), line.office.endpoints, "the playbook has no endpoint", "unknown_endpoint")
    return fx.CallWebhook(endpoint) if endpoint else None


_READERS: Final[Mapping[str, Callable[[Line], Action | None]]] = {
    "task": _task,
    "message": message,
    "email": email,
    "sms": sms,
    "tell head": _tell("head"),
    "tell responsible": _tell("responsible"),
    "note": _note,
    "set": read_set,
    "count": read_count,
    "move": _move,
    "close": _close,
    "delete": _delete,
    "convert": _convert,
    "open": _open,
    "start": _start,
    "stop": _stop,
    "responsible": _responsible,
    "tag": lambda line: fx.AddTag(word) if (word := line.word()) else None,
    "untag": lambda line: fx.RemoveTag(word) if (word := line.word()) else None,
    "webhook": _webhook,
    "audience": lambda line: fx.JoinAudience(name) if (name := name_of(line.value, "audience", line.found)) else None,
}

ACTIONS: Final = tuple(_READERS)
"""What a robot can do, as it is written."""
