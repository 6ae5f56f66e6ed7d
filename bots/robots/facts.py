"""What a robot may know of a deal at this moment: all of it is handed in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import Final

from bots.kit.conditions import Test
from bots.kit.events import Instant
from bots.kit.hours import Hours
from bots.kit.values import value
from bots.kit.words import CURRENCY, as_text

KNOWN: Final = ("name", "phone", "email", "channel", "source", "title", "responsible", "owner")
"""What every text and condition of a robot may name without its being declared."""

BROUGHT: Final = (
    "order", "total", "paid", "paid_sum", "office", "items", "paid_word", "tracking", "parcel", "order_status", "form", "order_at", "parcel_at",
)  # fmt: skip
"""Fields that orders, parcels and forms bring along."""

MONEY_BROUGHT: Final = ("total", "paid_sum")
"""Those of them that are sums of money: the order's, and what payments have brought in all."""

PROVED: Final = frozenset(BROUGHT) - {"order", "office", "items"}
"""Those that no customer's word fills: who says that they have paid has not paid yet."""


@value
class DealFacts:
    now: Instant
    funnel: str
    stage: str
    entered: Instant
    """When the deal came into its stage."""
    name: str = ""
    phone: str = ""
    email: str = ""
    channel: str = ""
    source: str = ""
    title: str = ""
    responsible: str = ""
    owner: str = ""
    """Who has the conversation: `bot`, `person` or `pool`."""
    fields: Mapping[str, object] = field(default_factory=dict)
    tags: Collection[str] = ()
    language: str = ""
    zone: str = "UTC"
    currency: str = "RUB"
    hours: Hours | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> object:
        """What a placeholder or a condition's subject stands for."""
        if name in KNOWN:
            return getattr(self, name)
        if name == CURRENCY and name not in self.fields:
            return self.currency
        return self.fields.get(name, self.about.get(name))

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Those of which nothing is known, of the deal or of its customer."""
        return [name for name in names if not any(as_text(said).strip() for said in self._said(name))]

    def _said(self, name: str) -> tuple[object, ...]:
        return (self.fields.get(name), getattr(self, name)) if name in KNOWN else (self.fields.get(name),)

    def subject(self, test: Test) -> object:
        if not test.of_deal:
            return self.value(test.subject)
        match test.subject:
            case "tags":
                return list(self.tags)
            case "stage":
                return self.stage
            case "language":
                return self.language
            case "hours":
                return self.hours is None or self.hours.is_open(self.now)
            case _:
                return None
