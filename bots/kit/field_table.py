"""The section `fields` of a playbook, read into what deals carry; whatever is wrong is written down with its line."""

from collections.abc import Mapping
from typing import Final, cast, get_args

from bots.kit.fields import Field, FieldKind
from bots.kit.languages import Language
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Table
from bots.kit.reckoning import Terms, terms_of
from bots.kit.schema import Findings, name_of, section, table_of, text_of, texts_of, yes_of
from bots.kit.worth import PAID, SHARES
from bots.robots.facts import BROUGHT, KNOWN, MONEY_BROUGHT

FIELD_KEYS: Final = ("title", "kind", "choices", "is", "worth", "form")
_HINTS: Final = {
    "type": "What it holds is 'kind: money'", **dict.fromkeys(("options", "values", "list"), "What is chosen from is 'choices: [...]'"),
}  # fmt: skip
KINDS: Final[tuple[FieldKind, ...]] = get_args(FieldKind)
LISTED: Final = ("office",)
"""What orders bring as a text that may be one of a list."""


def read_fields(node: Node | None, found: Findings) -> dict[str, Field]:
    """What deals carry: `city: Город`, or a table with the kind and what may be chosen."""
    fields: dict[str, Field] = {}
    table = table_of(node, "fields", found)
    for key, value in table.pairs if table else ():
        name = name_of(key, "a field's name", found)
        if name is None:
            continue
        if name in KNOWN:
            found.error(key, f"'{name}' is the customer's or the deal's own", "Choose another name", "twice")
        fields[name] = _field(name, value, found)
    sums = [key for key, _ in (table.pairs if table else ()) if key.text in fields and fields[key.text].worth]
    for key in sums[1:]:
        found.error(key, f"'{sums[0].text}' is the deal's sum already", "Keep 'worth: yes' at one field", "twice")
    for key, value in table.pairs if table else ():
        if key.text in fields and fields[key.text].terms:
            _look_at_terms(value, fields[key.text], fields, found)
    return fields


def _look_at_terms(node: Node, field: Field, fields: Mapping[str, Field], found: Findings) -> None:
    """A sum is of money that is filled in: not of other sums, so that nothing goes round in a circle."""
    for _, name in field.terms:
        part = fields.get(name)
        if part is None and name not in MONEY_BROUGHT:
            remedy = did_you_mean(name, [*fields, *MONEY_BROUGHT], "Else add it to 'fields:'")
            found.error(node, f"no field is called '{shown(name)}'", remedy, "unknown_field")
        elif part is not None and (part.terms or part.kind != "money"):
            what = f"'{field.name}' cannot be reckoned from '{name}'"
            found.error(node, what, "Reckon with fields of 'kind: money' that are filled in", "contradiction")


def kinds_of(fields: Mapping[str, Field], spoken: Language) -> dict[str, Field]:
    """Those that do not take any text, and what orders bring although nobody has declared it."""
    brought = {name: Field(name, spoken.known[name], "money") for name in MONEY_BROUGHT}
    brought[PAID] = Field(PAID, spoken.known[PAID], "choice", SHARES)
    return {name: one for name, one in {**brought, **fields}.items() if one.kind != "text" or one.terms}


def _field(name: str, node: Node, found: Findings) -> Field:
    usual: FieldKind = "money" if name in MONEY_BROUGHT else "text"
    if not isinstance(node, Table):
        return Field(name, text_of(node, f"the title of '{name}'", found) or name, usual)
    one = section(node, FIELD_KEYS, f"field '{name}'", found, _HINTS)
    if one is None:
        return Field(name, name)
    kind = text_of(one.get("kind"), "kind", found) or ("choice" if "choices" in one else usual)
    if kind not in KINDS:
        found.error(one.get("kind") or node, f"'kind' is '{shown(kind)}'", did_you_mean(kind, KINDS), "unknown_word")
        kind = "text"
    choices = texts_of(one.get("choices"), "choices", found)
    if choices and kind != "choice":
        what = f"field '{name}' has choices, and its kind is '{kind}'"
        found.error(one.keys["choices"], what, "Remove one of the two", "contradiction")
    if kind == "choice" and not choices:
        found.error(node, f"field '{name}' has nothing to choose from", "Add 'choices: [...]'", "no_value")
    terms = _terms(one.get("is"), found)
    if terms and kind != "money":
        found.error(one.keys["is"], f"field '{name}' is no money", "Add 'kind: money'", "contradiction")
    if name in BROUGHT and (terms or kind != usual) and not (name in LISTED and kind == "choice"):
        what = f"'{name}' comes with orders, as {'money' if usual == 'money' else 'a text'}"
        found.error(node, what, "Remove 'kind', 'choices' and 'is', or choose another name", "contradiction")
    worth = yes_of(one.get("worth"), "worth", found)
    if worth and kind != "money":
        found.error(one.keys["worth"], f"field '{name}' is no money", "Add 'kind: money'", "contradiction")
    title = text_of(one.get("title"), "title", found) or name
    by_forms = one.get("form") is None or yes_of(one.get("form"), "form", found)
    return Field(name, title, cast("FieldKind", kind), choices, terms, worth, by_forms)


def _terms(node: Node | None, found: Findings) -> Terms:
    said = text_of(node, "is", found)
    if node is None or said is None:
        return ()
    terms = terms_of(said)
    if terms is None:
        found.error(node, f"'{shown(said)}' is no sum of fields", "Write it like 'is: budget - advance'", "not_a_sum")
    return terms or ()
