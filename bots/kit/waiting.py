"""How a question waits, and what is at hand while a script is compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bots.kit.languages import Language
from bots.kit.patterns import Scale
from bots.kit.problems import nearest, shown
from bots.kit.reader import Node, Scalar, Table
from bots.kit.schema import Findings, Section, called, duration_of, items_of, name_of, section, text_of, whole_of
from bots.kit.script import Prepared, Reminder
from bots.kit.words import Said, Text, Variants, filled_with, parse

MOST_REMINDERS = 5
MOST_VALUES = 10
MOST_WORDINGS = 50
LONGEST_GATHER = 60_000

REMINDER_KEYS = ("after", "say", "template")
TEMPLATE_KEYS = ("name", "values", "else")
LIMIT_KEYS = ("tries", "gather", "patience", "remind", "close")
"""How a question waits where no step is named: a playbook may say it for all its scripts."""
WAITING_KEYS = ("tries", "gather", "patience", "remind", "silence", "close", "person", "not_understood")
"""How a question waits: may stand in a step, or for the whole script."""
CHANNELS = ("telegram", "whatsapp", "sms", "web", "email")
"""Channels that a text may be worded for."""
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a question waits where the step itself does not say."""

    tries: int = 2
    gather: int = 2_000
    patience: int = 10 * 3_600_000
    reminders: tuple[Reminder, ...] = ()
    reason: str = "silence"
    exits: Mapping[str, Scalar] | None = None
    """Exits that lead to a step: silence, person, not_understood."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What the shop tells of itself: put into texts while they are compiled."""
    certain: bool = True
    """False: the playbook has mistakes, so that nobody knows what it says about waiting or of the shop."""


