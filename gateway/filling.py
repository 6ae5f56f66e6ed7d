"""Every door to a deal's fields: what comes is understood by the field's kind (bots/kit/fields.py) before it is kept.

A person is refused and told what would be right. What a machine brings is never lost: it stands in a note.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bots.kit import languages
from bots.kit.fields import Field, Misfit, understand
from bots.kit.hours import local_day, zone_of
from bots.kit.languages import Language
from bots.kit.words import as_text
from gateway.knowing import language_of
from gateway.ledger import Ledger
from gateway.refusals import Invalid
from state.records import Deal, Entry

_LONGEST_VALUE = 4_000
MOST_FIELDS = 300
"""Of a deal: every turn carries them all."""


def accept(ledger: Ledger, deal: Deal, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a person fills in, as it will be kept: only what differs from what is there. Invalid: it cannot be."""
    fresh: dict[str, Any] = {}
    for name, raw in given.items():
        if deal.fields.get(name) == raw:
            continue  # whatever it is, it was there before
        field = ledger.house.playbook.kinds.get(name)
        value = _typed(ledger, field, raw) if field is not None else raw
        if isinstance(value, Misfit):
            raise Invalid(f"fields.{name}", _refusal(ledger, value))
        if deal.fields.get(name) != value:
            fresh[name] = value
    if len(deal.fields | fresh) > max(MOST_FIELDS, len(deal.fields)):
        raise Invalid("fields", f"a deal has at most {MOST_FIELDS} fields")
    return fresh


def keep(ledger: Ledger, deal: Deal, told: Mapping[str, Any]) -> dict[str, Any]:
    """What came by itself, into the fields that take it; the answer is what was kept, as it was. The rest is told to managers.

    Names beyond `MOST_FIELDS` are left where they came: in the timeline.
    """
    room = max(0, MOST_FIELDS - len(deal.fields))
    new = [name for name in told if name not in deal.fields]
    told = {name: raw for name, raw in told.items() if name in deal.fields or name in new[:room]}
    kept: dict[str, Any] = {}
    unfit: dict[str, Misfit] = {}
    for name, raw in told.items():
        field = ledger.house.playbook.kinds.get(name)
        value = _understood(ledger, field, raw, language_of(ledger.house, deal)) if field is not None else raw
        if isinstance(value, Misfit):
            unfit[name] = value
        else:
            kept[name] = value
    for name, value in kept.items():
        ledger.set_field(deal, name, value)
    if unfit:
        text = "\n".join(wrong.told(told[name], spoken(ledger)) for name, wrong in unfit.items())
        _note(ledger, deal, text, {name: as_text(told[name])[:_LONGEST_VALUE] for name in unfit})
    return kept


def miss(ledger: Ledger, deal: Deal, name: str, of: str) -> None:
    """A date that could not be reckoned from another: the field stays as it is, and managers read why."""
    title, other = ledger.house.field_title(name), ledger.house.field_title(of)
    _note(ledger, deal, spoken(ledger).unfit["no_date"].format(title=title, other=other), {name: ""})


def spoken(ledger: Ledger) -> Language:
    """The language of the shop's people."""
    return languages.spoken(ledger.house.playbook.language)


def _understood(ledger: Ledger, field: Field, raw: Any, speaks: str) -> Any | Misfit:
    shop = ledger.house.playbook
    today = local_day(ledger.now, zone_of(shop.zone))
    return understand(field, raw, replace(shop.locale, language=speaks), today)


def _typed(ledger: Ledger, field: Field, raw: Any) -> Any | Misfit:
    """Whoever writes a sum as 1250.5 writes 1250 for 1250.00 as well, a hundredth of it: such a one is told so, as by the hooks."""
    if field.kind == "money" and isinstance(raw, float) and not field.terms:
        return Misfit(field, "money", ledger.house.playbook.currency)
    return _understood(ledger, field, raw, ledger.house.playbook.language)


def _refusal(ledger: Ledger, wrong: Misfit) -> str:
    if wrong.why != "reckoned":
        return wrong.wanted
    return f"{wrong.wanted} from: {', '.join(ledger.house.field_title(part) for _, part in wrong.field.terms)}"


def _note(ledger: Ledger, deal: Deal, text: str, said: Mapping[str, str]) -> Entry:
    return ledger.write_entry(deal, "note", author="system", text=text, data={"event": "unfit", "fields": dict(said)})
