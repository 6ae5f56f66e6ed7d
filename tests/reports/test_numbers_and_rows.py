"""Every number of every report is what its rows are, and what a plain count of the tables says; on random shops."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from statistics import fmean, median
from typing import Any

import pytest
from sqlalchemy import insert

from bots.kit.hours import Hours
from gateway.playbooks import read_house
from gateway.reports import REPORTS, Asked, Kind, Line, behind, make
from state import report_tables, tables
from state.database import Database
from state.facts import Narrow

NOW = 1_764_590_000_000
DAY = 86_400_000
SINCE, UNTIL = NOW - 20 * DAY, NOW - DAY
SHOP = replace(read_house("autoparts").playbook, hours=Hours("Europe/Moscow", (((600, 1140),),) * 5 + ((), ())))
RETAIL = [stage.name for stage in SHOP.funnels[0].stages if stage.outcome is None]
MAIL = [stage.name for stage in SHOP.funnels[1].stages if stage.outcome is None]
STAGES = {"retail": RETAIL, "mail": MAIL}


@dataclass
class Rows:
    """A random shop, as its tables hold it."""

    deals: dict[int, dict[str, Any]]
    stays: list[dict[str, Any]]
    waits: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    merges: list[dict[str, Any]]
    channels: dict[int, str]

    def lead(self, deal: int) -> int:
        for merge in self.merges:
            if merge["from_deal_id"] == deal and merge["undone_at"] is None:
                return self.lead(merge["deal_id"])
        return deal

    def before(self, deal: int) -> set[int]:
        """Those that were joined to it, and the one that has led to it."""
        joined = {one["from_deal_id"] for one in self.merges if one["deal_id"] == deal and one["undone_at"] is None}
        why = self.deals[deal]["why"]
        return joined | ({int(why.split()[2])} if why else set())

    def first(self, deal: int) -> dict[str, Any]:
        """The earliest of all that it was made of."""
        found, new = {deal}, {deal}
        while new:
            new = {before for one in new for before in self.before(one)} - found
            found |= new
        return min((self.deals[one] for one in found), key=lambda one: (one["opened_at"], one["id"]))

    def begins(self, deal: dict[str, Any]) -> dict[str, Any]:
        """The lead in whose stead it goes on."""
        lead = self.deals[int(deal["why"].split()[2])] if deal["why"] else deal
        goes_on = lead is not deal and lead["reason"] == "converted" and lead["closed_at"] == deal["opened_at"]
        return self.begins(lead) if goes_on else deal

    def counts(self, deal: dict[str, Any]) -> bool:
        return deal["reason"] not in ("joined", "not_a_customer")


def random_shop(seed: int, many: int = 60) -> Rows:
    rng = Random(seed)
    rows = Rows({}, [], [], [], [], [], {})
    line = 0
    for n in range(1, many + 1):
        funnel = rng.choice(["retail", "retail", "mail"])
        way, opened = STAGES[funnel], NOW - rng.randrange(40 * DAY)
        at, stage = opened, rng.choice(way[:2])
        for _ in range(rng.randrange(5)):
            line += 1
            left, following = at + rng.choice([0, 60_000, rng.randrange(4 * DAY)]), rng.choice(way)
            if left < NOW and following != stage:
                rows.stays.append(
                    {
                        "deal_id": n,
                        "entry_id": line,
                        "stage": stage,
                        "entered_at": at,
                        "left_at": left,
                        "next": following,
                    }
                )
                at, stage = left, following
        outcome, closed, reason = rng.choice(["won", "lost", None]), None, ""
        if outcome:
            line += 1
            closed = min(NOW, at + rng.randrange(2 * DAY))
            rows.stays.append(
                {"deal_id": n, "entry_id": line, "stage": stage, "entered_at": at, "left_at": closed, "next": outcome}
            )
            at, stage = closed, outcome
            reason = (
                rng.choice(["price", "silence", "not_a_customer", "=2+2"])
                if outcome == "lost"
                else rng.choice(["", "converted"])
            )
        joins = outcome is None and n > 1 and rng.random() < 0.4
        if joins:
            undone = rng.random() < 0.4
            rows.merges.append({"id": n, "kind": "deals", "contact_id": n, "deal_id": rng.randrange(1, n), "from_deal_id": n, "batch": "", "why": "",
                                "at": at, "data": {}, "undone_at": NOW if undone else None})  # fmt: skip
            if not undone:
                closed, reason = NOW - 1, "joined"
        fields = {
            "total": rng.choice([100, 250, "много", 10**17, None, 7.5]),
            "paid": rng.choice(["yes", "no", None]),
            "paid_sum": 40,
        }
        rows.channels[n] = rng.choice(["telegram", "whatsapp"])
        waiting = rng.choice([None, NOW - rng.randrange(25 * DAY)]) if closed is None else None
        rows.deals[n] = {
            "id": n, "contact_id": n, "funnel": funnel, "slot": f"{funnel}#{n}", "stage": stage, "title": "", "source": rng.choice(["web", "site", "/a ~%"]),
            "why": "", "tags": [], "fields": fields, "responsible_id": rng.choice([None, 1, 2]), "owner": rng.choice(["pool", "bot", "person"]),
            "epoch": 1, "route_id": rng.choice([n, n, None]), "waiting_since": waiting, "stage_at": at, "opened_at": opened, "closed_at": closed,
            "outcome": outcome, "reason": reason, "version": 1,
        }  # fmt: skip
        led = [one for one in rows.deals.values() if one["reason"] == "converted" or rng.random() < 0.3]
        before = rng.choice(led or [rows.deals[n]])
        if before["id"] != n and rng.random() < 0.4:  # a robot has led from the one to the other
            told = {"contact_id": before["contact_id"], "source": before["source"]}
            rows.deals[n] |= told | {"why": f"opened: deal {before['id']} led to it"}
            if before["reason"] == "converted" and rng.random() < 0.8:
                rows.deals[n]["opened_at"] = before["closed_at"]
        for _ in range(rng.randrange(4)):
            line += 1
            began = opened + rng.randrange(5 * DAY)
            rows.waits.append({"entry_id": line, "deal_id": n, "channel": rows.channels[n], "began_at": began,
                               "ended_at": began + rng.choice([0, rng.randrange(3 * DAY)]), "person_id": rng.choice([None, 0, 1, 2, 3])})  # fmt: skip
            done = rng.random() < 0.5
            rows.tasks.append({"id": line, "deal_id": rng.choice([n, 0]), "contact_id": n, "kind": "call", "text": "", "details": {}, "responsible_id": rng.choice([None, 1, 2]),
                               "due_at": NOW + rng.randrange(-10, 5) * DAY, "state": "done" if done else "open", "result": "", "created_by": "bot", "created_at": opened,
                               "done_at": NOW - rng.randrange(12) * DAY if done else None, "done_by": rng.choice([None, 1, 2]) if done else None})  # fmt: skip
        for _ in range(rng.randrange(3)):
            started = opened + rng.randrange(3 * DAY)
            rows.runs.append({"id": len(rows.runs) + 1, "deal_id": n, "contact_id": n, "bot": rng.choice(["qualifier", "collector"]), "script": rng.choice(["aaa", "bbb"]),
                              "state": {}, "status": rng.choice(["finished", "handed_off", "stopped"]), "started_at": started, "ended_at": started, "reason": ""})  # fmt: skip
    return rows


def store(db: Database, rows: Rows) -> None:
    t, r = tables, report_tables
    people = [
        {"id": n, "name": name, "role": role, "active": int(n != 3), "created_at": 0, "groups": []}
        for n, name, role in (
            (1, "Анна", "manager"),
            (2, "=Борис", "head"),
            (3, "Вера", "manager"),
            (4, "Глеб", "marketer"),
        )
    ]
    identities = [
        {
            "id": n,
            "contact_id": n,
            "channel": channel,
            "account": "1",
            "address": str(n),
            "name": "",
            "barred": "",
            "created_at": 0,
            "key": f"{n}",
        }
        for n, channel in rows.channels.items()
    ]
    for table, found in (
        (t.people, people), (t.identities, identities), (t.deals, list(rows.deals.values())), (r.stays, rows.stays), (r.waits, rows.waits),
        (t.tasks, rows.tasks), (t.runs, rows.runs), (t.merges, rows.merges),
    ):  # fmt: skip
        db.write_now(lambda c, table=table, found=found: c.execute(insert(table), found), "people")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.engine.dispose()


def asked(**narrow: Any) -> Asked:
    return Asked(SHOP, date(2025, 11, 1), date(2025, 11, 30), Narrow(SINCE, UNTIL, NOW, **narrow))


NARROWED = ({}, {"funnel": "retail"}, {"source": "/a ~%", "channel": "telegram"}, {"manager": 1})


@pytest.mark.parametrize("seed", [3])
def test_every_number_is_what_its_rows_are_and_what_a_plain_count_says(db: Database, seed: int):
    rows = random_shop(seed)
    store(db, rows)
    with db.engine.connect() as conn:
        for narrow in NARROWED[: 4 if db.sqlite else 1]:
            question = asked(**narrow)
            for ways in REPORTS.values():
                for kind in ways.values():
                    lines = make(conn, kind, question).lines
                    plain = COUNTS[kind.name, kind.way](rows, question.narrow)
                    compare(kind, lines, plain, question)
                    looked_at = set()
                    for line in lines:
                        for column in kind.columns:
                            if column.unit not in ("count", "money") and column.name in looked_at:
                                continue  # leads to the rows of a number that is looked at in every line
                            if line.values[column.name]:
                                looked_at.add(column.name)
                            elif line.key != lines[0].key:
                                continue
                            deals = behind(conn, kind, question, line.key, column.name, 1_000)
                            assert [one.ref for one in deals] == sorted({one.ref for one in deals}, reverse=True)
                            check_rows(rows, kind, line, column.name, [one.deal for one in deals])


def compare(kind: Kind, lines: list[Line], plain: dict[Any, dict[str, Any]], question: Asked) -> None:
    told = {line.key: {name: value for name, value in line.values.items() if value} for line in lines if line.key}
    told = {key: values for key, values in told.items() if values}
    wanted = {key: {name: value for name, value in values.items() if value} for key, values in plain.items()}
    wanted = {key: values for key, values in wanted.items() if values}
    assert wanted or question.narrow.source, (kind.name, kind.way)
    assert told.keys() == wanted.keys(), (kind.name, kind.way)
    for key, values in wanted.items():
        for name, value in values.items():
            assert told[key].get(name) == pytest.approx(value), (kind.name, kind.way, key, name)
        counted = {one.name for one in kind.columns if one.unit in ("count", "money")}
        assert {name for name in told[key] if name in counted} == {name for name in values if name in counted}


def check_rows(rows: Rows, kind: Kind, line: Line, name: str, deals: list[int]) -> None:
    column = kind.column(name)
    assert column
    value = line.values[name]
    if column.unit == "count":
        assert len(deals) == value, (kind.name, kind.way, line.key, name)
    elif column.unit == "money":
        assert sum(worth(rows.deals[deal]) for deal in deals) == value
    else:
        assert len(deals) == line.values[column.rows], (kind.name, line.key, name)


# -- plain counts ------------------------------------------------------------------------------------------------------


def worth(deal: dict[str, Any]) -> int:
    total = deal["fields"]["total"]
    return total if isinstance(total, int) and abs(total) <= 10**15 else deal["fields"]["paid_sum"]


def about(rows: Rows, narrow: Narrow, deal: dict[str, Any], *, manager: bool = True) -> bool:
    channel = rows.channels[deal["id"]] if deal["route_id"] else ""
    return (
        rows.counts(deal)
        and narrow.funnel in ("", deal["funnel"])
        and narrow.source in ("", rows.first(deal["id"])["source"])
        and narrow.channel in ("", channel)
        and (not manager or narrow.manager in (None, deal["responsible_id"]))
    )


def opened(rows: Rows, narrow: Narrow) -> list[dict[str, Any]]:
    return [one for one in rows.deals.values() if SINCE <= one["opened_at"] < UNTIL and about(rows, narrow, one)]


def seen(rows: Rows, deal: dict[str, Any]) -> set[str]:
    those = [n for n in rows.deals if rows.lead(n) == deal["id"] and rows.deals[n]["funnel"] == deal["funnel"]]
    return {rows.deals[n]["stage"] for n in those} | {one["stage"] for one in rows.stays if one["deal_id"] in those}


def ways_of(funnel: str) -> list[str]:
    return [*STAGES[funnel], "won"]


def far(rows: Rows, deal: dict[str, Any]) -> int:
    return max(ways_of(deal["funnel"]).index(stage) for stage in seen(rows, deal) - {"lost"})


def plain_cohort(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    every: Counter[str] = Counter()
    for deal in opened(rows, narrow):
        funnel = deal["funnel"]
        every[funnel] += 1
        for stage in seen(rows, deal):
            found[funnel, stage]["reached"] += 1
        for stage in ways_of(funnel)[: far(rows, deal) + 1]:
            found[funnel, stage]["came"] += 1
        if "lost" in seen(rows, deal):
            found[funnel, "lost"]["came"] += 1
    for (funnel, _), values in found.items():
        values["of_all"] = round(100 * values["came"] / every[funnel], 1)
    return found


def plain_snapshot(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    at = UNTIL - 1
    for deal in rows.deals.values():
        if not about(rows, narrow, deal) or deal["opened_at"] > at or (deal["closed_at"] or NOW) <= at:
            continue
        past = [s for s in rows.stays if s["deal_id"] == deal["id"] and s["entered_at"] <= at < s["left_at"]]
        where = past[0]["stage"] if past else deal["stage"]
        found[deal["funnel"], where]["open"] += 1
        found[deal["funnel"], where]["sum"] += worth(deal)
    return found


def plain_leads(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    for deal in opened(rows, narrow):
        one = found[deal["funnel"],]
        later = far(rows, deal) >= 1
        one["opened"] += 1
        one["first"] += later
        one["converted"] += deal["outcome"] == "won" and deal["reason"] == "converted"
        one["won"] += deal["outcome"] == "won"
        one["lost"] += deal["outcome"] == "lost"
        one["lost_later"] += deal["outcome"] == "lost" and later
        one["open"] += deal["closed_at"] is None
    for one in found.values():
        one["converted_share"] = round(100 * one["converted"] / one["opened"], 1)
    return found


def times(spans: list[tuple[int, int]]) -> dict[str, float]:
    assert SHOP.hours
    worked = sorted(SHOP.hours.worked_between(start, end) for start, end in spans)
    passed = sorted(end - start for start, end in spans)
    found = {}
    for prefix, several in (("", worked), ("calendar_", passed)):
        nine = next(one for n, one in enumerate(several, start=1) if 10 * n >= 9 * len(several))
        for name, ms in (("median", median(several)), ("p90", nine), ("mean", fmean(several))):
            found[f"{prefix}{name}_s"] = round(ms / 1000, 1)
    return found


def plain_stages(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    spans = defaultdict(list)
    for stay in rows.stays:
        lead = rows.deals[rows.lead(stay["deal_id"])]
        if SINCE <= stay["left_at"] < UNTIL and about(rows, narrow, lead):
            funnel = rows.deals[stay["deal_id"]]["funnel"]
            spans[funnel, stay["stage"]].append((stay["entered_at"], stay["left_at"]))
    return {key: {"stays": len(several), **times(several)} for key, several in spans.items()}


def plain_losses(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    for deal in rows.deals.values():
        if deal["outcome"] == "lost" and SINCE <= deal["closed_at"] < UNTIL and about(rows, narrow, deal):
            found[deal["funnel"], deal["reason"]]["lost"] += 1
            found[deal["funnel"], deal["reason"]]["sum"] += worth(deal)
    return found


def plain_sources(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    for deal in rows.deals.values():
        first = rows.first(deal["id"])
        if deal["reason"] == "converted" or rows.begins(deal)["why"] or not SINCE <= first["opened_at"] < UNTIL:
            continue
        if not about(rows, replace(narrow, funnel=""), deal):
            continue
        if narrow.funnel not in ("", first["funnel"], deal["funnel"]):
            continue
        one, paid = found[first["source"],], deal["fields"]["paid"] == "yes"
        one["opened"] += 1
        one["open"] += deal["closed_at"] is None
        one["won"] += deal["outcome"] == "won"
        one["lost"] += deal["outcome"] == "lost"
        one["won_sum"] += worth(deal) * (deal["outcome"] == "won")
        one["paid"] += paid
        one["paid_sum"] += worth(deal) * paid
    return found


def plain_waits(rows: Rows, narrow: Narrow, dim: str) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    spans = defaultdict(list)
    every = [(w["deal_id"], w["channel"], w["began_at"], w["ended_at"], w["person_id"]) for w in rows.waits]
    for deal in rows.deals.values():
        if deal["waiting_since"] is not None and deal["owner"] != "bot":
            channel = rows.channels[deal["id"]] if deal["route_id"] else "phone"
            every.append((deal["id"], channel, deal["waiting_since"], None, None))
    for number, channel, began, ended, person in every:
        deal = rows.deals[number]
        who = person or deal["responsible_id"]
        fits = narrow.funnel in ("", deal["funnel"]) and narrow.source in ("", rows.first(number)["source"])
        fits = fits and narrow.channel in ("", channel) and narrow.manager in (None, who)
        if deal["reason"] == "not_a_customer" or not fits or not SINCE <= began < UNTIL:
            continue
        key = (who,) if dim == "person" else (channel,)
        found[key]["waits"] += 1
        found[key]["answered" if person is not None else "unanswered"] += 1
        found[key]["waiting"] += ended is None
        if person is not None:
            spans[key].append((began, ended))
    return {key: {**values, **(times(spans[key]) if spans[key] else {})} for key, values in found.items()}


def plain_workload(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    shown = ("waiting", "answered", "median_s", "p90_s")
    for key, values in plain_waits(rows, narrow, "person").items():
        found[key] |= {name: values[name] for name in shown if name in values}
    for deal in rows.deals.values():
        if deal["closed_at"] is None and about(rows, narrow, deal):
            found[deal["responsible_id"],]["open"] += 1
    for task in rows.tasks:
        if narrow.funnel or narrow.source or narrow.channel:
            deal = rows.deals.get(task["deal_id"])
            if deal is None or not about(rows, narrow, deal, manager=False):
                continue
        who, due = task["responsible_id"], task["due_at"]
        if task["state"] == "open" and due < UNTIL and narrow.manager in (None, who):
            found[who,]["due"] += 1
            found[who,]["overdue"] += due < NOW
        stranger = rows.deals.get(task["deal_id"], {"reason": ""})["reason"] == "not_a_customer"
        if (
            task["done_by"]
            and not stranger
            and SINCE <= task["done_at"] < UNTIL
            and narrow.manager in (None, task["done_by"])
        ):
            found[task["done_by"],]["done"] += 1
            found[task["done_by"],]["done_late"] += task["done_at"] > due
    return found


def plain_bots(rows: Rows, narrow: Narrow) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(Counter)
    last: dict[Any, dict[str, Any]] = {}
    for run in rows.runs:
        deal = rows.deals[rows.lead(run["deal_id"])]
        if SINCE <= run["started_at"] < UNTIL and about(rows, narrow, deal):
            found[run["bot"], run["script"]]["runs"] += 1
            if run["status"] in ("finished", "handed_off"):
                found[run["bot"], run["script"]][run["status"]] += 1
            last[run["bot"], deal["id"]] = run
    for (bot, number), run in last.items():
        one, deal = found[bot, run["script"]], rows.deals[number]
        left = [
            s
            for s in rows.stays
            if s["deal_id"] == number and s["left_at"] >= run["started_at"] and s["next"] != "lost"
        ]
        one["deals"] += 1
        one["moved"] += bool(left)
        one["won"] += deal["outcome"] == "won"
        one["paid"] += deal["fields"]["paid"] == "yes"
        one["paid_sum"] += worth(deal) * (deal["fields"]["paid"] == "yes")
    return found


COUNTS: dict[tuple[str, str], Callable[[Rows, Narrow], dict[Any, dict[str, Any]]]] = {
    ("conversion", "cohort"): plain_cohort,
    ("conversion", "snapshot"): plain_snapshot,
    ("leads", ""): plain_leads,
    ("stages", ""): plain_stages,
    ("losses", ""): plain_losses,
    ("sources", ""): plain_sources,
    ("answers", "manager"): lambda rows, narrow: plain_waits(rows, narrow, "person"),
    ("answers", "channel"): lambda rows, narrow: plain_waits(rows, narrow, "channel"),
    ("workload", ""): plain_workload,
    ("bots", ""): plain_bots,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_shop_without_a_deal_has_reports_without_numbers(db: Database):
    with db.engine.connect() as conn:
        for ways in REPORTS.values():
            for kind in ways.values():
                for line in make(conn, kind, asked()).lines:
                    assert not any(line.values[one.name] for one in kind.columns)
