"""Reports of the business over the API and on the command line: who sees what, links that lead on, tables for spreadsheets."""

import asyncio
import csv
import io
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands import reporting
from gateway.reports import REPORTS, Asked, Line, Report
from gateway.reports.funnels import hint
from gateway.reports.sheet import as_csv, line_key, line_name
from gateway.spreadsheets import BOM
from tests.api.conftest import Shop, both_databases

NAMES = sorted(REPORTS)


async def crowd(shop: Shop) -> list[int]:
    """Four inquiries: one is answered and won, one is lost, one waits for a person, one talks to the bot."""
    deals = [(await shop.deal(f"c{n}"))["id"] for n in range(4)]
    await shop.say("позовите менеджера", "c0")
    await shop.say("позовите менеджера", "c2")
    shop.clock.advance(600_000)
    for deal, act, body in (
        (deals[0], "messages", {"text": "Добрый день", "client_id": "m1"}),
        (deals[0], "move", {"stage": "won", "fields": {"total": 150_000, "paid": "yes"}}),
        (deals[1], "move", {"stage": "lost", "reason": "price"}),
    ):
        status, answer = await shop.call("POST", f"/deals/{deal}/{act}", json=body)
        assert status < 300, answer
    return deals


def line(found: Any, **key: Any) -> Any:
    return next(one for one in found["lines"] if one["key"] == key)


@both_databases
async def test_the_link_of_each_number_leads_to_so_many_deals(shop: Shop) -> None:
    deals = await crowd(shop)
    looked_at = 0
    for name in NAMES:
        for way in REPORTS[name]:
            found = await shop.get(f"/reports/{name}", params={"by": way} if way else {})
            units = {one["name"]: one["unit"] for one in found["columns"]}
            assert found["formula"]
            for one in found["lines"]:
                assert set(one["values"]) == set(units)
                for number, at in one["rows"].items():
                    if units[number] == "count" and one["values"][number]:
                        rows = await shop.get(at.removeprefix("/api/v1"))
                        assert len(rows["items"]) == one["values"][number], (name, way, one["key"], number)
                        looked_at += 1
    assert looked_at > 40
    stage = line(await shop.get("/reports/conversion"), funnel="retail", stage="won")
    assert (stage["values"]["reached"], stage["values"]["of_all"]) == (1, 25.0)
    rows = await shop.get(stage["rows"]["of_all"].removeprefix("/api/v1"))
    assert [row["deal"] for row in rows["items"]] == deals[:1]
    (bot,) = (await shop.get("/reports/bots"))["lines"]
    assert {name: bot["values"][name] for name in ("runs", "deals", "won", "paid", "paid_sum")} == {
        "runs": 4, "deals": 4, "won": 1, "paid": 1, "paid_sum": 150_000,
    }  # fmt: skip
    answers = line(await shop.get("/reports/answers?by=channel"), channel="web")["values"]
    assert (answers["waits"], answers["answered"], answers["waiting"], answers["calendar_median_s"]) == (2, 1, 1, 600.0)


async def test_rows_come_in_pages_and_a_cursor_is_good_for_its_own_number_only(shop: Shop) -> None:
    deals = await crowd(shop)
    at = line(await shop.get("/reports/conversion"), funnel="retail", stage="left_request")["rows"]["came"]
    at = at.removeprefix("/api/v1")
    first = await shop.get(f"{at}&limit=3")
    second = await shop.get(f"{at}&limit=3&cursor={first['next']}")
    assert [row["deal"] for row in (*first["items"], *second["items"])] == deals[::-1]
    assert second["next"] is None
    other = at.replace("what=came", "what=reached")
    status, refused = await shop.call("GET", f"{other}&cursor={first['next']}")
    assert (status, refused["error"]["field"]) == (422, "cursor")


async def test_each_role_sees_its_reports(shop: Shop) -> None:
    await crowd(shop)
    allowed = {
        "head": set(NAMES), "admin": set(NAMES), "manager": {"workload"}, "marketer": {"conversion", "leads", "bots"},
    }  # fmt: skip
    for role, names in allowed.items():
        token = shop.token(role)
        seen = {name for name in NAMES if (await shop.call("GET", f"/reports/{name}", token))[0] == 200}
        assert seen == names, role


