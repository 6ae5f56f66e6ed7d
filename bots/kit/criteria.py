"""How a condition is written: one line of a `check`, of a robot's `if`. What it means is in `conditions`."""

from collections.abc import Collection, Iterator

from bots.kit.conditions import BARE, COMPARING, MEASURING, OF_TIME, STANDING, SUBJECTS, Operator, Test, as_compared
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar, Table
from bots.kit.schema import Findings, text_of, texts_of, whole_of


def tests_of(key: Scalar, node: Node, fields: Collection[str], found: Findings) -> Iterator[Test]:
    """The tests of one line: `city: Тверь`, `city: [Тверь, Клин]`, `sum: {over: 100, under: 500}`, `city: empty`."""
    subject = key.text
    if subject not in fields and subject not in SUBJECTS:
        known = (*fields, *SUBJECTS)
        remedy = did_you_mean(subject, known, "Else add it to 'fields:'")
        found.error(key, f"no field is called '{shown(subject)}'", remedy, "unknown_field")
        return
    of_deal = subject not in fields
    if of_deal and subject in OF_TIME:
        text = text_of(node, subject, found)
        for operator in STANDING:
            if text == operator:
                yield Test(subject, operator, of_deal=True)
                return
        found.error(
            node,
            f"{subject} are asked for otherwise",
            f"Write '{subject}: open' or '{subject}: closed'",
            "unknown_word",
        )
    elif isinstance(node, Table):
        yield from _operators(node, subject, of_deal=of_deal, found=found)
    elif isinstance(node, Scalar) and not node.quoted and node.text in BARE:
        yield Test(subject, "empty" if node.text == "empty" else "not empty", of_deal=of_deal)
    else:
        values = tuple(map(as_compared, texts_of(node, subject, found)))
        yield Test(subject, "has" if subject == "tags" and of_deal else "is", values, of_deal=of_deal)


def _operators(table: Table, subject: str, *, of_deal: bool, found: Findings) -> Iterator[Test]:
    for key, node in table.pairs:
        operator: Operator | None = next((one for one in (*COMPARING, *MEASURING) if one == key.text), None)
        if operator is None:
            remedy = did_you_mean(key.text, (*COMPARING, *MEASURING))
            found.error(key, f"'{shown(key.text)}' is no way to compare", remedy, "unknown_key")
        elif operator in MEASURING:
            bound = whole_of(node, operator, -(10**9), 10**9, found)
            yield Test(subject, operator, bound=bound or 0, of_deal=of_deal)
        else:
            yield Test(subject, operator, tuple(map(as_compared, texts_of(node, operator, found))), of_deal=of_deal)
