"""What robots and triggers are read with: whatever their lines name is looked up here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from bots.kit.conditions import SUBJECTS
from bots.kit.criteria import Askable
from bots.kit.fields import SOME_DAY, Field, Locale, Misfit, as_written, understand
from bots.kit.impossible import TEXT, Shape
from bots.kit.languages import Language
from bots.kit.problems import MOST_LISTED, did_you_mean, shown
from bots.kit.reader import Node
from bots.kit.schema import Findings, text_of
from bots.kit.staffing import Crew
from bots.kit.templates import Template
from bots.kit.words import Text, filled_with, parse
from bots.robots.facts import BROUGHT, KNOWN
from bots.robots.rules import Mention

SUBJECTS_OF_ROBOTS: Final = tuple(word for word in SUBJECTS if word != "window")
"""Whether a window is open is found out when a message is to go: it may have several ways."""
_NO_FIELDS: Final = ("channel", "source", "title", "responsible", "owner")


@dataclass(frozen=True, slots=True)
class Office:
    """What the lines of robots are read with."""

    found: Findings
    fields: Mapping[str, str]
    """Every field that may be named, with its title."""
    about: Mapping[str, str]
    funnels: Mapping[str, tuple[str, ...]]
    """Their stages, the closing ones last."""
    reasons: Mapping[str, str]
    templates: Mapping[str, Template]
    endpoints: frozenset[str]
    kinds: Mapping[str, Field]
    """Of the fields, those that do not take any text."""
    locale: Locale
    spoken: Language
    """What those who work here read."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """What may be in fields, and in what else is asked about."""
    crew: Crew = field(default_factory=Crew)
    """Whom tasks and deals may be given to."""
    task_kinds: Collection[str] = ()
    starts: list[Mention] = field(default_factory=list)
    heard: list[Mention] = field(default_factory=list)
    """What is gathered of them for the board."""

    def askable(self, stages: tuple[str, ...], besides: str = "") -> Askable:
        """What conditions may be about that are looked at in these stages only."""
        stage = Shape("choice", stages, besides=besides)
        return Askable(self.fields, SUBJECTS_OF_ROBOTS, {**self.shapes, "stage": stage})

    def text(self, node: Node | None, what: str) -> Text | None:
        said = text_of(node, what, self.found)
        if node is None or said is None:
            return None
        text, wrong = parse(said, {**self.fields, **self.about}, self.spoken.name)
        for problem, remedy in wrong:
            self.found.error(node, problem, remedy, "placeholder")
        return filled_with(text, self.about)

    def known_kind(self, node: Node | None, kind: str) -> None:
        """Of tasks: one that is built in or declared. What it is called, and when it is due, stands nowhere else."""
        if node is not None and self.task_kinds and kind not in self.task_kinds:
            remedy = did_you_mean(kind, self.task_kinds, "Else add it to 'task_kinds:'")
            self.found.error(node, f"no kind of tasks is called '{shown(kind)}'", remedy, "unknown_kind")

    def fillable(self, node: Node, name: str) -> None:
        """A field that a robot may write."""
        self.known_field(node, name)
        if name in _NO_FIELDS:
            remedy = "Write '- responsible: …'" if name == "responsible" else "Choose a field of 'fields:'"
            self.found.error(node, f"'{name}' is what the deal is, and no field of it", remedy, "impossible")

    def day(self, node: Node, name: str) -> None:
        """A field that a robot, or a check of the audit, keeps to."""
        self.known_field(node, name)
        kind = self.shapes.get(name, TEXT).kind if name not in KNOWN and name not in BROUGHT else ""
        if name not in self.fields or kind == "date":
            return
        if kind == "text":
            what = f"'{name}' is a text, and is kept to only where it holds a day like 2026-03-12"
            self.found.warn(node, what, f"Make it a day: '{name}: {{title: …, kind: date}}'", "not_a_date")
            return
        days = [one for one, shape in self.shapes.items() if shape.kind == "date"]
        remedy = f"Name a field of 'kind: date'{': ' if days else ''}{', '.join(days[:MOST_LISTED])}"
        self.found.error(node, f"'{name}' is no day, and cannot be kept to", remedy, "not_a_date")

    def known_field(self, node: Node, name: str) -> None:
        if name not in self.fields:
            remedy = did_you_mean(name, self.fields, "Else add it to the playbook's 'fields:'")
            self.found.error(node, f"no field is called '{shown(name)}'", remedy, "unknown_field")

    def fits(self, node: Node, name: str, text: Text) -> None:
        """A value that is written out is one that its field takes; one with placeholders is looked at when it is filled in."""
        kept = self.kinds.get(name)
        if kept is None or (text.plain is None and not kept.terms):
            return
        found = understand(kept, as_written(kept, text.plain or ""), self.locale, SOME_DAY)
        if isinstance(found, Misfit):
            self.misfit(node, found)

    def misfit(self, node: Node, wrong: Misfit) -> None:
        remedy = (
            "Remove the line, or its 'is:'"
            if wrong.why == "reckoned"
            else "Write one that it takes, or change its 'kind:'"
        )
        self.found.error(node, f"field '{wrong.field.name}' {wrong.wanted}", remedy, "unfit")
