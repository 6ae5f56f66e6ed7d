"""One line of a robot's `do` → an action. Each is a table of one key: `- task: {…}`, `- move: stage`."""

from collections.abc import Callable, Mapping
from typing import Final

from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, items_of, name_of, section, table_of, text_of
from bots.kit.spans import delay_of
from bots.robots import effects as fx
from bots.robots.actions import Action, Message, Note, Task, Word
from bots.robots.effects import HERE
from bots.robots.office import Line, Office
from bots.robots.rules import Mention
from bots.robots.setting import read_count, read_set

TASK_KEYS: Final = ("kind", "text", "due", "to")
MESSAGE_KEYS: Final = ("text", "template", "values", "by", "also", "else", "subject")
CONVERT_KEYS: Final = ("funnel", "stage", "company", "tax_id")
CHANNELS: Final = (HERE, "whatsapp", "telegram", "sms", "email", "web")


def action_of(node: Node, funnel: str, stages: tuple[str, ...], office: Office) -> Action | None:
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
    return read(Line(key, value, funnel, stages, office))


def _task(line: Line) -> Action | None:
    """`task: text`, or a table that also says the kind, when it is due and whose it is."""
    found, office = line.found, line.office
    if isinstance(line.value, Scalar):
        text = line.text()
        return Task("task", text) if text is not None else None
    one = section(line.value, TASK_KEYS, "task", found)
    if one is None:
        return None
    if "text" not in one:
        found.error(line.key, "the task does not say what to do", "Add 'text: …' under 'task:'", "no_value")
    text = office.text(one.get("text"), "text")
    due, to = delay_of(one.get("due"), "due", found), text_of(one.get("to"), "to", found) or "responsible"
    office.crew.look(one.get("to"), to, found)
    kind = name_of(one.get("kind"), "kind", found) or "task"
    return Task(kind, text, due, to) if text is not None else None


def _message(line: Line) -> Action | None:
    found, office = line.found, line.office
    if isinstance(line.value, Scalar):
        text = line.text()
        return Message(text) if text is not None else None
    one = section(line.value, MESSAGE_KEYS, "message", found)
    if one is None:
        return None
    text, subject = office.text(one.get("text"), "text"), office.text(one.get("subject"), "subject")
    template = name_of(one.get("template"), "template", found) or ""
    if text is None and not template:
        found.error(line.key, "the message has no text", "Add 'text: …' or 'template: …'", "no_value")
    values = tuple(
        value
        for node in items_of(one.get("values"), "values", found)
        if (value := office.text(node, "a value")) is not None
    )
    if template:
        _prepared(template, len(values), one.get("template") or line.key, office)
    by, also = (tuple(_channel(node, office) for node in _listed(one.get(key), key, found)) for key in ("by", "also"))
    otherwise = text_of(one.get("else"), "else", found) or "task"
    if otherwise not in ("task", "skip"):
        found.error(
            one.get("else") or line.key, f"'else' is '{shown(otherwise)}'", "Write task or skip", "unknown_word"
        )
    return Message(text, by, also, subject, template, values, otherwise)


def _prepared(name: str, values: int, at: Node, office: Office) -> None:
    """A robot sends a template that is there and that nobody has to write anything into."""
    found, template = office.found, office.templates.get(name)
    if template is None:
        what = f"the playbook has no template '{shown(name)}'"
        found.error(at, what, did_you_mean(name, office.templates), "unknown_template")
    elif template.blanks:
        what = f"in template '{name}' a person writes {{{template.blanks[0]}}}, so no robot can send it"
        found.error(at, what, "Fill in a field there, or give a person a task: '- task: …'", "template_values")
    elif values and not template.numbered:
        what = f"template '{name}' fills in its values by name"
        found.error(at, what, "Remove 'values:'", "template_values")
    elif values != template.values and template.numbered:
        what = f"template '{name}' takes {template.values} values, not {values}"
        found.error(at, what, "List them under 'values:', in their order", "template_values")


def _listed(node: Node | None, what: str, found: Findings) -> tuple[Node, ...]:
    return (node,) if isinstance(node, Scalar) else items_of(node, what, found)


def _channel(node: Node, office: Office) -> str:
    """A channel, or the field in which the customer's own wish stands."""
    word = text_of(node, "a channel", office.found) or ""
    if word and word not in CHANNELS and word not in office.fields:
        what = f"there is no channel and no field '{shown(word)}'"
        office.found.error(node, what, did_you_mean(word, (*CHANNELS, *office.fields)), "unknown_channel")
    return word


def _email(line: Line) -> Action | None:
    one = section(line.value, ("subject", "text"), "email", line.found)
    if one is None:
        return None
    text, subject = line.office.text(one.get("text"), "text"), line.office.text(one.get("subject"), "subject")
    for word, said in (("text", text), ("subject", subject)):
        if said is None and word not in one:
            line.found.error(line.key, f"the e-mail has no {word}", f"Add '{word}: …'", "no_value")
    return Message(text, ("email",), subject=subject) if text is not None else None


def _sms(line: Line) -> Action | None:
    text = line.text()
    return Message(text, ("sms",)) if text is not None else None


def _tell(to: str) -> Callable[[Line], Action | None]:
    def read(line: Line) -> Action | None:
        text = line.text()
        return Word(to, text) if text is not None else None

    return read


def _note(line: Line) -> Action | None:
    text = line.text()
    return Note(text) if text is not None else None


def _move(line: Line) -> Action | None:
    stage = line.among(line.word(), line.stages, f"funnel '{line.funnel}' has no stage", "unknown_stage")
    return fx.MoveStage(stage) if stage else None


def _close(line: Line) -> Action | None:
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
    if stage and node is not None and stage not in known[funnel]:
        what = f"funnel '{funnel}' has no stage '{shown(stage)}'"
        line.found.error(node, what, did_you_mean(stage, known[funnel]), "unknown_stage")
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
    line.office.starts.append(Mention(name, line.funnel, line.value.line, line.value.column))
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
    "message": _message,
    "email": _email,
    "sms": _sms,
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
