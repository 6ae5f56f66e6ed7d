"""A small shop whose playbook has every kind of check, and an auditor for it."""

from collections.abc import Sequence
from typing import Any

from bots.kit.playbook import load_playbook
from gateway.auditor import Auditor
from gateway.clock import SetClock
from gateway.house import House
from state import audits, people, staff
from state.audits import AuditRun
from state.database import Connection, Database
from state.live import LocalLive
from tests.shop import ANNA, BORIS, MONDAY_NOON, PaperChannel, Shop

TEXT = """
playbook: Магазин
language: ru
zone: Europe/Moscow
hours: {week: {mon-fri: 10:00-19:00}}
fields: {city: Город, budget: {title: Бюджет, kind: money}, ship_on: {title: Отправить, kind: date}}
idle: 3d
funnels:
  retail:
    title: Розница
    stages:
      new: Новая
      talking: Разговор
      offer: {title: Предложение, age: 2h working, required: [budget]}
    won: Продано
    lost: Не продано
  mail: {title: Почта, stages: {sent: Отправлено}, won: Да, lost: Нет}
reasons: {price: Дорого}
checks:
  no_city: {title: "=Нет города", missing: [city], stages: [offer]}
  big: {title: Крупная сделка, what: deal, severity: critical, if: {budget: {over: 100000}}, older: 1d}
  calls: {title: Давно не звонили, what: task, kind: call, older: 3d}
  unreachable: {title: Без телефона и почты, what: contact, if: {phone: empty, email: empty}}
  refunds: {title: Возврат после продажи, what: deal, state: won, within: 7d, if: {tags: возврат}}
  not_sent: {title: День отправки прошёл, what: deal, at: ship_on, if: {tags: {has not: отправлено}}}
  not_sent_long: {title: Давно не отправлено, what: deal, at: ship_on, older: 2d}
audit: {every: 1d, at: 8:00}
"""


def house(text: str = TEXT) -> House:
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None, problems
    return House(playbook, {})


async def open_shop(url: str, text: str = TEXT) -> Shop:
    """Anna and Boris work here."""
    shop = Shop(Database(url), house(text), SetClock(MONDAY_NOON), {"telegram:100": PaperChannel()})

    def hire(conn: Connection) -> None:
        for one in (ANNA, BORIS):
            staff.add_member(conn, one, (), "", 0, MONDAY_NOON)

    await shop.db.write(hire)
    return shop


def auditor(shop: Shop) -> Auditor:
    return Auditor(shop.db, shop.house, LocalLive(), shop.clock)


async def audit(shop: Shop, checks: Sequence[str] = ()) -> AuditRun:
    """A run that somebody has asked for, to its end."""
    now = shop.clock.now()

    def begin(conn: Connection) -> AuditRun | None:
        assert audits.ask(conn, shop.db.ids, now, checks=checks, by=ANNA.id)
        return audits.take(conn, now)

    run = await shop.db.write(begin)
    assert run is not None
    ended = await auditor(shop).work(run)
    assert ended is not None
    return ended


async def found(shop: Shop, status: str = "not_handled") -> list[tuple[str, int | None]]:
    """(check, deal) of what is there, in the order of ids."""
    rows = await shop.all("findings")
    return [(row["check_name"], row["deal_id"]) for row in rows if row["gone_at"] is None and row["status"] == status]


async def row(shop: Shop, check: str) -> dict[str, Any]:
    return next(one for one in await shop.all("findings") if one["check_name"] == check)


async def leave(shop: Shop, person: int) -> None:
    await shop.db.write(lambda c: people.deactivate(c, person, shop.clock.now()))
