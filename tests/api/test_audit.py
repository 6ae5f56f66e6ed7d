"""The audit over the API: who sees what, what they may say of it, and tables without formulas."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bots.kit.checks import Check
from bots.kit.conditions import Test as Condition
from gateway.auditor import Auditor
from gateway.commands import audit as audit_command
from gateway.playbooks import read_house
from state.database import Database
from tests.api.conftest import ADMIN, Shop, both_databases
from tests.test_spreadsheets import cells, titles

EVERY = Check("every", "Без города", "normal", "missing", missing=("city",))
LOUD = Check("loud", "=Громко", "critical", "deal", tests=(Condition("name", "not empty"),))


@pytest.fixture
async def audited(shop: Shop) -> Shop:
    """A shop in which every deal lacks its city; one deal is Anna's, one Boris', one nobody's."""
    checks = {LOUD.name: LOUD, EVERY.name: EVERY}
    shop.ctx.house.playbook = replace(shop.ctx.house.playbook, checks=checks)
    return shop


async def run(shop: Shop, token: str = ADMIN, **body: Any) -> dict[str, Any]:
    status, asked = await shop.call("POST", "/audit/runs", token, json=body)
    assert (status, asked["state"]) == (202, "waiting")
    auditor = Auditor(shop.ctx.db, shop.ctx.house, shop.ctx.live, shop.clock)
    assert await auditor.once() is not None
    return await shop.get(f"/audit/runs/{asked['id']}")


