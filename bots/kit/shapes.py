"""What may be in the fields of a deal and in what else conditions ask about, as far as the playbook and the house know it."""

from collections.abc import Mapping
from typing import Final

from bots.kit.fields import Field
from bots.kit.impossible import Shape
from bots.kit.languages import known_languages
from bots.kit.staffing import Member
from bots.kit.waiting import CHANNELS
from bots.robots.reading import HAPPENINGS

_OWNERS: Final = ("bot", "person", "pool")
_PAID: Final = ("yes", "partly", "no")


def shapes_of(fields: Mapping[str, Field], team: Mapping[str, Member]) -> dict[str, Shape]:
    """By the name of the field or subject. What is not here may hold any text."""
    money = Shape("money")
    known = {
        "total": money,
        "paid_sum": money,
        "paid": Shape("choice", _PAID, sure=False),
        "order_status": Shape("choice", HAPPENINGS["order"] or (), sure=False),
        "parcel": Shape("choice", HAPPENINGS["parcel"] or (), sure=False),
        "owner": Shape("choice", _OWNERS),
        "language": Shape("choice", tuple(known_languages())),
        "channel": Shape("choice", CHANNELS, sure=False, open=True),
    }
    if team:
        names = tuple(one.name for one in team.values())
        known["responsible"] = Shape("choice", names, sure=False, besides="It is a person's name")
    own = {name: _shape(one) for name, one in fields.items()}
    return {**known, **own}


def _shape(field: Field) -> Shape:
    choices = field.choices if field.kind == "choice" else ()
    return Shape(field.kind, choices, besides="Else add it to the field's 'choices:'")
