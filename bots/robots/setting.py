"""What robots put into fields: `set: {field: value}`, `count: field`. Read, and looked at by kind."""

from bots.kit.problems import shown
from bots.kit.reader import Scalar
from bots.kit.schema import table_of
from bots.kit.words import Text
from bots.robots import effects as fx
from bots.robots.actions import Action, Keep
from bots.robots.office import Line


def read_set(line: Line) -> Action | None:
    table = table_of(line.value, "set", line.found)
    if table is None or len(table.pairs) != 1:
        if table is not None:
            line.found.error(
                line.key, "set is one field", "Write '- set: {field: value}', one line each", "contradiction"
            )
        return None
    key, node = table.pairs[0]
    line.office.known_field(key, key.text)
    text = Text((), "") if isinstance(node, Scalar) and not node.text else None
    text = text or line.office.text(node, f"the value of '{shown(key.text)}'")
    if text is None:
        return None
    line.office.fits(node, key.text, text)
    return Keep(key.text, text)


def read_count(line: Line) -> Action | None:
    name = line.word()
    if name:
        line.office.known_field(line.value, name)
        field = line.office.kinds.get(name)
        if field is not None and field.kind != "number":
            remedy = "Count in a field of 'kind: number'"
            line.found.error(line.value, f"field '{shown(name)}' is of kind {field.kind}", remedy, "unfit")
    return fx.CountUp(name) if name else None
