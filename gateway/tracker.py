"""The tracker: asks the carrier where parcels are, a bounded number at a time, rarer the slower they move.

What it learns comes in by the inbox like any parcel hook: durable first, each status once.
"""

import asyncio
from typing import Final

import structlog

from gateway.clock import Clock
from gateway.events import ParcelMoved, ParcelStatus, Received, Sender
from gateway.intake import Intake
from gateway.novaposhta import MOST, NAME, CarrierError, News, NovaPoshta
from state import parcels
from state.database import Database

log = structlog.get_logger()

EVERY_S: Final = 5.0
"""Between two requests: the budget is 100 parcels in so many seconds."""
_MINUTE: Final = 60_000
_AGAIN: Final[dict[ParcelStatus | None, int]] = {
    None: 30 * _MINUTE,
    "created": 30 * _MINUTE,
    "accepted": 60 * _MINUTE,
    "in_transit": 60 * _MINUTE,
    "arrived": 120 * _MINUTE,
    "collected": 6 * 60 * _MINUTE,
    "refused": 12 * 60 * _MINUTE,
}
"""After which a parcel is asked about again."""
_ENDED: Final = ("money_received", "returned")
_GIVE_UP_MS: Final = 45 * 24 * 60 * _MINUTE
"""Since the number is known: by then it has come to an end, or never will."""
_LEASE_MS: Final = 2 * _MINUTE


class Tracker:
    def __init__(self, db: Database, intake: Intake, carrier: NovaPoshta, clock: Clock) -> None:
        self.db = db
        self.intake = intake
        self.carrier = carrier
        self.clock = clock

    async def run(self) -> None:
        while True:
            pause = EVERY_S
            try:
                await self.once()
            except CarrierError as error:
                log.warning("carrier_failed", why=str(error))
                pause = error.hold
            except Exception:
                log.exception("tracker_failed")
                pause = 30
            await asyncio.sleep(pause)

    async def once(self) -> int:
        """Ask about the parcels that are due; the answer: how many. Raises `CarrierError`; they are due again soon."""
        now = self.clock.now()
        due = await self.db.write(lambda c: parcels.claim(c, NAME, now, MOST, _LEASE_MS), "parcels")
        if not due:
            return 0
        told = {one.tracking: one for one in await self.carrier.where([parcel.tracking for parcel in due])}
        received = [
            _moved(one)
            for parcel in due
            if (one := told.get(parcel.tracking)) and one.status not in (None, parcel.status)
        ]
        if received:
            await self.intake.accept("parcel", "parcels", received)
        later = []
        for parcel in due:
            one = told.get(parcel.tracking)
            status = one.status if one is not None and one.status is not None else None
            over = status in _ENDED or now - parcel.since > _GIVE_UP_MS
            later.append(
                (parcel.tracking, status or parcel.status, None if over else now + _AGAIN.get(status, 60 * _MINUTE))
            )
        await self.db.write(lambda c: parcels.put_off(c, later), "parcels")
        return len(due)


def _moved(one: News) -> Received:
    status = one.status
    if status is None:
        raise ValueError("nothing has moved")
    event = ParcelMoved(Sender("parcel", "parcels", one.tracking), one.tracking, status, one.note)
    return Received(f"{NAME}:{one.tracking}:{one.code}", event, one.raw)
