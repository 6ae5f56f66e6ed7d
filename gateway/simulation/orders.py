"""The shop's own system in a simulation: orders are placed, paid or not, gathered, fetched or sent; parcels move."""

from gateway.events import Event, Ignored, Unusable
from gateway.shop_hooks import CHANNEL_OF, TOLD
from gateway.simulation.world import DAY, HOUR, World


def begin(world: World, name: str, phone: str, email: str, later: int) -> None:
    """Somebody will place an order; its whole life is decided now."""
    world.counts["orders"] += 1
    number = f"S{world.counts['orders']}"
    who = {"name": name, "phone": phone, "email": email}
    total = world.random.randrange(50_000, 3_000_000)
    order = {"number": number, "total": total, "currency": "RUB", "office": world.pick(("1", "2")), "items": ["1", "2"]}
    at = world.now + later
    _later(world, at, "orders", {"event": "placed", "order": {**order, "paid": False}, "customer": who})
    if world.chance(0.1):
        _later(world, at + world.within(HOUR, 5 * DAY), "orders", {"event": "cancelled", "order": {"number": number}})
        return
    if not world.chance(0.75):
        return  # never paid, never heard of again
    at += world.within(HOUR, 4 * DAY)
    if world.chance(0.3):
        _later(world, at, "payments", {"order": number, "amount": total // 2})
        at += world.within(HOUR, DAY)
        _later(world, at, "payments", {"order": number, "amount": total - total // 2})
    else:
        _later(world, at, "orders", {"event": "paid", "order": {"number": number, "paid": True}})
    for event, chance in (("in_work", 0.9), ("item_refused", 0.07), ("sync_lost", 0.03)):
        if world.chance(chance):
            at += world.within(HOUR, DAY)
            _later(world, at, "orders", {"event": event, "order": {"number": number}})
    at += world.within(HOUR, 5 * DAY)
    if world.chance(0.5):
        _later(world, at, "orders", {"event": "ready", "order": {"number": number}})
        if world.chance(0.85):
            _later(
                world, at + world.within(HOUR, 7 * DAY), "orders", {"event": "handed_over", "order": {"number": number}}
            )
        return
    tracking = f"RA{number}"
    _later(world, at, "orders", {"event": "sent", "order": {"number": number, "tracking": tracking}})
    refused = world.chance(0.08)
    statuses = (
        "accepted",
        "in_transit",
        "arrived",
        *(("refused", "returned") if refused else ("collected", "money_received")),
    )
    for status in statuses:
        at += world.within(HOUR, 2 * DAY)
        if world.chance(0.95):
            _later(world, at, "parcels", {"tracking": tracking, "status": status})


def _later(world: World, at: int, what: str, body: dict[str, object]) -> None:
    meaning: Event | Ignored | Unusable = TOLD[what](body, world.rehearsal.house.region)
    world.plan(at, lambda: world.arrive(CHANNEL_OF[what], what, meaning))
