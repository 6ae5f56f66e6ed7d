"""Companies: legal entities that deals are made for. One by its tax number, else by its name; their people are their deals' contacts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select, update

from state.dialects import inserting, overwriting
from state.group_tables import companies, company_deals
from state.ids import Ids
from state.records import Contact, Instant
from state.tables import contacts, deals

_NEW: Final = inserting(companies, "id", "name", "tax_id", "key", "created_at")
_BELONGS: Final = inserting(
    company_deals, "deal_id", "company_id", "at", conflict=overwriting(("deal_id",), "company_id", "at")
)
_MOST_NAME: Final = 500
_MOST_TAX_ID: Final = 40
_LEAST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Company:
    id: int
    name: str
    tax_id: str
    """Letters and digits; empty: not known."""
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Entity:
    """A company as it is shown."""

    company: Company
    contacts: list[Contact]
    deals: list[int]
    """Newest first, at most fifty."""


class Taken(Exception):
    """Another company has this tax number."""

    def __init__(self, company_id: int) -> None:
        super().__init__(f"company {company_id} has this tax number")
        self.company_id = company_id


_COMPANY: Final = [companies.c[f.name] for f in fields(Company)]


def key_of(name: str) -> str:
    """Its words without signs and cases: «Ромашка» is found by any way to write its quotes."""
    return " ".join(re.findall(r"\w+", name.casefold()))


def tax_id_of(text: str) -> str:
    """Letters and digits of a number as people write it; empty where it is none: «нет», «не знаю», «потом пришлю»."""
    plain = re.sub(r"[\W_]", "", text).upper()
    digits = sum(map(str.isdigit, plain))
    return plain if digits >= max(_LEAST_DIGITS, len(plain) - digits) and len(plain) <= _MOST_TAX_ID else ""


def join(conn: Connection, ids: Ids, made_for: Iterable[tuple[int, str, str]], now: Instant) -> None:
    """(deal, name, tax number): each deal is that company's from here on. An unknown one is made.

    A tax number names one; a namesake that has none yet is told it. Without a number it is the namesake that has none, else the only one.
    """
    for deal, name, number in made_for:
        tax_id = tax_id_of(number)
        found = _known(conn, key_of(name), tax_id)
        if found is None:
            ids.keep_rising(conn, "company")
            found = ids.take("company")
            row = {"id": found, "name": name[:_MOST_NAME], "tax_id": tax_id, "key": key_of(name), "created_at": now}
            _NEW.write(conn, [row])  # where another process was quicker, this batch is done again and finds it
        _BELONGS.write(conn, [{"deal_id": deal, "company_id": found, "at": now}])


def _known(conn: Connection, key: str, tax_id: str) -> int | None:
    if tax_id:
        by_number: int | None = conn.execute(select(companies.c.id).where(companies.c.tax_id == tax_id)).scalar()
        if by_number is not None:
            return by_number
        nameless = companies.c.key == key, companies.c.tax_id == ""
        told = update(companies).where(
            companies.c.id == select(func.min(companies.c.id)).where(*nameless).scalar_subquery()
        )
        by_name: int | None = conn.execute(told.values(tax_id=tax_id).returning(companies.c.id)).scalar()
        return by_name
    namesakes = select(companies.c.id, companies.c.tax_id).where(companies.c.key == key).order_by(companies.c.id)
    found = list(conn.execute(namesakes))
    unnumbered = [row.id for row in found if not row.tax_id]
    return unnumbered[0] if unnumbered else found[0].id if len(found) == 1 else None


def page(conn: Connection, q: str, limit: int, below: int | None) -> list[tuple[Company, int]]:
    """Newest first, each with how many deals it has. `q`: a part of the name, or the tax number."""
    count = select(func.count()).where(company_deals.c.company_id == companies.c.id).scalar_subquery()
    wanted = select(*_COMPANY, count).order_by(companies.c.id.desc()).limit(limit)
    if q:
        by_number = [companies.c.tax_id == tax_id_of(q)] if tax_id_of(q) else []
        by_name = [companies.c.key.contains(key_of(q), autoescape=True)] if key_of(q) else []
        wanted = wanted.where(or_(*by_number, *by_name)) if by_number or by_name else wanted.where(companies.c.id < 0)
    if below is not None:
        wanted = wanted.where(companies.c.id < below)
    return [(Company(*row[:-1]), row[-1]) for row in conn.execute(wanted)]


def find(conn: Connection, company_id: int) -> Entity | None:
    row = conn.execute(select(*_COMPANY).where(companies.c.id == company_id)).first()
    if row is None:
        return None
    theirs = select(company_deals.c.deal_id).where(company_deals.c.company_id == company_id)
    of_deals = select(deals.c.contact_id).where(deals.c.id.in_(theirs))
    people = select(*(contacts.c[f.name] for f in fields(Contact))).where(contacts.c.id.in_(of_deals))
    newest = list(conn.execute(theirs.order_by(company_deals.c.deal_id.desc()).limit(50)).scalars())
    return Entity(Company(*row), [Contact(*one) for one in conn.execute(people.order_by(contacts.c.id))], newest)


def of_deals(conn: Connection, wanted: Sequence[int]) -> dict[int, Company]:
    """By deal."""
    joined = select(company_deals.c.deal_id, *_COMPANY).join(companies, companies.c.id == company_deals.c.company_id)
    return {row[0]: Company(*row[1:]) for row in conn.execute(joined.where(company_deals.c.deal_id.in_(wanted)))}


def correct(conn: Connection, company_id: int, name: str | None, tax_id: str | None) -> bool:
    """Write what is otherwise than it was told; False: there is none. `Taken`: the number is another company's."""
    values: dict[str, Any] = {}
    if name is not None:
        values |= {"name": name, "key": key_of(name)}
    if tax_id is not None:
        values["tax_id"] = tax_id_of(tax_id)
        other = select(companies.c.id).where(companies.c.tax_id == values["tax_id"], companies.c.id != company_id)
        if values["tax_id"] and (taken := conn.execute(other).scalar()) is not None:
            raise Taken(taken)
    changed = update(companies).where(companies.c.id == company_id).values(**values)
    return conn.execute(changed.returning(companies.c.id)).scalar() is not None
