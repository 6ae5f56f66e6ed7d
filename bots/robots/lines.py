"""One line of a robot's `do` as it is read: its key, what stands behind it, and where the rule acts."""

from collections.abc import Mapping
from dataclasses import dataclass

from bots.kit.business import OUTCOMES
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, text_of
from bots.kit.words import Text
from bots.robots.office import Office


@dataclass(frozen=True, slots=True)
class Where:
    """The deals that a rule acts on."""

    funnel: str
    stages: tuple[str, ...]
    """Of the funnel, in order; the closing ones last."""
    within: tuple[str, ...]
    """Those in which the rule acts."""

    @property
    def open(self) -> tuple[str, ...]:
        """The funnel's stages that are no end."""
        return self.stages[: -len(OUTCOMES)]

    @property
    def over(self) -> bool:
        """Its deals have ended: nothing moves them any more."""
        return all(stage in OUTCOMES for stage in self.within)


@dataclass(frozen=True, slots=True)
class Line:
    key: Scalar
    value: Node
    where: Where
    office: Office

    @property
    def found(self) -> Findings:
        return self.office.found

    def text(self) -> Text | None:
        return self.office.text(self.value, self.key.text)

    def word(self) -> str:
        return (text_of(self.value, self.key.text, self.found) or "").strip()

    def field(self, one: Section, name: str) -> str:
        """The field that is named there."""
        named = text_of(one.get(name), name, self.found) or ""
        if named:
            self.office.known_field(one.get(name) or self.key, named)
        return named

    def among(
        self, word: str, known: Mapping[str, object] | frozenset[str] | tuple[str, ...], what: str, code: str
    ) -> str:
        if word and word not in known:
            self.found.error(self.value, f"{what} '{shown(word)}'", did_you_mean(word, known), code)
        return word
