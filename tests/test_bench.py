"""The benchmark's own parts are right: bodies are read, wrong replies are caught, the figures add up."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bench import audit, month, replay, reports, rows, step
from bench.dialogue import Customer, answer
from bench.generator import Api, Load
from bench.load import generator
from bench.loop import watched
from bench.measure import cpu_s, memory_mb, percentile, tree
from bench.programs import SkipRowError, floor, running, slow_syncs
from bench.report import table, verdicts
from bench.rows import Measured
from bench.stores import Store
from bench.wire import cut, fields
from gateway.reports import REPORTS
from tests.bots.scripts import PROBE, compiled

PACE = rows.Pace(0.1, 0.4, 1, (8,), 0.1)


def test_a_message_is_cut_out_whole_or_not_at_all() -> None:
    whole = b"POST /x HTTP/1.1\r\nHost: a\r\nCONTENT-Length: 3\r\n\r\nabcGET"
    assert [cut(whole[:n]) for n in range(len(whole) - 3)] == [None] * (len(whole) - 3)
    message = cut(whole)
    assert message is not None
    assert (message[0], message[2], whole[message[3] :]) == (b"POST /x HTTP/1.1", b"abc", b"GET")


def test_a_chunked_message_is_cut_out_whole_or_not_at_all() -> None:
    whole = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"
    assert all(cut(whole[:n]) is None for n in range(len(whole)))
    message = cut(whole)
    assert message is not None
    assert message[2:] == (b"abcde", len(whole))


def test_every_customer_is_told_what_the_dialogue_says() -> None:
    customer, gathered = Customer(10_017), None
    for _ in range(9):
        reply, gathered = answer(gathered, customer.says)
        assert reply == customer.expects
        customer.advance()
    assert (customer.round, customer.step) == (2, 1)


@pytest.fixture
async def api() -> AsyncIterator[tuple[Load, str]]:
    load = Load(5, asyncio.get_running_loop())
    server = await asyncio.get_running_loop().create_server(lambda: Api(load), "127.0.0.1", 0)
    yield load, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot1:x/sendMessage"
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("way", ["json", "form", "multipart", "chunked"])
async def test_a_reply_is_understood_however_it_is_posted(api: tuple[Load, str], way: str) -> None:
    load, url = api
    customer = load.customers[10_003]
    customer.posted = 1.0
    load.under_way = 1
    said = {"chat_id": "10003", "text": customer.expects}
    async with aiohttp.ClientSession() as session:
        match way:
            case "json":
                posting = session.post(url, json=said)
            case "form":
                posting = session.post(url, data=said)
            case "multipart":
                with aiohttp.MultipartWriter("form-data") as writer:
                    for name, value in said.items():
                        writer.append(value).set_content_disposition("form-data", name=name)
                posting = session.post(url, data=writer)
            case _:
                posting = session.post(url, json=said, chunked=True)
        async with posting as response:
            assert (await response.json())["result"]["text"] == said["text"]
    assert not load.window.errors
    assert (customer.step, load.under_way) == (1, 0)


async def test_a_wrong_or_uncalled_for_reply_is_an_error(api: tuple[Load, str]) -> None:
    load, url = api
    load.customers[10_001].posted = 1.0
    load.under_way = 1
    async with aiohttp.ClientSession() as session:
        for chat, text in ((10_001, "Кто здесь?"), (10_001, "Ещё раз"), (4, "Никому")):
            async with session.post(url, json={"chat_id": chat, "text": text}) as response:
                assert response.status == 200
    assert load.window.errors == {"wrong text": 1, "unexpected": 2}


def test_a_call_without_a_body_has_the_parameters_of_its_address() -> None:
    assert fields(b"", b"", b"GET /botX/sendMessage?chat_id=5&text=%D0%B4%D0%B0 HTTP/1.1") == {
        "chat_id": "5",
        "text": "да",
    }


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([], 0.99) == 0
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 3.0, 4.0]


def test_a_process_and_its_children_are_measured() -> None:
    busy = "x = bytearray(50_000_000)\nfor _ in range(5_000_000): pass\nprint(flush=True)\nimport time; time.sleep(30)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert cpu_s(process.pid) > 0.03
        assert memory_mb(process.pid) > 50
        for child in tree(process.pid)[1:]:
            os.kill(child, signal.SIGKILL)


def test_the_floor_goes_through_a_whole_row() -> None:
    said: list[str] = []
    row = next(row for row in rows.ROWS if row.name == "floor")
    measured = rows.measure(row, PACE, 300, said.append)
    assert not measured.skipped
    assert measured.runs["@8"]["turns"] > 20
    assert all(not run["errors"] for run in measured.runs.values())
    assert "floor" in table([measured])


def test_half_of_a_rate_is_kept_to() -> None:
    with generator(200) as load, running(floor(), load.api) as started:
        result = load.run(started.hook, rate=100.0, warm_up_s=0.2, seconds=1.0, program=started.pid)
    assert not result["errors"]
    assert 40 < result["turns_per_s"] < 180


def test_a_program_that_refuses_is_not_waited_for_in_silence() -> None:
    with generator(3) as load, running(floor(), load.api) as started:
        result = load.run(started.hook + "/nowhere", in_flight=1, warm_up_s=0.0, seconds=0.3, patience_s=0.5)
    assert result["turns"] == 0
    assert result["errors"]["refused"] >= 2


def test_slow_syncs_are_slow() -> None:
    try:
        assert slow_syncs().endswith(".so")
    except SkipRowError as why:
        pytest.skip(str(why))


def test_goals_are_judged_only_on_what_was_measured() -> None:
    run = {"turns_per_s": 5000.0, "program_us": 200.0, "store_us": 50.0, "errors": {}, "p99_ms": 120.0}
    parley = Measured("parley", "parley", {"@64": run, "half": run})
    floor_row = Measured("floor", "floor", {"@64": run | {"program_us": 50.0, "store_us": 0.0}})
    found = {line.split("  ", 1)[1].strip().split(":")[0]: met for met, line in verdicts([parley, floor_row])}
    assert found["CPU per turn against the floor"] is False
    assert found["p99 at half of saturation"] is False
    assert found["errors in parley's rows"] is True
    assert found["CPU per turn against aiogram in memory"] is None


def test_a_step_of_a_bot_is_measured_by_kind_of_event() -> None:
    steps, whole = step.measure(compiled(PROBE), 2)
    assert {"started", "message gathered", "burst settled", "choice by number"} == set(steps)
    assert sum(map(len, steps.values())) == len(whole) == 2 * len(step.TALK)
    assert all(spent > 0 for kind in steps.values() for spent in kind)


async def test_a_replay_is_measured_on_talks_that_all_part_at_one_step() -> None:
    report, spent = await replay.measure(3)
    assert [(group.step, group.count) for group in report.by_count()] == [("quantity", 3)]
    assert (report.talks, report.unplayable.total()) == (3, 0)
    assert spent > 0


async def test_a_loop_that_stands_still_is_seen() -> None:
    with watched() as watch:
        await asyncio.sleep(0.05)
        before = watch.worst
        time.sleep(0.2)
        await asyncio.sleep(0.01)
    assert watch.worst > max(before, 150)


async def test_every_report_is_measured_on_a_shop_that_fits_todays_tables(database_url: str) -> None:
    reports.fill(database_url, 300)
    found = await reports.measure(Store("", database_url), 1)
    assert set(found) == {f"{name} {way}".strip() for name, ways in REPORTS.items() for way in ways}
    assert all(set(periods) == set(reports.PERIODS) for periods in found.values())
    assert all(one["lines"] and one["rows"] and one["behind_rows"] for one in (p["two years"] for p in found.values()))
    slow = {"s": 1.5, "behind_s": 0.1, "loop_ms": 99.0}
    assert reports.misses("SQLite", {"losses": dict.fromkeys(reports.PERIODS, slow)}) == [
        "MISSED  SQLite, losses, two years: 1.5 s (goal 1)", "MISSED  SQLite, losses, a month: 1.5 s (goal 0.2)",
    ]  # fmt: skip


async def test_an_audit_is_measured_beside_turns_on_a_shop_that_fits_todays_tables(database_url: str) -> None:
    audit.fill(database_url, 40, 5)
    found = await audit.measure(Store("", database_url), 0.1)
    assert set(found) == set(audit.PARTS)
    assert found["first"]["findings"] == found["again"]["findings"] >= 40 // 5
    assert found["alone"]["turns"] > 0
    assert found["first"]["seconds"] > 0


def test_a_month_is_measured_with_its_start_and_missed_when_it_is_dear_or_broken() -> None:
    found = month.measure(1, 3, ["--playbook", "school", "--faults"])
    assert found["holds"] is True
    assert min(found[name] for name in ("cpu_seconds", "events", "turns", "memory_mb", "database_mb")) > 0
    assert month.missed(found) is False
    assert month.missed(found | {"cpu_seconds": month.GOAL_S + 0.1}) is True
    assert month.missed(found | {"holds": False}) is True
    assert month.missed(month.measure(1, 3, ["--playbook", "there is none"])) is True
