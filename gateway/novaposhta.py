"""Nova Poshta, the carrier: asks its JSON API where parcels are. Translation is pure; nothing it says is believed unasked.

`POST {apiKey, modelName: TrackingDocument, calledMethod: getStatusDocuments, methodProperties: {Documents: [{DocumentNumber}]}}`
answers `{success, data: [{Number, StatusCode, Status, ...}], errors, errorCodes}`; at most 100 documents a request.
Source: https://developers.novaposhta.ua/view/model/a99d2f28-8512-11ec-8ced-005056b2dbe1
"""

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from bots.kit.events import Instant
from bots.kit.hours import local_day, zone_of
from bots.kit.shipping import Shipping
from gateway.channels import payload
from gateway.events import ParcelStatus

NAME: Final = "novaposhta"
API: Final = "https://api.novaposhta.ua/v2.0/json/"
MOST: Final = 100
"""Documents a request."""
_NUMBER: Final = re.compile(r"[0-9]{14}")
_TIMEOUT_S: Final = 20
_MOST_BYTES: Final = 2_000_000

STATUSES: Final[Mapping[int, ParcelStatus]] = {
    1: "created", 12: "created",
    4: "accepted", 41: "accepted",
    5: "in_transit", 6: "in_transit", 101: "in_transit", 104: "in_transit", 112: "in_transit", 14: "arrived",
    7: "arrived", 8: "arrived",
    9: "collected", 10: "collected", 106: "collected",
    11: "money_received",
    102: "refused", 103: "refused", 105: "refused", 108: "refused",
}  # fmt: skip
"""By the carrier's StatusCode. What is not here (2 deleted, 3 not found, 111 failed attempt) moves nothing."""


@dataclass(frozen=True, slots=True)
class News:
    """Where a parcel is, as the carrier says."""

    tracking: str
    code: int
    status: ParcelStatus | None
    note: str
    raw: bytes


class CarrierError(Exception):
    """The carrier did not answer, or would not; `hold` seconds nobody should ask again."""

    def __init__(self, reason: str, hold: float) -> None:
        super().__init__(reason)
        self.hold = hold


class NotToldError(CarrierError):
    """It was asked to do something, and its answer was never seen."""


@dataclass(frozen=True, slots=True)
class City:
    ref: str
    name: str
    area: str


