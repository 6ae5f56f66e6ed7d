"""What the lines of robots are read with, and one such line: whatever it names is looked up here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bots.kit.conditions import SUBJECTS
from bots.kit.criteria import Askable
from bots.kit.fields import SOME_DAY, Field, Locale, Misfit, as_written, understand
from bots.kit.impossible import Shape
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, text_of
from bots.kit.staffing import Crew
from bots.kit.templates import Template
from bots.kit.words import Text, filled_with, parse
from bots.robots.rules import Mention

SUBJECTS_OF_ROBOTS: Final = tuple(word for word in SUBJECTS if word != "window")
"""Whether a window is open is found out when a message is to go: it may have several ways."""


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
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """What may be in fields, and in what else is asked about."""
    crew: Crew = field(default_factory=Crew)
    """Whom tasks and deals may be given to."""
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
        text, wrong = parse(said, {**self.fields, **self.about})
        for problem, remedy in wrong:
            self.found.error(node, problem, remedy, "placeholder")
        return filled_with(text, self.about)

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


@dataclass(frozen=True, slots=True)
class Line:
    key: Scalar
    value: Node
    funnel: str
    stages: tuple[str, ...]
    office: Office

    @property
    def found(self) -> Findings:
        return self.office.found

    def text(self) -> Text | None:
        return self.office.text(self.value, self.key.text)

    def word(self) -> str:
        return (text_of(self.value, self.key.text, self.found) or "").strip()

    def among(
        self, word: str, known: Mapping[str, object] | frozenset[str] | tuple[str, ...], what: str, code: str
    ) -> str:
        if word and word not in known:
            self.found.error(self.value, f"{what} '{shown(word)}'", did_you_mean(word, known), code)
        return word

    def field(self, one: Section, name: str) -> str:
        """The field that is named there."""
        named = text_of(one.get(name), name, self.found) or ""
        if named:
            self.office.known_field(one.get(name) or self.key, named)
        return named
