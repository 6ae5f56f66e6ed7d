"""The section `templates` of a playbook, read into templates; whatever is wrong is written down with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from bots.kit.languages import known_languages, language
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar, Table
from bots.kit.schema import Findings, Section, items_of, name_of, section, table_of, text_of
from bots.kit.templates import BLANK, STATES, Approval, Template, number
from bots.kit.waiting import CHANNELS, DEFAULT, Desk, Waiting
from bots.kit.words import Anything, Said, Slot, Text, wordings

TEMPLATE_KEYS = ("title", "text", "subject", "attach", *CHANNELS)
APPROVAL_KEYS = ("id", "state", "values")
MOST_FILES = 5

_URL = re.compile(r"https://[^\s\\@/?#]{1,253}(?:[/?#][^\s\\]{0,1500})?")


def templates_of(node: Node | None, main: str, about: Mapping[str, str], found: Findings) -> dict[str, Template]:
    table = table_of(node, "templates", found)
    tables: list[tuple[str, Scalar, Section]] = []
    for key, value in table.pairs if table else ():
        name = name_of(key, "a template's name", found)
        one = section(value, TEMPLATE_KEYS, f"template '{shown(key.text)}'", found)
        if one is not None and name is not None:
            tables.append((name, key, one))
    spoken = language(main) or language(known_languages()[0])
    if spoken is None:
        return {}
    # Which fields there are is known only when the scripts have been read.
    languages = dict.fromkeys([main, *(word for _, _, one in tables for word in _languages(one.get("text")))])
    desk = Desk(
        found, spoken, {}, {}, (), Waiting(), tuple(languages), known=Anything(name="name"), about=about, whole=True
    )  # fmt: skip
    read = (_template(name, key, one, desk) for name, key, one in tables)
    return {template.name: template for template in read if template is not None}


def _languages(node: Node | None) -> Iterator[str]:
    """The languages that a text is worded in, where it says."""
    if isinstance(node, Table):
        yield from (key.text for key, _ in node.pairs if key.text in known_languages())


def _template(name: str, key: Scalar, one: Section, desk: Desk) -> Template | None:
    found = desk.found
    node = one.get("text")
    if node is None:
        found.error(key, f"template '{name}' has no text", "Add 'text: …', as customers read it", "no_value")
    said = desk.said(node, "text")
    if said is None or node is None:
        return None
    head = desk.said(one.get("subject"), "subject")
    template = Template(
        name, _apart(said), desk.languages[0], text_of(one.get("title"), "title", found) or "",
        _apart(head) if head is not None else None, attach=_attached(one.get("attach"), found), line=node.line,
        lines=MappingProxyType(dict(_lines(node, desk.languages))),
    )  # fmt: skip
    approvals = {
        (channel, spoken): approval
        for channel in CHANNELS
        for spoken, at in _by_language(one.get(channel), desk.languages[0])
        if (approval := _approval(template, channel, spoken, at, found)) is not None
    }
    if template.numbered:
        _counted(template, node, found)
        if not any(channel in one for channel in CHANNELS):
            remedy = "Add the provider's name for it, 'whatsapp: HX…', or write its values by name: {order}"
            found.error(key, f"template '{name}' can be sent on no channel", remedy, "no_value")
    return replace(template, approvals=MappingProxyType(approvals))


def _apart(said: Said) -> Said:
    """Blanks without a name are told apart: {_} and {_} become {_} and {_2}."""

    def text(one: Text) -> Text:
        seen, parts = 0, list[str | Slot]()
        for part in one.parts:
            if isinstance(part, Slot) and part.field == BLANK:
                seen += 1
                parts.append(replace(part, field=f"{BLANK}{seen}") if seen > 1 else part)
            else:
                parts.append(part)
        return replace(one, parts=tuple(parts))

    return (
        text(said)
        if isinstance(said, Text)
        else replace(said, texts={key: text(one) for key, one in said.texts.items()})
    )


def _lines(node: Node, languages: tuple[str, ...]) -> Iterator[tuple[tuple[str, str], int]]:
    """Where each wording stands, by (language, channel)."""
    if not isinstance(node, Table):
        yield ("", ""), node.line
        return
    for key, value in node.pairs:
        spoken = key.text if key.text in languages else ""
        if spoken and isinstance(value, Table):
            for inner, worded in value.pairs:
                yield (spoken, "" if inner.text == DEFAULT else inner.text), worded.line
        else:
            yield (spoken, "" if spoken or key.text == DEFAULT else key.text), value.line


def _counted(template: Template, node: Node, found: Findings) -> None:
    """Values that are numbers are a provider's: counted from 1, and nothing else stands beside them."""
    for text in wordings(template.text):
        fields = [slot.field for slot in text.slots()]
        if not all(map(number, fields)):
            what = f"template '{template.name}' has values by number and by name"
            found.error(node, what, "Write all of them by name: {name}, {order}", "placeholder")
        elif sorted(set(fields), key=lambda field: (len(field), field)) != [
            str(n + 1) for n in range(len(set(fields)))
        ]:
            found.error(node, "the values are not counted from {1}", "Write {1}, {2}, {3}", "placeholder")
        elif list(dict.fromkeys(fields)) != sorted(set(fields), key=int):
            what = f"in template '{template.name}' {{{fields[0]}}} stands before {{1}}"
            found.warn(node, what, "Compare it with the provider's text: are the numbers the same?", "number_order")


