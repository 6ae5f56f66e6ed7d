"""What a robot tells the customer: `message`, `email` and `sms`, with the channels and templates that they name."""

from typing import Final

from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, items_of, name_of, section, text_of
from bots.robots.actions import Action, Message
from bots.robots.effects import HERE
from bots.robots.lines import Line
from bots.robots.office import Office

MESSAGE_KEYS: Final = ("text", "template", "values", "by", "also", "else", "subject")
_HINTS: Final = dict.fromkeys(
    ("channel", "channels", "via", "to"), "By which channels it goes is 'by: [whatsapp, sms]'"
)
CHANNELS: Final = (HERE, "whatsapp", "telegram", "sms", "email", "web")


def message(line: Line) -> Action | None:
    found, office = line.found, line.office
    if isinstance(line.value, Scalar):
        text = line.text()
        return Message(text, line=line.key.line) if text is not None else None
    one = section(line.value, MESSAGE_KEYS, "message", found, _HINTS)
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
    if values and not template:
        found.error(one.keys["values"], "'values' are a template's", "Add 'template: …', or remove them", "misplaced")
    if template:
        _prepared(template, len(values), one.get("template") or line.key, office)
    by, also = (tuple(_channel(node, office) for node in _listed(one.get(key), key, found)) for key in ("by", "also"))
    otherwise = text_of(one.get("else"), "else", found) or "task"
    if otherwise not in ("task", "skip"):
        found.error(
            one.get("else") or line.key, f"'else' is '{shown(otherwise)}'", "Write task or skip", "unknown_word"
        )
    return Message(text, by, also, subject, template, values, otherwise, line.key.line)


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


def email(line: Line) -> Action | None:
    one = section(line.value, ("subject", "text"), "email", line.found)
    if one is None:
        return None
    text, subject = line.office.text(one.get("text"), "text"), line.office.text(one.get("subject"), "subject")
    for word, said in (("text", text), ("subject", subject)):
        if said is None and word not in one:
            line.found.error(line.key, f"the e-mail has no {word}", f"Add '{word}: …'", "no_value")
    return Message(text, ("email",), subject=subject, line=line.key.line) if text is not None else None


def sms(line: Line) -> Action | None:
    text = line.text()
    return Message(text, ("sms",), line=line.key.line) if text is not None else None
