"""Parcels in a story: what the carrier's directory offers, and what it was asked to make."""

from typing import Any, Final

from gateway.api import waybills
from gateway.stories.asking import HEAD, asked
from gateway.stories.scene import Scene
from gateway.stories.seeing import Sight, listed, must
from gateway.stories.words import Words

_ON_WAYBILL: Final = {
    "name": "RecipientName", "phone": "RecipientsPhone", "city": "RecipientCityName", "office": "RecipientAddressName",
    "cost": "Cost", "cod": "RedeliveryString", "description": "Description",
}  # fmt: skip


def directory(words: Words) -> Sight:
    """What the carrier's directory offers for what was typed: `directory "Льв" Львів`, `directory Львів "№7" 7`."""
    typed = [words.word("what is typed"), words.word("what is offered")]
    city = typed.pop(0) if words.more else ""
    q, name = typed if not city else (typed[0], words.word("an office's number"))
    words.end()

    async def see(scene: Scene, wanted: bool) -> None:
        if city:
            found = [
                one["number"] for one in (await asked(scene, HEAD, waybills.find_offices, city=city, q=q))["items"]
            ]
        else:
            found = [one["name"] for one in (await asked(scene, HEAD, waybills.find_cities, q=q))["items"]]
        must(name in found, wanted, f"offered are {listed(found)}")

    return see


def waybill(words: Words) -> Sight:
    """What the carrier was asked to make last: sums in whole units, as it reads them."""
    asked_ = words.named(_ON_WAYBILL)

    async def see(scene: Scene, wanted: bool) -> None:
        last = scene.waybills[-1] if scene.waybills else {}
        back: dict[str, Any] = next(iter(last.get("BackwardDeliveryData", ())), {})
        there = {name: str({**last, **back}.get(key, "")) for name, key in _ON_WAYBILL.items()}
        holds = bool(last) and all(there[name] == value for name, value in asked_.items())
        must(holds, wanted, f"the waybill says {', '.join(f'{name}={value}' for name, value in there.items())}")

    return see