UNCERTAIN: Final = Waiting(certain=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """What is at hand while steps are compiled."""

    found: Findings
    language: Language
    fields: Mapping[str, str]
    """Every field that a placeholder may name."""
    texts: Mapping[str, Said]
    steps: tuple[str, ...]
    waiting: Waiting
    languages: tuple[str, ...] = ()
    """That the script speaks; the first is the main one."""
    known: Mapping[str, str] = field(default_factory=dict)
    """All that a placeholder may name."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What the shop tells of itself, by the names that no field has."""
    whole: bool = False
    """A text with a gap is held back, rather than said without it."""
    scale: Scale = field(default_factory=Scale)
    """What the script's patterns weigh together."""

    def text(self, node: Node | None, what: str, language: str = "") -> Text | None:
        """A text with placeholders, parsed; what is wrong with it is written down. `language`: empty, the main one."""
        raw = text_of(node, what, self.found)
        if node is None or raw is None:
            return None
        text, wrong = parse(raw, self.known or self.fields, language or self.language.name)
        for what_, remedy in wrong:
            self.found.error(node, what_, remedy, "placeholder")
        text = filled_with(text, self.about)
        if text.plain is None:
            self._may_be_empty(node, text)
        return text

    def _may_be_empty(self, node: Node, text: Text) -> None:
        slots = text.slots()
        if any(slot.field == "name" and not slot.default for slot in slots):
            self.found.warn(node, "the customer's name may be unknown", "Give a default: {name or …}", "may_be_empty")
        elif (
            slots
            and not self.whole
            and not any(slot.default for slot in slots)
            and len(slots) == len([p for p in text.parts if str(p).strip()])
        ):
            what = "the text may come out empty and is then not said"
            self.found.warn(node, what, "Give a default: {field or …}", "may_be_empty")

    def said(self, node: Node | None, what: str) -> Said | None:
        """A text, or a table of its wordings by language, by channel, or by both."""
        if not isinstance(node, Table):
            text = self.text(node, what)
            if text is not None and node is not None and len(self.languages) > 1 and text.plain != "":
                self.missing(node, what)
            return text
        if any(isinstance(value, Scalar) and not value.text and not value.quoted for _, value in node.pairs):
            self.found.error(node, f"{called(what)} must be a text", 'Put it in quotes: "…"', "not_a_text")
            return None
        if len(node.pairs) > MOST_WORDINGS:
            self.found.error(node, f"more than {MOST_WORDINGS} wordings of {what}", "Remove some", "too_many")
            return None
        texts: dict[tuple[str, str], Text] = {}
        by_language = False
        for key, value in node.pairs:
            language, channel = self._whose(key, what)
            if language:
                by_language = True
            if language and isinstance(value, Table):
                for inner, worded in value.pairs:
                    _, channel = self._whose(inner, what, language=language)
                    self._put(texts, language, channel, worded, what)
            else:
                self._put(texts, language, channel, value, what)
        spoken = {language for language, _ in texts}
        if not texts:
            return None
        if not (("", "") in texts or (self.languages[0], "") in texts):
            remedy = f"Add '{self.languages[0] if by_language else DEFAULT}: …'"
            self.found.error(node, f"{called(what)} has no wording for everybody else", remedy, "no_default")
        if len(self.languages) > 1:
            self.missing(node, what, tuple(spoken))
        return Variants(texts, self.languages[0])

    def _put(self, texts: dict[tuple[str, str], Text], language: str, channel: str, node: Node, what: str) -> None:
        text = self.text(node, what, language)
        if text is not None:
            texts[language, channel] = text

    def missing(self, node: Node, what: str, spoken: tuple[str, ...] = ()) -> None:
        """Tell of the script's languages that a text is not there in. One that is in none is in the main one."""
        for language in self.languages:
            if language not in (spoken or self.languages[:1]):
                self.found.warn(
                    node,
                    f"{called(what)} is not there in '{language}'",
                    f"Add '{language}: …' beside the others",
                    "language",
                )

    def _whose(self, key: Scalar, what: str, language: str = "") -> tuple[str, str]:
        """The language and the channel that a wording is for."""
        if key.text == DEFAULT:
            return language, ""
        if key.text in CHANNELS:
            return language, key.text
        if key.text in self.languages and not language:
            return key.text, ""
        known = (DEFAULT, *CHANNELS, *(() if language else self.languages))
        said = f"'{shown(key.text)}' is no language and no channel of {what}"
        self.found.unknown(key, said, key.text, known, "unknown_key", "Another language goes into 'languages:'")
        return language, ""

    def field(self, node: Node | None, what: str) -> str:
        """A field that the script has declared; empty where there is none."""
        name = name_of(node, what, self.found)
        if node is None or name is None:
            return ""
        if name not in self.fields:
            what = f"no field is called '{shown(name)}'"
            self.found.unknown(node, what, name, self.fields, "unknown_field", "Else add it to 'fields:'")
        return name

    def prepared(self, at: Section) -> Prepared | None:
        """The key `template`: what goes out where free text may not."""
        node = at.get("template")
        if node is None:
            return None
        if isinstance(node, Scalar):
            name = name_of(node, "template", self.found)
            return Prepared(name, line=node.line) if name else None
        one = section(node, TEMPLATE_KEYS, "template", self.found)
        if one is None:
            return None
        name = name_of(one.get("name"), "name", self.found)
        if "name" not in one:
            self.found.error(node, "the template has no name", "Add 'name: …', as the playbook calls it", "no_name")
        nodes = items_of(one.get("values"), "values", self.found)
        if len(nodes) > MOST_VALUES:
            self.found.error(nodes[MOST_VALUES], f"more than {MOST_VALUES} values", "Remove some", "too_many")
        values = tuple(text for value in nodes[:MOST_VALUES] if (text := self.text(value, "a value")) is not None)
        otherwise = text_of(one.get("else"), "else", self.found) or "task"
        if otherwise not in ("task", "skip"):
            self.found.error(
                one.get("else") or node,
                f"'else' is '{shown(otherwise)}'",
                "Write task (a person writes) or skip",
                "unknown_word",
            )
        return Prepared(name or "", values, "skip" if otherwise == "skip" else "task", node.line)


def waiting_of(at: Section, desk: Desk, base: Waiting) -> Waiting:
    """The waiting keys of a section over what holds around it."""
    found = desk.found
    tries = whole_of(at.get("tries"), "tries", 0, 20, found)
    gather = duration_of(at.get("gather"), "gather", found, zero=True)
    patience = duration_of(at.get("patience"), "patience", found)
    reason = name_of(at.get("close"), "close", found)
    exits = dict(base.exits or {})
    for key in ("silence", "person", "not_understood"):
        node = at.get(key)
        if isinstance(node, Scalar) and node.text.strip():
            exits[key] = node
        elif node is not None:
            found.error(node, f"'{key}' must name a step", f"Write '{key}: step_name'", "not_a_step")
    if "silence" in at and "close" in at:
        what = "both 'silence' and 'close' say how silence ends"
        found.error(at.keys["close"], what, "Keep one of them", "contradiction")
    elif "close" in at:
        exits.pop("silence", None)
    if gather is not None and gather > LONGEST_GATHER:
        what = "'gather' is longer than a minute"
        found.error(at.keys["gather"], what, "The customer would wait: write 2s to 60s", "not_a_length")
    waiting = Waiting(
        base.tries if tries is None else tries,
        base.gather if gather is None else gather,
        base.patience if patience is None else patience,
        _reminders(at, desk) if "remind" in at else base.reminders,
        reason or base.reason,
        exits,
        base.about,
        base.certain or "patience" in at,
    )
    if waiting.certain and waiting.reminders and waiting.reminders[-1].after >= waiting.patience:
        node = at.get("remind") or at.get("patience") or at.at
        what = "a reminder comes when patience is already over"
        found.error(node, what, "Make 'after' shorter than 'patience'", "too_late")
    return waiting


def _reminders(at: Section, desk: Desk) -> tuple[Reminder, ...]:
    found = desk.found
    reminders: list[Reminder] = []
    nodes = items_of(at.get("remind"), "remind", found)
    if len(nodes) > MOST_REMINDERS:
        what = f"more than {MOST_REMINDERS} reminders"
        found.error(nodes[MOST_REMINDERS], what, "Customers take it for spam: remove some", "too_many")
    for node in nodes[:MOST_REMINDERS]:
        one = section(node, REMINDER_KEYS, "a reminder", found)
        if one is None:
            continue
        after = duration_of(one.get("after"), "after", found)
        text = desk.said(one.get("say"), "say")
        for key in ("after", "say"):
            if key not in one:
                found.error(node, f"a reminder has no '{key}'", "Write both: 'after: 2h' and 'say: …'", "no_value")
        if after is not None and text is not None:
            if reminders and after <= reminders[-1].after:
                remedy = "Put the earlier one first; 'after' counts from the question"
                found.error(node, "reminders are not in order", remedy, "order")
            reminders.append(Reminder(after, text, desk.prepared(one), node.line))
    return tuple(reminders)


def lead(exits: list[tuple[str, str]], exit_: str, node: Node | None, desk: Desk) -> None:
    """Write down that an exit leads to the step named by `node`."""
    name = text_of(node, "the next step", desk.found)
    if node is None or name is None:
        return
    if name not in desk.steps:
        desk.found.unknown(node, f"there is no step '{shown(name)}'", name, desk.steps, "unknown_step")
        # The step that was meant counts as reached, so that one slip is one finding.
        name = nearest(name, desk.steps)
    if name is not None:
        exits.append((exit_, name))