async def raw(shop: Shop, path: str, token: str) -> tuple[int, bytes, str]:
    headers = {"Authorization": f"Bearer {token}"}
    async with shop.http.get(f"{shop.url}/api/v1{path}", headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers["Content-Type"]


async def with_deals(shop: Shop) -> tuple[str, str]:
    """Tokens of Anna and Boris, who have a deal each; a third is nobody's."""
    tokens = shop.token(name="=Анна"), shop.token(name="Борис")
    for who, token, name in (("ivan", tokens[0], "@Иван"), ("petr", tokens[1], "+7 Пётр"), ("olga", "", "Ольга")):
        deal = await shop.deal(who, name=name)
        if token:
            assert (await shop.call("POST", f"/deals/{deal['id']}/take", token))[0] == 200
    return tokens


@both_databases
async def test_managers_see_what_is_theirs_and_heads_see_everything(audited: Shop):
    anna, boris = await with_deals(audited)
    ended = await run(audited)
    assert (ended["state"], ended["looked_at"], ended["scheduled"]) == ("done", 3, False)
    everything = (await audited.get("/audit/findings"))["items"]
    assert [one["severity"] for one in everything] == ["critical"] * 3 + ["normal"] * 3
    hers = (await audited.get("/audit/findings", anna))["items"]
    assert {one["manager"]["name"] for one in hers} == {"=Анна"}
    assert len(hers) == 2
    me = (await audited.get("/me", boris))["id"]
    assert (await audited.call("GET", f"/audit/findings?manager={me}", anna))[0] == 404
    assert len((await audited.get(f"/audit/findings?manager={me}"))["items"]) == 2
    assert [one["manager"] for one in (await audited.get("/audit/findings?manager=none&check=every"))["items"]] == [
        None
    ]
    assert (await audited.call("POST", f"/audit/findings/{hers[0]['id']}", boris, json={"status": "fixed"}))[0] == 404
    counted = {one["name"]: one["not_handled"] for one in (await audited.get("/audit/checks", anna))["items"]}
    assert counted == {"loud": 1, "every": 1}


async def test_only_heads_start_an_audit_and_one_at_a_time(audited: Shop):
    assert (await audited.call("POST", "/audit/runs", audited.token(), json={}))[0] == 403
    assert (await audited.call("POST", "/audit/runs", json={"checks": ["nothing"]}))[0] == 422
    head = audited.token("head")
    assert (await audited.call("POST", "/audit/runs", head, json={"checks": ["every"]}))[0] == 202
    status, refused = await audited.call("POST", "/audit/runs", head, json={})
    assert (status, refused["error"]["code"]) == (409, "under_way")
    assert refused["error"]["current"]["checks"] == ["every"]


async def test_pages_hold_each_finding_once(audited: Shop):
    await with_deals(audited)
    await run(audited)
    seen, path = [], "/audit/findings?limit=2"
    cursor = ""
    for _ in range(4):
        page = await audited.get(path + (f"&cursor={cursor}" if cursor else ""))
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"] or ""
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 6


@both_databases
async def test_what_cannot_be_fixed_needs_a_reason_and_a_head_who_agrees(audited: Shop):
    anna, _ = await with_deals(audited)
    head = audited.token("head")
    await run(audited)
    one = (await audited.get("/audit/findings?check=every", anna))["items"][0]
    path = f"/audit/findings/{one['id']}"
    status, refused = await audited.call("POST", path, anna, json={"status": "cannot_fix", "reason": "  "})
    assert (status, refused["error"]["field"]) == (422, "reason")
    status, said = await audited.call("POST", path, anna, json={"status": "cannot_fix", "reason": "Не говорит"})
    assert (status, said["status"], said["confirmed"]) == (200, "cannot_fix", False)
    status, agreed = await audited.call("POST", path, head, json={"status": "cannot_fix"})
    assert (status, agreed["reason"], agreed["confirmed"]) == (200, "Не говорит", True)
    status, again = await audited.call("POST", path, anna, json={"status": "cannot_fix", "reason": "Другое"})
    assert (status, again["confirmed"]) == (200, False)
    status, no = await audited.call("POST", path, head, json={"status": "not_handled"})
    assert (status, no["status"], no["reason"], no["confirmed"]) == (200, "not_handled", "", False)


@both_databases
async def test_whoever_says_fixed_and_has_not_stands_out(audited: Shop):
    anna, boris = await with_deals(audited)
    await run(audited)
    for token, n in ((anna, 2), (boris, 1)):
        for _ in range(n):
            audited.clock.advance(60_000)
            one = (await audited.get("/audit/findings?check=every", token))["items"][0]
            await audited.call("POST", f"/audit/findings/{one['id']}", token, json={"status": "fixed"})
            audited.clock.advance(60_000)
            await run(audited)
    trend = await audited.get("/audit/trend")
    assert [len(trend["runs"]), trend["checks"][0]["check"]] == [4, "every"]
    every = next(one for one in trend["checks"] if one["check"] == "every")
    assert (every["found"], every["fresh"], every["repeats"]) == ([3, 3, 3, 3], [3, 0, 0, 0], [0, 1, 1, 1])
    assert [(one["manager"]["name"], one["repeats"], one["found"]) for one in trend["offenders"]] == [
        ("=Анна", 2, 1), ("Борис", 1, 1),
    ]  # fmt: skip
    hers = await audited.get("/audit/trend", anna)
    assert [one["manager"]["name"] for one in hers["managers"]] == ["=Анна"]
    assert [one["repeats"] for one in hers["offenders"]] == [2]


async def test_what_is_gone_can_not_be_settled_any_more(audited: Shop):
    anna, _ = await with_deals(audited)
    await run(audited)
    one = (await audited.get("/audit/findings?check=every", anna))["items"][0]
    await audited.call("PATCH", f"/deals/{one['deal']}", anna, json={"fields": {"city": "Тверь"}})
    await run(audited)
    status, refused = await audited.call("POST", f"/audit/findings/{one['id']}", anna, json={"status": "fixed"})
    assert (status, refused["error"]["code"], refused["error"]["current"]["status"]) == (409, "gone", "fixed")
    gone = (await audited.get("/audit/findings?gone=true", anna))["items"]
    assert [(it["id"], it["status"]) for it in gone] == [(one["id"], "fixed")]


@both_databases
async def test_the_workbook_has_a_sheet_for_each_check_and_nothing_that_begins_like_a_formula(
    audited: Shop, tmp_path: Path
):
    anna, _ = await with_deals(audited)
    await audited.call("PATCH", "/deals/1", anna, json={"fields": {"total": 123_450}})
    await run(audited)
    file = tmp_path / "audit.xlsx"
    status, body, kind = await raw(audited, "/audit/export.xlsx", ADMIN)
    assert (status, kind) == (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    file.write_bytes(body)
    assert titles(file) == ["=Громко", "Без города"]
    head, *rows = cells(file, 2)
    assert head == ["Менеджер", "Клиент", "Сумма", "Этап", "Что не так", "С какого времени"]
    assert sorted(row[:2] for row in rows) == [
        ["'=Анна", "'@Иван"],
        ["Без ответственного", "Ольга"],
        ["Борис", "'+7 Пётр"],
    ]
    assert next(row for row in rows if row[0] == "'=Анна")[2] == "1234.5"
    file.write_bytes((await raw(audited, "/audit/export.xlsx", anna))[1])
    assert [row[0] for row in cells(file, 2)[1:]] == ["'=Анна"]


async def test_one_check_comes_as_a_table_that_excel_reads_as_utf8(audited: Shop):
    anna, _ = await with_deals(audited)
    await run(audited)
    status, body, kind = await raw(audited, "/audit/export.csv?check=loud", anna)
    assert (status, kind) == (200, "text/csv; charset=utf-8")
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2
    assert rows[1][:2] == ["'=Анна", "'@Иван"]
    assert rows[1][4] == "'=Громко"
    assert (await raw(audited, "/audit/export.csv?check=nothing", anna))[0] == 422


def test_the_command_looks_through_the_shop_and_writes_a_workbook(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "parley.db").write_bytes(migrated_file.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(audit_command.command, ["--export", "all.xlsx"])
    assert done.exit_code == 0, done.output
    assert "looked at 0 deals" in done.output
    assert len(titles(tmp_path / "all.xlsx")) == len(read_house("autoparts").playbook.checks)
    done = CliRunner().invoke(
        audit_command.command, ["--check", "orphan", "--check", "unanswered", "--export", "two.xlsx"]
    )
    assert (done.exit_code, len(titles(tmp_path / "two.xlsx"))) == (0, 2)
    done = CliRunner().invoke(audit_command.command, ["--check", "orphan", "--export", "one.csv"])
    assert done.exit_code == 0
    assert (tmp_path / "one.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "playbook.yaml").write_text(
        "funnels: {f: {stages: {a: A}, won: W, lost: L}}\nchecks: {old: {title: Давно, older: 9d}}\n", encoding="utf-8"
    )
    done = CliRunner().invoke(audit_command.command, ["--playbook", str(tmp_path / "own"), "--check", "old"])
    assert done.exit_code == 0, done.output
    assert "old: Давно" in done.output
    for wrong in (["--check", "nothing"], ["--check", "old"], ["--export", "a.csv"], ["--export", "a.pdf"]):
        assert CliRunner().invoke(audit_command.command, wrong).exit_code == 2
    nowhere = CliRunner().invoke(audit_command.command, ["--export", "gone/all.xlsx"])
    assert (nowhere.exit_code, type(nowhere.exception)) == (1, SystemExit), nowhere.output
    assert "gone/all.xlsx: No such file or directory" in nowhere.output
    assert "looked at" not in nowhere.output  # it is known before the work
    db = Database(f"sqlite:///{tmp_path / 'parley.db'}")
    with db.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE audit_runs SET state = 'running', touched_at = 99999999999999 WHERE id = 1")
    db.engine.dispose()
    busy = CliRunner().invoke(audit_command.command, [])
    assert (busy.exit_code, "another audit" in busy.output) == (1, True)


async def test_a_check_that_there_is_not_is_a_slip_and_one_that_was_is_not(audited: Shop):
    for path in ("/audit/findings?check=evry", "/audit/trend?check=evry"):
        status, refused = await audited.call("GET", path)
        assert (status, refused["error"]["field"]) == (422, "check")
        assert "Did you mean 'every'?" in refused["error"]["message"]
    await with_deals(audited)
    await run(audited)
    house = audited.ctx.house
    house.playbook = replace(house.playbook, checks={})
    assert len((await audited.get("/audit/findings?check=every"))["items"]) > 0
