"""What a deal is worth and how much of that is paid. Pure.

The sum of a deal is the money field that the playbook marks with `worth: yes`, where it is filled in, else what the shop's
own system says of the order. `paid` follows both sums; somebody's word that all is paid stands above them, until money
goes back or the sum rises.
"""

from collections.abc import Mapping
from typing import Final

from bots.kit.reckoning import minor_units
from bots.kit.words import as_text

ORDER: Final = "order"
TOTAL: Final = "total"
RECEIVED: Final = "paid_sum"
PAID: Final = "paid"
SHARES: Final = ("yes", "partly", "no")
"""What `paid` may be."""
WORD: Final = "paid_word"
"""Somebody has said that all of it is paid: the shop's own system or a person."""


def has_order(fields: Mapping[str, object]) -> bool:
    """It is past its request: there is an order, or money has come."""
    return bool(as_text(fields.get(ORDER)).strip()) or fields.get(PAID) in ("yes", "partly") or bool(received(fields))


def worth(fields: Mapping[str, object], marked: str = "") -> int | None:
    """Minor units; None: nobody has said. `marked`: the field that the playbook calls the sum."""
    for name in (marked, TOTAL):
        if name and fields.get(name) not in (None, "") and (sum_ := minor_units(fields[name])) is not None:
            return sum_
    return None


def received(fields: Mapping[str, object]) -> int | None:
    """What payments have brought; None: no payment is known of, which does not say that there was none."""
    return minor_units(fields[RECEIVED]) if fields.get(RECEIVED) not in (None, "") else None


def excess(fields: Mapping[str, object], marked: str = "") -> int:
    """How much more has come than the deal is worth."""
    sum_, came = worth(fields, marked), received(fields)
    return max(0, came - sum_) if sum_ is not None and came is not None else 0


def settled(
    fields: Mapping[str, object], changed: str, before: Mapping[str, object], marked: str = ""
) -> dict[str, str]:
    """What `paid` and the word on it become, because `changed` has another value than `before`. What is not in it stays."""
    if changed == PAID:
        return {WORD: "yes" if fields.get(PAID) == "yes" else ""}
    word = fields.get(WORD) == "yes"
    sum_, was, came = worth(fields, marked), worth(before, marked), received(fields)
    told: dict[str, str] = {}
    if word and _outgrown(sum_, was, came, received(before)):
        word, told[WORD] = False, ""
    if word:
        return {PAID: "yes"}
    if came is not None:
        return told | {PAID: _share(came, sum_)}
    return told | {PAID: "partly"} if told else {}  # what was all of it is no longer


def _outgrown(sum_: int | None, was: int | None, came: int | None, before: int | None) -> bool:
    """The word was about less than the deal is worth now, or money has gone back since."""
    rose = sum_ is not None and was is not None and sum_ > was
    return rose or (came is not None and before is not None and came < before)


def _share(came: int, sum_: int | None) -> str:
    """Where nobody knows the sum, money that has come is a part of it."""
    return "no" if came <= 0 else "yes" if sum_ is not None and came >= sum_ else "partly"
