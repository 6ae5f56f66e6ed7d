"""Was anything lost, doubled or swapped? Judged from outside: the provider's logs and the database, none of our code.

What the provider kept: which updates it saw acknowledged (`acks`, a JSON line each: update, chat, text, in the order
sent) and which messages it accepted (`sends`, the stand-in's log). Every text is unique, so effects can be matched.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ECHO = "Слышу: "
_LIVE = ("sent", "delivered", "read")


@dataclass
class Report:
    wrong: list[str] = field(default_factory=list)
    acknowledged: int = 0
    processed: int = 0
    duplicates: int = 0
    replies: int = 0
    repeats_seen: int = 0
    """Parts that the provider accepted more than once."""
    repeats_marked: int = 0
    unknown: int = 0

    def demand(self, fact: object, otherwise: str) -> None:
        if not fact:
            self.wrong.append(otherwise)


def check(url: str, sends: Path, acks: Path) -> Report:
    """After everything has come to rest."""
    report = Report()
    tables = _read(url, report)
    known = _lines(acks)
    _heard(report, tables, known)
    _said(report, tables, _lines(sends))
    _counted(report, tables)
    _whole(report, tables)
    return report


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _read(url: str, report: Report) -> dict[str, list[dict[str, Any]]]:
    names = ("inbox", "entries", "parts", "tallies", "contacts", "identities", "deals", "runs", "tasks")
    found: dict[str, list[dict[str, Any]]] = {}
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn:
            conn.row_factory = sqlite3.Row
            (said,) = conn.execute("PRAGMA integrity_check").fetchone()
            report.demand(said == "ok", f"the database file is damaged: {said}")
            for name in names:
                found[name] = [dict(row) for row in conn.execute(f"SELECT * FROM {name}")]
        return found
    with psycopg.connect("postgresql://" + url.split("://", 1)[1], row_factory=psycopg.rows.dict_row) as pg:
        for name in names:
            found[name] = list(pg.execute(f"SELECT * FROM {name}"))
    return found


def _heard(report: Report, tables: dict[str, list[dict[str, Any]]], known: list[dict[str, Any]]) -> None:
    """Each acknowledged update had its effect once; none had it twice; each chat's in the order sent."""
    kept = Counter(row["external_id"] for row in tables["inbox"] if row["channel"] == "telegram")
    texts = Counter(row["text"] for row in tables["entries"] if row["author"] == "customer")
    report.acknowledged = len(known)
    for ack in known:
        number, text = f"u{ack['update']}", ack["text"]
        report.demand(kept[number] == 1, f"update {number} was acknowledged and is kept {kept[number]} times")
        report.demand(texts[text] == 1, f"{text!r} was acknowledged and had its effect {texts[text]} times")
    for text, times in texts.items():
        report.demand(times == 1, f"{text!r} had its effect {times} times")
    unfinished = [row["external_id"] for row in tables["inbox"] if row["state"] not in ("processed", "ignored")]
    report.demand(not unfinished, f"waiting or quarantined: {unfinished[:5]}")
    chat_of = {row["contact_id"]: row["address"] for row in tables["identities"]}
    ours = defaultdict(list)
    for row in sorted(tables["entries"], key=lambda r: r["id"]):
        if row["author"] == "customer":
            ours[chat_of[row["contact_id"]]].append(row["text"])
    theirs = defaultdict(list)
    for ack in known:
        theirs[str(ack["chat"])].append(ack["text"])
    for chat, sent in theirs.items():
        report.demand(ours[chat] == sent, f"chat {chat} is out of order: {ours[chat][:8]} for {sent[:8]}")


def _said(report: Report, tables: dict[str, list[dict[str, Any]]], sends: list[dict[str, Any]]) -> None:
    """One reply to each text after the greeting; every possible repeat is marked; each chat's in order."""
    accepted = Counter((call["to"], call["text"]) for call in sends)
    place: dict[tuple[str, str], int] = {}
    answered = Counter(
        r["text"].removeprefix(ECHO) for r in tables["entries"] if r["author"] == "bot" and r["text"].startswith(ECHO)
    )
    first = set()
    for row in sorted(tables["entries"], key=lambda r: r["id"]):
        if row["author"] != "customer":
            continue
        if row["contact_id"] in first:
            report.demand(answered[row["text"]] == 1, f"{row['text']!r} was answered {answered[row['text']]} times")
        first.add(row["contact_id"])
    told = {row["deal_id"] for row in tables["tasks"] if row["kind"] == "undelivered"}
    for part in sorted(tables["parts"], key=lambda r: r["id"]):
        key = part["address"], json.loads(part["payload"])["text"]
        place[key] = part["id"]
        times = accepted.pop(key, 0)
        report.replies += 1
        report.repeats_seen += times > 1
        report.repeats_marked += part["repeats"] > 0
        report.demand(
            times <= part["repeats"] + 1, f"part {part['id']} went out {times} times, marked {part['repeats']}"
        )
        if part["state"] == "unknown":
            report.unknown += 1
            report.demand(part["deal_id"] in told, f"part {part['id']} is unknown and nobody was told")
        else:
            report.demand(
                part["state"] in _LIVE and times >= 1, f"part {part['id']} is {part['state']}, accepted {times}"
            )
    report.demand(not accepted, f"nobody knows of these sends: {list(accepted)[:3]}")
    last: dict[str, int] = {}
    for call in sends:
        at = place.get((call["to"], call["text"]), 0)
        report.demand(at >= last.get(call["to"], 0), f"chat {call['to']} heard {call['text']!r} too late")
        last[call["to"]] = max(at, last.get(call["to"], 0))


def _counted(report: Report, tables: dict[str, list[dict[str, Any]]]) -> None:
    """received = processed + duplicate + ignored + quarantined, and each is what the rows say."""
    tally: Counter[str] = Counter()
    for row in tables["tallies"]:
        tally[row["outcome"]] += row["n"]
    states = Counter(row["state"] for row in tables["inbox"])
    report.processed, report.duplicates = states["processed"], tally["duplicate"]
    ends = ("processed", "duplicate", "ignored", "quarantined")
    report.demand(tally["received"] == sum(tally[end] for end in ends), f"the counters do not add up: {dict(tally)}")
    for state in ("processed", "ignored", "quarantined"):
        report.demand(tally[state] == states[state], f"{states[state]} rows are {state}, counted {tally[state]}")
    report.demand(tally["received"] == len(tables["inbox"]) + tally["duplicate"], "received is not rows + duplicates")


def _whole(report: Report, tables: dict[str, list[dict[str, Any]]]) -> None:
    """One contact to a chat, one open deal to a contact, one running bot to a deal; no id was given twice."""
    chats = Counter((row["channel"], row["address"]) for row in tables["identities"])
    report.demand(set(chats.values()) <= {1}, f"twin identities: {chats.most_common(2)}")
    report.demand(len(tables["contacts"]) == len(chats), f"{len(tables['contacts'])} contacts for {len(chats)} chats")
    open_deals = Counter(row["contact_id"] for row in tables["deals"] if row["closed_at"] is None)
    report.demand(set(open_deals.values()) <= {1}, f"several open deals: {open_deals.most_common(2)}")
    running = Counter(row["deal_id"] for row in tables["runs"] if row["status"] == "running")
    report.demand(set(running.values()) <= {1}, f"several running bots: {running.most_common(2)}")