async def test_a_marketer_sees_numbers_and_no_deals(shop: Shop) -> None:
    await crowd(shop)
    marketer = shop.token("marketer")
    found = await shop.get("/reports/conversion", marketer)
    assert line(found, funnel="retail", stage="won")["values"]["reached"] == 1
    assert all(one["rows"] == {} for one in found["lines"])
    status, _ = await shop.call("GET", "/reports/conversion/rows?what=came&line=retail/won", marketer)
    assert status == 403


async def test_a_manager_sees_their_own_workload_alone(shop: Shop) -> None:
    (deal, *_) = [(await shop.deal(f"c{n}"))["id"] for n in range(2)]
    anna, boris = shop.token("manager", "Анна"), shop.token("manager", "Борис")
    assert (await shop.call("POST", f"/deals/{deal}/take", anna))[0] == 200
    mine = await shop.get("/reports/workload", anna)
    assert [(one["title"], one["values"]["open"]) for one in mine["lines"]] == [("Анна", 1), ("", 1)]
    (number,) = mine["lines"][0]["key"].values()
    theirs = await shop.get("/reports/workload", boris)
    assert [(one["title"], one["values"]["open"]) for one in theirs["lines"]] == [("Борис", 0), ("", 0)]
    assert (await shop.call("GET", f"/reports/workload?manager={number}", boris))[0] == 403
    assert (await shop.get(f"/reports/workload/rows?what=open&line={number}", boris))["items"] == []
    assert len((await shop.get(f"/reports/workload/rows?what=open&line={number}", anna))["items"]) == 1


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("conversion?by=manager", 422, "by"),
        ("losses?by=cohort", 422, "by"),
        ("conversion?from=2025-02-02&to=2025-02-01", 422, "from"),
        ("stages?from=0001-01-01&to=9999-12-31", 200, ""),
        ("conversion?from=0001-01-01&to=0001-01-02&by=snapshot", 200, ""),
        ("sources?channel=%00", 200, ""),
        ("sources?source=%27", 422, "source"),
        ("leads?source=form:vin", 200, ""),
        ("losses?funnel=retial", 422, "funnel"),
        ("losses?funnel=retail&source=call", 200, ""),
        ("sources?manager=you", 422, "manager"),
        ("sources/rows?what=secret", 422, "what"),
        ("conversion/rows?what=came", 422, "line"),
        ("conversion/rows?what=came&line=retail", 422, "line"),
        ("conversion/rows?what=came&line=retail/nowhere", 200, ""),
        ("workload/rows?what=open&line=anna", 200, ""),
        ("sources/rows?what=won_share", 200, ""),
        ("nothing", 404, ""),
    ],
)
async def test_what_cannot_be_asked_is_named(shop: Shop, path: str, status: int, field: str) -> None:
    got, body = await shop.call("GET", f"/reports/{path}")
    assert got == status, body
    if field:
        assert body["error"]["field"] == field


def test_a_line_is_found_again_by_its_name() -> None:
    kind = REPORTS["losses"][""]
    for key in (("retail", "=cmd|' /C calc'!A0"), ("", ""), ("a/b", "~"), ("%2F", "é"), (None, "x")):
        assert line_key(kind, line_name(key)) == key
    assert line_key(kind, "retail") is None
    assert line_key(REPORTS["workload"][""], "7") == (7,)


def test_the_table_opens_in_spreadsheets_and_no_cell_of_it_is_a_formula() -> None:
    kind = REPORTS["losses"][""]
    lines = [
        Line((start + "funnel", start + "reason"), start + "title", {"lost": 1, "share": 5.5, "sum": -3})
        for start in ("=", "+", "-", "@", "\t", "\r")
    ]
    for language, split, sum_, share in (("en", ",", "-0.03", "5.5"), ("uk", ";", "-0,03", "5,5")):
        playbook = SimpleNamespace(language=language)
        asked = Asked(playbook, date(2025, 1, 1), date(2025, 1, 31), None)  # type: ignore[arg-type]  # a table asks only for the language
        text = as_csv(Report(kind, asked, lines))
        assert text.startswith(BOM)
        rows = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), delimiter=split))[1:]
        assert len(rows) == len(lines)
        assert {cell[0] for row in rows for cell in row[2:5]} == {"'"}
        assert {(row[6], row[7]) for row in rows} == {(share, sum_)}