@dataclass(frozen=True, slots=True)
class Office:
    ref: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a waybill says of its recipient and the parcel. Money in minor units, weight in grams, the phone in digits."""

    name: str
    phone: str
    city: str
    office: str
    cost: int
    cod: int
    weight: int
    description: str


@dataclass(frozen=True, slots=True)
class Waybill:
    number: str
    ref: str
    cost: int | None
    arrives: str


def is_ours(tracking: str) -> bool:
    """A waybill of theirs has 14 digits."""
    return _NUMBER.fullmatch(tracking) is not None


class NovaPoshta:
    def __init__(self, key: str, base: str, session: aiohttp.ClientSession) -> None:
        self._key = key
        self._base = base or API
        self._session = session

    async def where(self, numbers: Collection[str]) -> list[News]:
        """Where these parcels are, at most a hundred; those it does not know are left out. Raises `CarrierError`."""
        asked = list(numbers)[:MOST]
        answer = await self._ask(
            "TrackingDocument", "getStatusDocuments", {"Documents": [{"DocumentNumber": number} for number in asked]}
        )
        return news_of(answer, set(asked))

    async def cities(self, q: str) -> list[City]:
        """Settlements by the beginning of their name, from the carrier's directory."""
        data = await self._ask("Address", "searchSettlements", {"CityName": q, "Limit": 20, "Page": 1})
        found = data[0].get("Addresses") if data and isinstance(data[0], dict) else []
        return [
            City(_word(one, "DeliveryCity"), _word(one, "MainDescription"), _word(one, "Area"))
            for one in found or ()
            if isinstance(one, dict) and _word(one, "DeliveryCity")
        ]

    async def offices(self, city: str, q: str) -> list[Office]:
        data = await self._ask(
            "AddressGeneral", "getWarehouses", {"CityRef": city, "FindByString": q, "Limit": 50, "Page": 1}
        )
        return [
            Office(_word(one, "Ref"), _word(one, "Number"), _word(one, "Description"))
            for one in data
            if isinstance(one, dict) and _word(one, "Ref")
        ]

    async def make(self, order: Order, by: Shipping, now: Instant, zone: str) -> Waybill:
        """A new waybill, office to office. Raises `NotToldError` where nobody can say whether it was made."""
        day = local_day(now, zone_of(zone))
        asked: dict[str, Any] = {
            "NewAddress": "1", "PayerType": by.payer.capitalize(), "PaymentMethod": "Cash", "CargoType": "Parcel",
            "ServiceType": "WarehouseWarehouse", "SeatsAmount": "1", "Weight": f"{order.weight / 1000:g}", "Cost": _units(order.cost),
            "Description": order.description[:100], "DateTime": day.strftime("%d.%m.%Y"), "Sender": by.sender, "ContactSender": by.contact,
            "CitySender": by.city, "SenderAddress": by.address, "SendersPhone": by.phone.removeprefix("+"),
            "RecipientType": "PrivatePerson", "RecipientName": order.name, "RecipientsPhone": order.phone,
            "RecipientCityName": order.city, "RecipientAddressName": order.office,
        }  # fmt: skip
        if order.cod:
            back = {"PayerType": "Recipient", "CargoType": "Money", "RedeliveryString": _units(order.cod)}
            asked["BackwardDeliveryData"] = [back]
        data = await self._ask("InternetDocument", "save", asked, lost=NotToldError)
        made = data[0] if data and isinstance(data[0], dict) else {}
        number = _word(made, "IntDocNumber")
        if not is_ours(number):
            raise NotToldError("the answer names no waybill", 0)
        cost = made.get("CostOnSite")
        whole = cost * 100 if isinstance(cost, int) and not isinstance(cost, bool) and 0 <= cost < 10**9 else None
        return Waybill(number, _word(made, "Ref"), whole, _word(made, "EstimatedDeliveryDate"))

    async def _ask(
        self, model: str, method: str, properties: Mapping[str, Any], lost: type[CarrierError] = CarrierError
    ) -> list[Any]:
        body = {"apiKey": self._key, "modelName": model, "calledMethod": method, "methodProperties": properties}
        try:
            async with (
                asyncio.timeout(_TIMEOUT_S),
                self._session.post(self._base, data=orjson.dumps(body), headers=_JSON) as response,
            ):
                raw = await response.content.read(_MOST_BYTES)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(f"no answer: {type(error).__name__}", 30) from None
        if status == 429:
            raise CarrierError(f"status {status}", 60)
        if status >= 500:
            raise lost(f"status {status}", 60)
        answer, problem = payload.read_json(raw)
        if problem or not isinstance(answer, dict):
            raise lost(f"status {status}, no JSON object", 60)
        if answer.get("success") is not True:
            said = [payload.text(one) for one in answer.get("errors") or () if isinstance(one, str)]
            raise CarrierError("refused: " + ("; ".join(said)[:300] or "no reason given"), 600)
        data = answer.get("data")
        return data if isinstance(data, list) else []


def news_of(data: list[Any], asked: set[str]) -> list[News]:
    """What is said of parcels that were asked about."""
    found: dict[str, News] = {}
    for one in data:
        if not isinstance(one, dict):
            continue
        number, code = payload.text(str(one.get("Number", ""))), _code(one.get("StatusCode"))
        if number in asked and code is not None:
            note = " ".join(payload.text(one.get("Status")).split())[:300]
            found[number] = News(number, code, STATUSES.get(code), note, orjson.dumps(one)[:20_000])
    return list(found.values())


def _code(said: Any) -> int | None:
    text = str(said) if isinstance(said, int | str) and not isinstance(said, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _word(one: Mapping[str, Any], name: str) -> str:
    return " ".join(payload.text(one.get(name)).split())[:300]


def _units(minor: int) -> str:
    """1500 → 15, 1550 → 15.5: whole hryvnias as the carrier writes them."""
    return f"{minor / 100:.2f}".rstrip("0").rstrip(".")


_JSON: Final = {"Content-Type": "application/json"}
