"""What robots put into fields: `set: {field: value}`, a date so long after another, `count: field`. Read, and looked at by kind."""

from typing import Final

from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar, Table
from bots.kit.schema import Findings, milliseconds, section, table_of, text_of
from bots.kit.words import Text
from bots.robots import effects as fx
from bots.robots.actions import Action, Keep, KeepDate
from bots.robots.lines import Line

DATE_KEYS: Final = ("from", "in", "before")
LONGEST_MS: Final = 366 * 86_400_000


def read_set(line: Line) -> Action | None:
    table = table_of(line.value, "set", line.found)
    if table is None or len(table.pairs) != 1:
        if table is not None:
            line.found.error(
                line.key, "'set' is one field", "Write '- set: {field: value}', one line each", "contradiction"
            )
        return None
    key, node = table.pairs[0]
    line.office.fillable(key, key.text)
    if isinstance(node, Table):
        return _date(key, node, line)
    text = Text((), "") if isinstance(node, Scalar) and not node.text else None
    text = text or line.office.text(node, f"the value of '{shown(key.text)}'")
    if text is None:
        return None
    line.office.fits(node, key.text, text)
    return Keep(key.text, text)


def _date(key: Scalar, node: Table, line: Line) -> Action | None:
    """`{in: 7d}` from now, `{from: come_on, in: 2d}` from another date; `before` instead of `in`, before that."""
    found, office, name = line.found, line.office, key.text
    one = section(node, DATE_KEYS, f"the date of '{shown(name)}'", found)
    field = office.kinds.get(name)
    if field is None or field.kind != "date":
        found.error(key, f"field '{shown(name)}' is no date", "Add 'kind: date' to it, or write a text", "unfit")
    if one is None:
        return None
    of = line.field(one, "from")
    other = office.kinds.get(of)
    if of in office.fields and (other is None or other.kind != "date"):
        remedy = "Reckon from a field of 'kind: date'"
        found.error(one.get("from") or key, f"field '{shown(of)}' is no date", remedy, "unfit")
    if ("in" in one) == ("before" in one):
        remedy = "Write {in: 7d}, {from: field, in: 2d} or {from: field, before: 2d}"
        found.error(node, f"'{shown(name)}' needs one of 'in' and 'before'", remedy, "contradiction")
        return None
    if "before" in one and "from" not in one:
        found.error(one.keys["before"], "'before' says before what", "Add 'from: field' with the date", "misplaced")
    word = "in" if "in" in one else "before"
    length = _length(one.get(word) or key, word, found)
    return KeepDate(name, -length if word == "before" else length, of) if length is not None else None


def _length(node: Node, what: str, found: Findings) -> int | None:
    text = text_of(node, what, found)
    length = milliseconds(text) if text is not None else None
    if text is not None and (not length or length > LONGEST_MS):
        remedy = "Write it like 7d, 2h, 1d 12h (m, h, d; at most 366d): days of the calendar, not of work"
        found.error(node, f"'{what}' is '{shown(text)}': no length of time", remedy, "not_a_length")
        return None
    return length


def read_count(line: Line) -> Action | None:
    name = line.word()
    if name:
        line.office.fillable(line.value, name)
        field = line.office.kinds.get(name)
        if field is not None and field.kind != "number":
            remedy = "Count in a field of 'kind: number'"
            line.found.error(line.value, f"field '{shown(name)}' is of kind {field.kind}", remedy, "unfit")
    return fx.CountUp(name) if name else None
