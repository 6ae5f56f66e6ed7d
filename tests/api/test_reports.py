"""The report on a script over the API and on the command line: counts that can be followed to their deals."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands import numbers as numbers_command
from gateway.numbers import _worth, instants, period
from gateway.spreadsheets import safe
from tests.api.conftest import MORNING, Shop, both_databases

REPORT = "/reports/scripts/qualifier"
DAY = 86_400_000


async def crowd(shop: Shop) -> list[dict[str, Any]]:
    """Four customers: one writes on, one asks for a person, one is taken over, one waits; the first one buys."""
    deals = [await shop.deal(f"c{n}") for n in range(4)]
    shop.clock.advance(60_000)
    await shop.say("1", "c0")
    await shop.say("позовите менеджера", "c1")
    for deal, body in ((deals[2], None), (deals[0], {"stage": "won", "fields": {"sum": "1 500,50"}})):
        path = f"/deals/{deal['id']}/" + ("move" if body else "take")
        status, answer = await shop.call("POST", path, json=body or {})
        assert status == 200, answer
    return deals


@both_databases
async def test_each_number_of_the_report_leads_to_its_deals(shop: Shop) -> None:
    deals = [deal["id"] for deal in await crowd(shop)]
    found = await shop.get(REPORT)
    assert found["total"] | {"sum": 0} == {
        "runs": 4, "running": 1, "finished": 0, "handed_off": 1, "timed_out": 0, "stopped": 2, "won": 1, "sum": 0, "customers": 4,
        "deals": 4,
    }  # fmt: skip
    assert found["total"]["sum"] == 1_500.5
    first = found["steps"][0]
    assert (first["reached"], first["answered"], first["handed_off"], first["left"], first["waiting"]) == (
        4,
        1,
        1,
        1,
        1,
    )
    assert (first["customers"], first["won"], first["median_s"]) == (4, 1, 60.0)
    for step in found["steps"]:
        results = ("answered", "passed", "misunderstood", "left", "handed_off", "waiting")
        assert step["reached"] == sum(step[what] for what in results)
        for what in results:
            rows = await shop.get(f"{REPORT}/rows", params={"step": step["step"], "what": what})
            assert len(rows["items"]) == step[what]
    behind = {
        what: [row["deal"] for row in (await shop.get(f"{REPORT}/rows?step={first['step']}&what={what}"))["items"]]
        for what in ("answered", "handed_off", "left", "waiting", "won")
    }
    assert behind == {
        "answered": deals[:1],
        "handed_off": deals[1:2],
        "left": deals[2:3],
        "waiting": deals[3:],
        "won": deals[:1],
    }
    for what, n in (("reached", 4), ("won", 1), ("stopped", 2), ("running", 1)):
        assert len((await shop.get(f"{REPORT}/rows?what={what}"))["items"]) == n
    (version,) = found["versions"]
    narrowed = await shop.get(REPORT, params={"version": version["version"][:10], "channel": "web"})
    assert {**narrowed, "from": "", "to": ""} == {**found, "from": "", "to": ""}
    assert (await shop.get(REPORT, params={"channel": "telegram"}))["steps"] == []


async def test_rows_come_in_pages(shop: Shop) -> None:
    await crowd(shop)
    seen, cursor = [], None
    while True:
        page = await shop.get(
            f"{REPORT}/rows", params={"what": "reached", "limit": 3} | ({"cursor": cursor} if cursor else {})
        )
        seen += [row["deal"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        status, refused = await shop.call("GET", f"{REPORT}/rows?what=won&cursor={cursor}")
        assert (status, refused["error"]["field"]) == (422, "cursor")
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 4


async def test_marketers_read_numbers_and_see_no_deals(shop: Shop) -> None:
    await crowd(shop)
    marketer = shop.token("marketer")
    assert (await shop.get(REPORT, marketer))["total"]["runs"] == 4
    assert (await shop.call("GET", f"{REPORT}/rows?what=won", marketer))[0] == 403
    assert (await shop.call("GET", REPORT, shop.token("manager")))[0] == 403
    assert len((await shop.get(f"{REPORT}/rows?what=won", shop.token("head")))["items"]) == 1


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("from=2025-13-01", 422, "from"),
        ("from=1", 422, "from"),
        ("from=2025-02-02&to=2025-02-01", 422, "from"),
        ("from=0001-01-01&to=9999-12-31", 200, ""),
        ("arm=greet", 422, "arm"),
        ("arm=gre%22et:long", 422, "arm"),
        ("version=%25", 200, ""),
        ("channel=%00", 200, ""),
        ("since=2025-01-01", 422, "since"),
    ],
)
async def test_what_cannot_be_asked_is_named(shop: Shop, query: str, status: int, field: str) -> None:
    got, body = await shop.call("GET", f"{REPORT}?{query}")
    assert got == status
    if field:
        assert body["error"]["field"] == field


async def test_a_script_that_nobody_knows_is_not_found_and_one_that_never_ran_is_empty(shop: Shop) -> None:
    assert (await shop.call("GET", "/reports/scripts/nobody"))[0] == 404
    assert (await shop.call("GET", "/reports/scripts/nobody/rows?what=won"))[0] == 404
    assert (await shop.get(REPORT))["total"]["runs"] == 0
    for query in ("what=answered", "step=topic&what=stopped"):
        status, body = await shop.call("GET", f"{REPORT}/rows?{query}")
        assert (status, body["error"]["field"]) == (422, "what")


def test_days_are_the_shops_own() -> None:
    since, until = period(None, None, "Asia/Kamchatka", MORNING)
    assert (until - since).days == 29
    begins, ends = instants(until, until, "Asia/Kamchatka")
    assert begins <= MORNING < ends
    assert ends - begins == DAY
    assert begins % DAY == 12 * 3_600_000


@pytest.mark.parametrize(
    ("kept", "worth"),
    [
        (1500, 1500.0),
        ("1 500,50", 1500.5),
        ("много", 0.0),
        (None, 0.0),
        (True, 0.0),
        ("1e400", 0.0),
        ("nan", 0.0),
        ([5], 0.0),
    ],
)
def test_a_deal_is_worth_what_its_field_says_if_that_is_a_number(kept: object, worth: float) -> None:
    assert _worth(kept) == worth


def test_no_cell_is_a_formula() -> None:
    assert safe(["=1+1", "-2", "@a", "+7", "\tx", "скока", -3, None]) == [
        "'=1+1",
        "'-2",
        "'@a",
        "'+7",
        "'\tx",
        "скока",
        -3,
        None,
    ]


@both_databases
async def test_the_command_says_what_the_api_says(shop: Shop, database_url: str, tmp_path: Path) -> None:
    await crowd(shop)
    found = await shop.get(REPORT)
    settings = {"PARLEY_DATABASE_URL": database_url, "PARLEY_DATA_DIR": str(tmp_path)}
    period_ = ["--from", found["from"], "--to", found["to"]]

    def run(*words: str) -> Any:
        return CliRunner().invoke(numbers_command.command, [*words], env=settings)

    ran = await asyncio.to_thread(run, "qualifier", *period_, "--csv")
    assert ran.exit_code == 0, ran.output
    rows = list(csv.DictReader(io.StringIO(ran.output)))
    assert [(row["step"], int(row["reached"]), int(row["won"])) for row in rows] == [
        (step["step"], step["reached"], step["won"]) for step in found["steps"]
    ]
    ran = await asyncio.to_thread(run, "qualifier", *period_)
    assert "4 of 4 customers" in ran.output
    assert "1 won, 1500.5" in ran.output
    ran = await asyncio.to_thread(run, "nobody")
    assert ran.exit_code == 1
    assert "no bot 'nobody'" in ran.output
    assert (await asyncio.to_thread(run, "qualifier", "--arm", "x")).exit_code == 2
