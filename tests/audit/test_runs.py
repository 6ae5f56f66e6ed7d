"""Runs of the audit: what becomes of findings from one to the next, once a period, by one process; on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bots.kit.checks import AuditPlan
from gateway.audit import worth
from gateway.auditor import Auditor, period_of
from state import audits, findings
from state.audits import LEASE_MS
from state.database import Connection, Database
from state.findings import Seen
from state.live import LocalLive
from tests.audit.shops import audit, auditor, found, house, open_shop, row
from tests.shop import ANNA, Shop

MINUTE = 60_000
DAY = 86_400_000


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = await open_shop(database_url)
    yield made
    await made.db.close()


async def unreachable(shop: Shop) -> int:
    """One finding, and how to mend it: `reach`."""
    await shop.write("Здравствуйте")
    await audit(shop, ["unreachable"])
    return (await row(shop, "unreachable"))["id"]


async def reach(shop: Shop) -> None:
    await shop.write("Мой номер", phone="+79000000001")


async def settle(shop: Shop, finding: int, status: str, reason: str = "", *, confirmed: bool = False) -> bool:
    now = shop.clock.advance(MINUTE)
    done = await shop.db.write(
        lambda c: findings.settle(c, finding, status, reason, ANNA.id, now, confirmed=confirmed)  # type: ignore[arg-type]
    )
    shop.clock.advance(MINUTE)
    return done


async def test_what_is_found_again_is_the_same_finding(shop: Shop):
    first = await unreachable(shop)
    shop.clock.advance(DAY)
    await audit(shop, ["unreachable"])
    again = await row(shop, "unreachable")
    assert (again["id"], again["repeats"], len(await shop.all("findings"))) == (first, 0, 1)


async def test_what_was_said_to_be_fixed_and_is_still_there_comes_back_and_counts(shop: Shop):
    finding = await unreachable(shop)
    assert await settle(shop, finding, "fixed")
    assert await found(shop) == []
    run = await audit(shop, ["unreachable"])
    one = await row(shop, "unreachable")
    assert (one["status"], one["repeats"], one["settled_at"], one["gone_at"]) == ("not_handled", 1, None, None)
    assert [t.repeats for t in await shop.db.read(lambda c: findings.tallies(c, [run.id]))] == [1]


async def test_what_is_mended_is_gone_and_fixed_also_where_nobody_has_said_so(shop: Shop):
    await unreachable(shop)
    await reach(shop)
    run = await audit(shop, ["unreachable"])
    one = await row(shop, "unreachable")
    assert (one["status"], one["settled_by"], one["gone_at"] is not None) == ("fixed", None, True)
    assert [(t.found, t.fixed) for t in await shop.db.read(lambda c: findings.tallies(c, [run.id]))] == [(0, 1)]
    assert not await settle(shop, one["id"], "cannot_fix", "уже нет")


async def test_what_cannot_be_fixed_stays_so_until_it_is_gone(shop: Shop):
    finding = await unreachable(shop)
    await settle(shop, finding, "cannot_fix", "Клиент не говорит номер", confirmed=True)
    run = await audit(shop, ["unreachable"])
    one = await row(shop, "unreachable")
    assert (one["status"], one["reason"], one["repeats"]) == ("cannot_fix", "Клиент не говорит номер", 0)
    assert [(t.found, t.excused) for t in await shop.db.read(lambda c: findings.tallies(c, [run.id]))] == [(1, 1)]
    await reach(shop)
    await audit(shop, ["unreachable"])
    assert (await row(shop, "unreachable"))["status"] == "fixed"


async def test_what_was_gone_and_is_there_again_counts_as_a_repeat(shop: Shop):
    await shop.write("Вопрос")
    shop.clock.advance(DAY)
    await audit(shop, ["unanswered"])
    rows = (await shop.all("findings"))[0]
    seen = Seen(*(rows[name] for name in Seen.__dataclass_fields__))
    await _empty_run(shop)
    assert (await row(shop, "unanswered"))["gone_at"] is not None
    await audit(shop, ["unanswered"])
    one = await row(shop, "unanswered")
    assert (one["id"], one["repeats"], one["gone_at"], one["key"]) == (rows["id"], 1, None, seen.key)


async def _empty_run(shop: Shop) -> None:
    """A run that finds nothing."""
    now = shop.clock.now()

    def job(conn: Connection) -> None:
        assert audits.ask(conn, shop.db.ids, now)
        run = audits.take(conn, now)
        assert run is not None
        findings.retire(conn, run.id, [], now)
        findings.finish(conn, run.id, now)

    await shop.db.write(job)


async def test_what_somebody_says_while_a_run_is_under_way_stands(shop: Shop):
    finding = await unreachable(shop)
    rows = await row(shop, "unreachable")
    seen = Seen(*(rows[name] for name in Seen.__dataclass_fields__))
    read_at = shop.clock.now()
    run = await _begun(shop)
    await settle(shop, finding, "fixed")
    assert await shop.db.write(lambda c: findings.note(c, shop.db.ids, run, [seen], read_at))
    assert (await row(shop, "unreachable"))["status"] == "fixed"


async def _begun(shop: Shop) -> int:
    now = shop.clock.now()

    def job(conn: Connection) -> int:
        assert audits.ask(conn, shop.db.ids, now)
        run = audits.take(conn, now)
        assert run is not None
        return run.id

    return await shop.db.write(job)


async def test_a_run_of_some_checks_leaves_the_findings_of_others_alone(shop: Shop):
    await unreachable(shop)
    await reach(shop)
    await audit(shop, ["orphan", "big"])
    assert [check for check, _ in await found(shop)] == ["unreachable"]
    await audit(shop)
    assert "unreachable" not in [check for check, _ in await found(shop)]


async def test_a_check_that_the_playbook_has_no_more_leaves_nothing_behind(shop: Shop):
    await unreachable(shop)
    checks = {name: one for name, one in shop.house.playbook.checks.items() if name != "unreachable"}
    shop.house.playbook = replace(shop.house.playbook, checks=checks)
    await audit(shop)
    assert "unreachable" not in [check for check, _ in await found(shop)]


async def test_more_pages_than_one_are_looked_through(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.auditor.PAGE", 2)
    monkeypatch.setattr("gateway.auditor._NOTED", 1)
    monkeypatch.setattr("state.findings._AT_ONCE", 1)
    for who in "12345":
        await shop.write("Здравствуйте", who)
    run = await audit(shop, ["unreachable"])
    assert (run.looked_at, len(await found(shop))) == (5, 5)
    for who in "1234":
        await shop.write("Мой номер", who, phone=f"+7900000000{who}")
    await audit(shop, ["unreachable"])
    assert len(await found(shop)) == 1


# -- when, and who -----------------------------------------------------------------------------------------------------


async def test_each_period_has_one_run_however_many_processes_look(shop: Shop):
    two = Database(shop.db.url)
    other = Auditor(two, house(), LocalLive(), shop.clock)
    one = auditor(shop)
    runs = [await one.once(), await other.once(), await one.once()]
    assert [run.state if run else None for run in runs] == ["done", None, None]
    shop.clock.advance(DAY)
    runs = [await other.once(), await one.once(), await other.once()]
    assert [run.state if run else None for run in runs] == ["done", None, None]
    assert [run["period"] for run in await shop.all("audit_runs")] == ["1d:2025-11-24", "1d:2025-11-25"]
    await two.close()


async def test_a_run_whose_process_died_is_done_by_another_and_the_dead_one_writes_nothing_more(shop: Shop):
    shop.clock.advance(-DAY)
    dead = auditor(shop)
    await dead._plan()
    now = shop.clock.now()
    run = await shop.db.write(lambda c: audits.take(c, now))
    assert run is not None
    assert run.period
    other = auditor(shop)
    assert await other.once() is None, "it is not yet known to be dead"
    shop.clock.advance(LEASE_MS + MINUTE)
    assert await other.once() is None, "it makes way"
    again = await other.once()
    assert again is not None
    assert (again.period, again.id != run.id) == (run.period, True)
    assert await dead.work(run) is None
    states = {one["id"]: one["state"] for one in await shop.all("audit_runs")}
    assert states == {run.id: "stopped", again.id: "done"}


async def test_one_run_waits_and_one_runs_at_most(shop: Shop):
    await _begun(shop)
    now = shop.clock.now()
    second = await shop.db.write(lambda c: audits.ask(c, shop.db.ids, now))
    assert second is not None
    assert await shop.db.write(lambda c: audits.take(c, now)) is None
    assert await shop.db.write(lambda c: audits.ask(c, shop.db.ids, now)) is None


async def test_a_run_that_fails_gives_its_period_back(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("disk")

    with monkeypatch.context() as patched:
        patched.setattr("state.dossiers.deals_page", broken)
        with pytest.raises(RuntimeError):
            await auditor(shop).once()
    again = await auditor(shop).once()
    assert again is not None
    assert again.state == "done"


MOSCOW = "Europe/Moscow"
NINE_IN_MOSCOW = 1_764_568_800_000
"""2025-12-01, 9:00: a Monday."""


@pytest.mark.parametrize(
    ("plan", "now", "period"),
    [
        (AuditPlan(1, 480), NINE_IN_MOSCOW, "1d:2025-12-01"),
        (AuditPlan(1, 600), NINE_IN_MOSCOW, ""),
        (AuditPlan(1, 480), NINE_IN_MOSCOW + 20 * 3_600_000, ""),
        (AuditPlan(0, 480), NINE_IN_MOSCOW, "2025-12"),
        (AuditPlan(0, 600), NINE_IN_MOSCOW, ""),
        (AuditPlan(0, 600), NINE_IN_MOSCOW + 5 * DAY, "2025-12"),
        (AuditPlan(0, 480), NINE_IN_MOSCOW + 31 * DAY, "2026-01"),
        (AuditPlan(7, 480), NINE_IN_MOSCOW, period_of(AuditPlan(7, 480), MOSCOW, NINE_IN_MOSCOW + DAY)),
    ],
)
def test_a_period_begins_at_its_hour_of_the_shops_clock(plan: AuditPlan, now: int, period: str):
    assert period_of(plan, MOSCOW, now) == period


def test_a_stretch_of_days_is_one_period_in_seven():
    plan = AuditPlan(7, 0)
    names = [period_of(plan, MOSCOW, NINE_IN_MOSCOW + n * DAY) for n in range(70)]
    assert len(set(names)) in (10, 11)


async def test_nothing_runs_by_itself_where_the_playbook_does_not_say_so(shop: Shop):
    shop.house.playbook = replace(shop.house.playbook, audit=None)
    assert await auditor(shop).once() is None


def test_a_deal_is_worth_what_reports_count_else_the_first_money_that_is_filled():
    assert worth({"total": 123_450, "budget": 5}, "", ["budget"]) == 123_450
    assert worth({"total": 123_450, "budget": 5}, "budget", ["budget"]) == 5
    assert worth({"total": "", "budget": 350_000}, "", ["advance", "budget"]) == 350_000
    assert worth({"budget": "много", "sum": "1 500,5"}, "", ["budget"]) == 150_050
    assert worth({}, "", ["budget"]) is None
