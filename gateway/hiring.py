"""The playbook's sample people made real: for a demo, a rehearsal, a shop that begins."""

from bots.kit.business import Playbook
from gateway.clock import Instant
from state import people, staff
from state.database import Connection
from state.ids import Ids
from state.records import Person


def hire(conn: Connection, ids: Ids, shop: Playbook, now: Instant) -> dict[str, Person]:
    """Its team, by key. Whoever is called as somebody who works here already is that person."""
    team: dict[str, Person] = {}
    for key, member in shop.team.items():
        if known := people.find_named(conn, member.name):
            team[key] = known[0]
            continue
        person = Person(ids.take("person"), member.name, member.role, active=True)
        staff.add_member(conn, person, member.groups, member.calendar, member.capacity, now)
        team[key] = person
    return team


def hire_once(conn: Connection, ids: Ids, shop: Playbook, now: Instant) -> int:
    """The same where this playbook has never had its team here: who has left since does not come back. The answer: how many came."""
    if not shop.team or not people.mark(conn, ids, f"team:{shop.name}", now):
        return 0
    before = staff.colleagues(conn)
    hire(conn, ids, shop, now)
    return len(staff.colleagues(conn)) - len(before)
