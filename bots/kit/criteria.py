"""How a condition is written: one line of a `check`, of a robot's `if`. What it means is in `conditions`."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bots.kit.conditions import BARE, COMPARING, MEASURING, OF_TIME, STANDING, SUBJECTS, Operator, Test, as_compared
from bots.kit.impossible import TEXT, Asked, Shape, look
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Items, Node, Scalar, Table
from bots.kit.schema import Findings, texts_of, whole_of, yes_of

OPERATORS: Final = (*COMPARING, *MEASURING, *BARE)
"""What may stand in a condition's table."""
_TAGS: Final = Shape("tags")


@dataclass(frozen=True, slots=True)
class Askable:
    """What conditions may be about."""

    fields: Collection[str]
    subjects: Collection[str] = SUBJECTS
    """Besides fields."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """What is known of the values of either."""


def tests_of(key: Scalar, node: Node, askable: Askable, found: Findings) -> Iterator[Test]:
    """The tests of one line: `city: Тверь`, `city: [Тверь, Клин]`, `sum: {over: 100, under: 500}`, `city: empty`."""
    subject, fields, subjects = key.text, askable.fields, askable.subjects
    if subject not in fields and subject in SUBJECTS and subject not in subjects:
        remedy = "Remove it: outside the window a message goes out by its 'template', or becomes a task"
        found.error(key, f"'{subject}' is not known here", remedy, "unknown_field")
        return
    if subject not in fields and subject not in SUBJECTS:
        known = (*fields, *subjects)
        remedy = did_you_mean(subject, known, "Else add it to 'fields:'")
        found.error(key, f"no field is called '{shown(subject)}'", remedy, "unknown_field")
        return
    of_deal = subject not in fields
    if of_deal and subject in OF_TIME:
        yield from _standing(node, subject, found)
        return
    before = len(found)
    asked = list(_asked(node, subject, of_deal=of_deal, found=found))
    if len(found) == before:
        look(asked, askable.shapes.get(subject, TEXT) if not of_deal or subject != "tags" else _TAGS, found)
    yield from (one.test for one in asked)


def _standing(node: Node, subject: str, found: Findings) -> Iterator[Test]:
    for operator in STANDING:
        if isinstance(node, Scalar) and node.text == operator:
            yield Test(subject, operator, of_deal=True)
            return
    remedy = f"Write '{subject}: open' or '{subject}: closed'"
    found.error(node, f"'{subject}' is asked for otherwise", remedy, "unknown_word")


def _asked(node: Node, subject: str, *, of_deal: bool, found: Findings) -> Iterator[Asked]:
    if isinstance(node, Table):
        yield from _operators(node, subject, of_deal=of_deal, found=found)
    elif _bare(node):
        yield Asked(Test(subject, "empty" if _bare(node) == "empty" else "not empty", of_deal=of_deal), node)
    else:
        operator: Operator = "has" if subject == "tags" and of_deal else "is"
        words = _words(node, subject, subject, found)
        yield Asked(Test(subject, operator, tuple(map(as_compared, words)), of_deal=of_deal), node, words)


def _bare(node: Node) -> str:
    return node.text if isinstance(node, Scalar) and not node.quoted and node.text in BARE else ""


def _words(node: Node, what: str, subject: str, found: Findings) -> tuple[str, ...]:
    """What is compared with; never nothing."""
    nodes = node.nodes if isinstance(node, Items) else (node,)
    for one in nodes:
        if bare := _bare(one):
            remedy = f"Write '{subject}: {bare}' by itself; a value that is really called so stands in quotes"
            found.error(one, f"'{bare}' is no value to compare with", remedy, "contradiction")
            return ()
        if isinstance(one, Scalar) and not one.text.strip():
            remedy = f"Write '{subject}: empty' or '{subject}: not empty'"
            found.error(one, f"'{what}' is compared with nothing", remedy, "empty_text")
            return ()
    if not nodes:
        found.error(
            node, f"'{what}' is compared with nothing", f"List a value, or write '{subject}: empty'", "no_value"
        )
    return texts_of(node, what, found)


def _operators(table: Table, subject: str, *, of_deal: bool, found: Findings) -> Iterator[Asked]:
    for key, node in table.pairs:
        operator: Operator | None = next((one for one in OPERATORS if one == key.text), None)
        if operator is None:
            remedy = did_you_mean(key.text, OPERATORS)
            found.error(key, f"'{shown(key.text)}' is no way to compare", remedy, "unknown_key")
        elif operator in MEASURING:
            bound = whole_of(node, operator, -(10**9), 10**9, found)
            yield Asked(Test(subject, operator, bound=bound or 0, of_deal=of_deal), node)
        elif operator in BARE:
            said = yes_of(node, operator, found)
            yield Asked(Test(subject, "empty" if said == (operator == "empty") else "not empty", of_deal=of_deal), node)
        else:
            words = _words(node, operator, subject, found)
            yield Asked(Test(subject, operator, tuple(map(as_compared, words)), of_deal=of_deal), node, words)
    if not table.pairs:
        found.error(
            table,
            f"'{subject}' is compared with nothing",
            f"Write '{subject}: value', or {{is not: value}}",
            "no_value",
        )
