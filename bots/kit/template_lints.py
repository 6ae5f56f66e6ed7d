"""What is wrong or doubtful with a shop's templates, once its scripts and its channels are known."""

from collections.abc import Collection, Iterator, Mapping

from bots.kit.problems import Problem, did_you_mean, in_order, shown
from bots.kit.rooms import Room, width
from bots.kit.templates import BLANK, OF_DEAL, Template, number
from bots.kit.words import CURRENCY, Text, Variants
from bots.robots.facts import BROUGHT

LONGEST_APPROVED = 1_024
"""Characters of an approved WhatsApp message: https://developers.facebook.com/docs/whatsapp/message-templates"""


def lint_templates(
    templates: Mapping[str, Template],
    fields: Collection[str] | None,
    rooms: Mapping[str, Room],
    files: Mapping[str, int],
) -> list[Problem]:
    """`fields`: all that a deal of this shop may hold; None: nobody knows. `files`: what of its attachments is there, and its bytes."""
    found: list[Problem] = []
    known = tuple(dict.fromkeys([*OF_DEAL, *BROUGHT, *fields])) if fields is not None else ()
    for template in templates.values():
        if known:
            found += _unknown(template, known)
        found += _long(template, rooms)
        found += _heavy(template, rooms, files)
        for ref in template.attach:
            if not ref.startswith("https:") and ref not in files:
                what = f"template '{template.name}' attaches '{shown(ref)}', which is no file of the playbook's folder"
                found.append(
                    Problem(
                        template.line,
                        1,
                        "error",
                        what,
                        did_you_mean(ref, files, "Put it there, with 1 byte to 20 MB"),
                        "no_file",
                    )
                )
    return in_order(found)


def _texts(template: Template) -> Iterator[tuple[int, str, Text]]:
    """Each wording with its line, and the channel that it is for; empty: any."""
    texts = template.text.texts if isinstance(template.text, Variants) else {("", ""): template.text}
    for key, text in texts.items():
        yield template.lines.get(key, template.line), key[1], text
    if template.subject is not None:
        heads = template.subject.texts.values() if isinstance(template.subject, Variants) else (template.subject,)
        yield from ((template.line, "email", text) for text in heads)


def _unknown(template: Template, known: Collection[str]) -> Iterator[Problem]:
    for line, _, text in _texts(template):
        for slot in text.slots():
            if slot.field in known or number(slot.field) or slot.field.startswith(BLANK) or slot.field == CURRENCY:
                continue
            what = f"template '{template.name}' fills in '{shown(slot.field)}', which no deal has"
            remedy = did_you_mean(slot.field, known, f"What is written by hand is {{_{slot.field}}}")
            yield Problem(line, 1, "error", what, remedy, "unknown_variable")


def _long(template: Template, rooms: Mapping[str, Room]) -> Iterator[Problem]:
    for channel, room in rooms.items():
        for language in template.languages():
            text = template.worded(language, channel)
            long = sum(width(part, room.unit) for part in text.parts if isinstance(part, str))
            line = next((at for at, _, one in _texts(template) if one is text), template.line)
            approved = (channel, language) in template.approvals
            most = min(room.text, LONGEST_APPROVED) if approved and channel == "whatsapp" else room.text
            if long > most:
                end = (
                    "no provider approves"
                    if approved and most < room.text
                    else f"{channel} does not carry in one message"
                )
                what = f"template '{template.name}' has {long} characters, more than {most}, which {end}"
                yield Problem(line, 1, "warning", what, f"Shorten it, or word it shorter for '{channel}:'", "too_long")


def _heavy(template: Template, rooms: Mapping[str, Room], files: Mapping[str, int]) -> Iterator[Problem]:
    """Files that go in one message, and are more than it carries: it would not go there at all."""
    size = sum(files.get(ref, 0) for ref in template.attach)
    for channel, room in rooms.items():
        if room.together and size > room.together:
            what = f"template '{template.name}' attaches {size} bytes, and {channel} carries {room.together}: it does not go there"
            remedy = "Make them smaller, or name another channel first in 'by:'"
            yield Problem(template.line, 1, "warning", what, remedy, "too_heavy")