@pytest.mark.parametrize(
    ("language", "split", "head", "every", "told"),
    [
        ("ru", ";", "С По Воронка (код) Название", "Всего", "слабые обращения"),
        ("uk", ";", "З По Воронка (код) Назва", "Усього", "слабкі звернення"),
        ("en", ",", "From To Funnel (code) Title", "Total", "poor leads"),
    ],
)
def test_the_table_has_headings_totals_and_hints_in_the_language_of_the_shop(
    language: str, split: str, head: str, every: str, told: str
) -> None:
    kind = REPORTS["leads"][""]
    numbers = {one.name: 1 for one in kind.columns}
    lines = [Line(("retail",), "Retail", numbers, "bad_leads"), Line((), "", numbers)]
    asked = Asked(SimpleNamespace(language=language), date(2025, 1, 1), date(2025, 1, 31), None)  # type: ignore[arg-type]  # a table asks only for the language
    text = as_csv(Report(kind, asked, lines)).removeprefix(BOM)
    first, retail, total = csv.reader(io.StringIO(text, newline=""), delimiter=split)
    assert " ".join(first[:4]) == head
    assert (retail[-1].split(":")[0], total[3]) == (told, every)
    assert not {*first} & {"from", "to", "title", "hint", *kind.dims, *numbers}


@pytest.mark.parametrize(
    ("opened", "first", "won", "lost_later", "told"),
    [
        (19, 0, 0, 0, ""),
        (100, 4, 0, 0, "bad_leads"),
        (100, 5, 2, 2, ""),
        (100, 30, 5, 20, "bad_selling"),
        (100, 60, 40, 9, ""),
    ],
)
def test_few_past_the_first_step_are_bad_leads_and_losses_later_are_bad_selling(
    opened: int, first: int, won: int, lost_later: int, told: str
) -> None:
    assert hint({"opened": opened, "first": first, "won": won, "lost_later": lost_later}) == told


@both_databases
async def test_the_command_and_the_table_say_what_the_api_says(shop: Shop, database_url: str, tmp_path: Path) -> None:
    await crowd(shop)
    found = await shop.get("/reports/sources")
    headers = {"Authorization": "Bearer the-settings-token-of-this-shop"}
    async with shop.http.get(shop.url + found["csv"], headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/csv")
        assert ".csv" in response.headers["Content-Disposition"]
        table = (await response.read()).decode()
    settings = {"PARLEY_DATABASE_URL": database_url, "PARLEY_DATA_DIR": str(tmp_path)}
    period = ["--from", found["from"], "--to", found["to"]]

    def run(*words: str) -> Any:
        return CliRunner().invoke(reporting.command, [*words], env=settings)

    file = tmp_path / "sources.csv"
    ran = await asyncio.to_thread(run, "sources", *period, "--csv", str(file))
    assert ran.exit_code == 0, ran.output
    assert file.read_bytes().decode() == table
    rows = list(csv.DictReader(io.StringIO(table.removeprefix(BOM)), delimiter=";"))
    assert [int(row["Новые сделки"]) for row in rows] == [one["values"]["opened"] for one in found["lines"]] == [4, 4]
    ran = await asyncio.to_thread(run, "conversion", "--by", "cohort", *period)
    assert "Розница: Выдан" in ran.output
    assert (await asyncio.to_thread(run, "losses", "--by", "cohort")).exit_code == 2
    slip = await asyncio.to_thread(run, "losses", "--funnel", "retial")
    assert (slip.exit_code, "Did you mean 'retail'?" in slip.output) == (2, True), slip.output
    nowhere = await asyncio.to_thread(run, "leads", "--csv", str(tmp_path / "gone" / "leads.csv"))
    assert (nowhere.exit_code, type(nowhere.exception)) == (1, SystemExit), nowhere.output
    assert "leads.csv: No such file or directory" in nowhere.output
