"""What must hold after a simulation: of the data, and of what customers were sent."""

from typing import Final

from gateway.simulation.world import World
from state import invariants, orphans
from state.database import Connection

_MOST_TOLD: Final = 20


async def breaches(world: World) -> list[str]:
    """What does not hold, the first few of each kind."""
    return world.wrong[:_MOST_TOLD] + await world.rehearsal.look(dirt)


def dirt(conn: Connection) -> list[str]:
    """What is stored and must not be."""
    found: list[str] = []
    for asked in invariants.BREACHES:
        found += [told for told, _ in zip(asked(conn), range(_MOST_TOLD), strict=False)]
    return found + [f"deal {deal.id} is lost: nothing holds on to it" for deal in orphans.find(conn, _MOST_TOLD)]
