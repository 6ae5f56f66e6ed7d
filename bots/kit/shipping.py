"""Who sends parcels, as the carrier knows them: what a waybill needs beside the deal. Read from the playbook's `shipping`."""

from dataclasses import dataclass
from typing import Final

from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node
from bots.kit.schema import Findings, section, text_of, whole_of

CARRIERS: Final = ("novaposhta",)
SHIPPING_KEYS: Final = ("sender", "contact", "city", "address", "phone", "payer", "weight", "description")
_NEEDED: Final = ("sender", "contact", "city", "address", "phone")
_PAYERS: Final = ("recipient", "sender")


@dataclass(frozen=True, slots=True)
class Shipping:
    """References of the carrier's own (`sender`, `contact`, `city`, `address`), and what is usual."""

    sender: str
    contact: str
    city: str
    address: str
    phone: str
    payer: str = "recipient"
    weight: int = 1_000
    """Grams, where nobody weighs the parcel."""
    description: str = ""


def shipping_of(node: Node | None, found: Findings) -> dict[str, Shipping]:
    at = section(node, CARRIERS, "shipping", found)
    carriers: dict[str, Shipping] = {}
    for name, value in at.values.items() if at else ():
        one = section(value, SHIPPING_KEYS, f"carrier '{name}'", found)
        if one is None:
            continue
        said = {key: text_of(one.get(key), key, found) or "" for key in SHIPPING_KEYS if key != "weight"}
        missing = [key for key in _NEEDED if not said[key] and key not in one]
        if missing:
            what = f"carrier '{name}' lacks {', '.join(missing)}"
            found.error(value, what, "Copy them from the carrier's business cabinet", "no_value")
        payer = said.pop("payer") or "recipient"
        if payer not in _PAYERS:
            found.error(
                one.get("payer") or value, f"'payer' is '{shown(payer)}'", did_you_mean(payer, _PAYERS), "unknown_word"
            )
        weight = whole_of(one.get("weight"), "weight", 1, 1_000_000, found) or 1_000
        carriers[name] = Shipping(**said, payer=payer, weight=weight)
    return carriers