# -- what a provider has approved --------------------------------------------------------------------------------------


def _by_language(node: Node | None, main: str) -> Iterator[tuple[str, Node]]:
    """What stands under a channel: one approval, or one for each language."""
    if isinstance(node, Table) and node.pairs and all(key.text in known_languages() for key, _ in node.pairs):
        yield from ((key.text, value) for key, value in node.pairs)
    elif node is not None:
        yield main, node


def _approval(template: Template, channel: str, spoken: str, node: Node, found: Findings) -> Approval | None:
    what = f"'{channel}' of template '{template.name}'"
    if spoken not in template.languages():
        remedy = did_you_mean(spoken, template.languages())
        found.error(node, f"template '{template.name}' is not worded in '{spoken}'", remedy, "language")
        return None
    order = _order(template.worded(spoken, channel), what, node, found)
    if isinstance(node, Scalar):
        known = text_of(node, channel, found)
        return Approval(known, values=order) if known else None
    one = section(node, APPROVAL_KEYS, what, found)
    if one is None:
        return None
    known = text_of(one.get("id"), "id", found)
    if "id" not in one:
        found.error(node, f"{what} has no id", "Add 'id: HX…', the provider's name for it", "no_value")
    state = text_of(one.get("state"), "state", found) or "approved"
    if state not in STATES:
        found.error(one.values["state"], f"'state' is '{shown(state)}'", did_you_mean(state, STATES), "unknown_word")
    if "values" in one:
        order = _told(items_of(one.get("values"), "values", found), order, one.keys["values"], found)
    return Approval(known or "", next((word for word in STATES if word == state), "rejected"), order)


def _order(text: Text, what: str, node: Node, found: Findings) -> tuple[str, ...]:
    """The provider's numbers, as the text has them: each variable once, where it first stands."""
    first: dict[str, Slot] = {}
    for slot in text.slots():
        if first.setdefault(slot.field, slot) != slot:
            remedy = "A provider has one number for it: write it the same way everywhere in this text"
            found.error(
                node, f"{{{slot.field}}} is written in two ways, so {what} cannot have it", remedy, "placeholder"
            )
    return tuple(sorted(first, key=int) if all(map(number, first)) else first)


def _told(nodes: tuple[Node, ...], order: tuple[str, ...], key: Scalar, found: Findings) -> tuple[str, ...]:
    """The numbers as somebody has written them down, held against the text."""
    said: list[str] = []
    for node in nodes:
        name = (text_of(node, "a value", found) or "").strip().strip("{}")
        if name not in order:
            found.error(node, f"the text has no '{shown(name)}'", did_you_mean(name, order), "template_values")
        elif name in said:
            found.error(node, f"'{name}' has two numbers", "List each once", "template_values")
        else:
            said.append(name)
    lacking = [name for name in order if name not in said]
    if lacking:
        found.error(key, f"'{lacking[0]}' has no number", "List all that the text fills in", "template_values")
    elif tuple(said) != order:
        what = (
            f"value 1 is '{said[0]}', and the text begins with '{order[0]}'"
            if said[0] != order[0]
            else "the numbers are not in the text's order"
        )
        found.warn(key, what, "Compare it with the provider's text: are the numbers the same?", "number_order")
    return tuple(said)


def _attached(node: Node | None, found: Findings) -> tuple[str, ...]:
    nodes = (node,) if isinstance(node, Scalar) else items_of(node, "attach", found)
    if len(nodes) > MOST_FILES:
        found.error(nodes[MOST_FILES], f"more than {MOST_FILES} attachments", "Remove some", "too_many")
    kept = []
    for one in nodes[:MOST_FILES]:
        ref = text_of(one, "an attachment", found)
        if ref is None:
            continue
        inside = not (ref.startswith(("/", "~", ".")) or ".." in ref or "\\" in ref or ":" in ref)
        if not inside and not _URL.fullmatch(ref):
            remedy = "Write the name of a file in the playbook's folder, or an address that begins with https://"
            found.error(one, f"'{shown(ref)}' cannot be attached", remedy, "unsafe_url")
        else:
            kept.append(ref)
    return tuple(kept)
