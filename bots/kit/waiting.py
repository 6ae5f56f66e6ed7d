"""How a question waits, and what is at hand while a script is compiled."""

from collections.abc import Mapping
from dataclasses import dataclass

from bots.kit.languages import Language
from bots.kit.problems import did_you_mean, nearest, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, duration_of, items_of, name_of, section, text_of, whole_of
from bots.kit.words import Text, parse

MOST_REMINDERS = 5

WAITING_KEYS = ("tries", "gather", "patience", "remind", "silence", "close", "person", "not_understood")
"""How a question waits: may stand in a step, or for the whole script."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a question waits where the step itself does not say."""

    tries: int = 2
    gather: int = 2_000
    patience: int = 10 * 3_600_000
    reminders: tuple[tuple[int, Text], ...] = ()
    reason: str = "silence"
    exits: Mapping[str, Scalar] | None = None
    """Exits that lead to a step: silence, person, not_understood."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What is at hand while steps are compiled."""

    found: Findings
    language: Language
    fields: Mapping[str, str]
    """Every field that a placeholder may name."""
    texts: Mapping[str, Text]
    steps: tuple[str, ...]
    waiting: Waiting

    def text(self, node: Node | None, what: str) -> Text | None:
        """A text with placeholders, parsed; what is wrong with it is written down."""
        raw = text_of(node, what, self.found)
        if node is None or raw is None:
            return None
        text, wrong = parse(raw, frozenset(self.fields))
        for what_, remedy in wrong:
            self.found.error(node, what_, remedy)
        slots = text.slots()
        if any(slot.field == "name" and not slot.default for slot in slots):
            self.found.warn(node, "the customer's name may be unknown", "Give a default: {name or …}")
        elif (
            slots
            and not any(slot.default for slot in slots)
            and len(slots) == len([p for p in text.parts if str(p).strip()])
        ):
            self.found.warn(node, "the text may come out empty and is then not said", "Give a default: {field or …}")
        return text

    def field(self, node: Node | None, what: str) -> str:
        """A field that the script has declared; empty where there is none."""
        name = name_of(node, what, self.found)
        if node is None or name is None:
            return ""
        if name not in self.fields:
            self.found.error(
                node,
                f"no field is called '{shown(name)}'",
                f"{did_you_mean(name, self.fields)} Else add it to 'fields:'",
            )
        return name


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
            found.error(node, f"'{key}' must name a step", f"Write '{key}: step_name'")
    if "silence" in at and "close" in at:
        found.error(at.keys["close"], "both 'silence' and 'close' say how silence ends", "Keep one of them")
    elif "close" in at:
        exits.pop("silence", None)
    if gather is not None and gather > 60_000:
        found.error(at.keys["gather"], "gather is longer than a minute", "The customer would wait: write 2s to 60s")
    waiting = Waiting(
        base.tries if tries is None else tries,
        base.gather if gather is None else gather,
        base.patience if patience is None else patience,
        _reminders(at, desk) if "remind" in at else base.reminders,
        reason or base.reason,
        exits,
    )
    if waiting.reminders and waiting.reminders[-1][0] >= waiting.patience:
        node = at.get("remind") or at.get("patience") or at.at
        found.error(node, "a reminder comes when patience is already over", "Make 'after' shorter than 'patience'")
    return waiting


def _reminders(at: Section, desk: Desk) -> tuple[tuple[int, Text], ...]:
    reminders: list[tuple[int, Text]] = []
    nodes = items_of(at.get("remind"), "remind", desk.found)
    if len(nodes) > MOST_REMINDERS:
        desk.found.error(
            nodes[MOST_REMINDERS], f"more than {MOST_REMINDERS} reminders", "Customers take it for spam: remove some"
        )
    for node in nodes[:MOST_REMINDERS]:
        one = section(node, ("after", "say"), "a reminder", desk.found)
        if one is None:
            continue
        after = duration_of(one.get("after"), "after", desk.found)
        text = desk.text(one.get("say"), "say")
        for key in ("after", "say"):
            if key not in one:
                desk.found.error(node, f"a reminder has no '{key}'", "Write both: 'after: 2h' and 'say: …'")
        if after is not None and text is not None:
            if reminders and after <= reminders[-1][0]:
                desk.found.error(
                    node, "reminders are not in order", "Put the earlier one first; 'after' counts from the question"
                )
            reminders.append((after, text))
    return tuple(reminders)


def lead(exits: list[tuple[str, str]], exit_: str, node: Node | None, desk: Desk) -> None:
    """Write down that an exit leads to the step named by `node`."""
    name = text_of(node, "the next step", desk.found)
    if node is None or name is None:
        return
    if name not in desk.steps:
        desk.found.error(node, f"there is no step '{shown(name)}'", did_you_mean(name, desk.steps))
        # The step that was meant counts as reached, so that one slip is one finding.
        name = nearest(name, desk.steps)
    if name is not None:
        exits.append((exit_, name))
