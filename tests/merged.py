"""Two customers on two channels whose lanes, deals and talks can be joined and parted, and what is looked at then."""

from typing import Any

from sqlalchemy import select

from gateway.desk import Edit, GiveTask, Take, Write
from gateway.events import MessageReceived, ReachChanged, Sender
from gateway.guard import IDLE
from gateway.unions import words_of
from state import merging, parting, tables
from state.merges import Cause
from tests.shop import ANNA, BORIS, PaperChannel, Shop, open_shop

CAUSE = Cause("by hand", ANNA.id, author="manager")
SPEAKERS = {"t": ("telegram", "100"), "w": ("whatsapp", "300"), "v": ("telegram", "100"), "k": ("whatsapp", "300")}
SAYS = ("Здравствуйте", "1", "2", "позовите менеджера", "Форд Фокус 2012", "VIN XW8ZZZ61ZEG001234", "колодки")


def two_channels(url: str) -> Shop:
    return open_shop(url, channels=[PaperChannel("telegram", "100"), PaperChannel("whatsapp", "300")])


async def says(shop: Shop, who: str, text: str, **more: Any) -> None:
    channel, account = SPEAKERS[who]
    shop._n += 1
    sender = Sender(channel, account, who, f"Клиент {who}")
    await shop.hear(MessageReceived(sender, text, message_id=str(shop._n), **more))
    await shop.settle()


async def stops(shop: Shop, who: str) -> None:
    channel, account = SPEAKERS[who]
    await shop.hear(ReachChanged(Sender(channel, account, who), "opted_out", "stop"))
    await shop.settle()


async def contact_of(shop: Shop, who: str) -> int:
    found = await shop.rows(select(tables.identities.c.contact_id).where(tables.identities.c.address == who))
    return int(found[0][0])


async def open_deals(shop: Shop, contact: int) -> list[dict[str, Any]]:
    return [d for d in await shop.all("deals") if d["contact_id"] == contact and d["closed_at"] is None]


async def merge(shop: Shop, kept: int, gone: int, **more: Any) -> int:
    done = await shop.turns.together(
        lambda c, now: merging.join(c, shop.db.ids, kept, gone, now, words_of(shop.house.playbook), CAUSE, **more)
    )
    await shop.settle()
    return done


async def merge_deals(shop: Shop, leading: int, other: int, *, firmly: bool = False) -> int:
    ids = shop.db.ids
    done = await shop.turns.together(
        lambda c, now: merging.merge_deals(
            c, ids, leading, other, now, words_of(shop.house.playbook), CAUSE, firmly=firmly
        )
    )
    await shop.settle()
    return done


async def undo(shop: Shop, number: int) -> None:
    await shop.turns.together(
        lambda c, now: parting.undo(c, shop.db.ids, number, now, words_of(shop.house.playbook), CAUSE)
    )
    await shop.settle()


async def act(shop: Shop, what: int, who: str, n: int) -> None:
    """One thing of a random history; what cannot be done as things are is not done."""
    match what % 9:
        case 0 | 1 | 2 | 3:
            await says(shop, who, SAYS[n % len(SAYS)])
        case 8:
            await shop.later(minutes=(1, 30, 200)[n % 3])
        case managers:
            deals = await open_deals(shop, await contact_of(shop, who))
            if not deals:
                return
            commands = {
                4: Take(),
                5: Write(f"Ответ {n}"),
                6: Edit(fields={"city": f"Город {n % 3}"}, tags=(*deals[0]["tags"], f"метка {n % 3}")),
                7: GiveTask(f"Дело {n}"),
            }
            try:
                await shop.ask(commands[managers], deals[0]["id"], who=(ANNA, BORIS)[n % 2])
            except Exception:  # noqa: BLE001 - another holds it, or the customer has asked to be left alone
                return


_NOT_COMPARED = {"deals": ("epoch", "version"), "parts": ("epoch",), "inbox": ("raw",)}


async def picture(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All that two sides are, apart from what only rises, from the lines that tell of the merge itself, and from the quiet
    timers that see to deals which nothing else holds.
    """
    seen: dict[str, list[dict[str, Any]]] = {}
    for table in ("contacts", "identities", "points", "deals", "entries", "tasks", "runs", "timers", "parts", "steps"):
        rows = [row for row in await shop.all(table) if row.get("kind") != "merge"]
        seen[table] = [{k: v for k, v in row.items() if k not in _NOT_COMPARED.get(table, ())} for row in rows]
    seen["timers"] = sorted((t for t in seen["timers"] if t["name"] != IDLE), key=lambda timer: str(timer["key"]))
    for deal in seen["deals"]:
        deal["tags"] = sorted(deal["tags"])
    return seen


async def must_hold(shop: Shop) -> None:
    """What is true of any two that were joined and parted, whatever happened in between."""
    deals = {d["id"]: d for d in await shop.all("deals")}
    identities = {i["id"]: i for i in await shop.all("identities")}
    entries = {e["id"]: e for e in await shop.all("entries")}
    for table in ("entries", "tasks", "runs", "timers"):
        astray = [
            r for r in await shop.all(table) if r["deal_id"] and deals[r["deal_id"]]["contact_id"] != r["contact_id"]
        ]
        assert astray == [], table
    ways = [
        (deal["id"], deal["contact_id"], identities[deal["route_id"]])
        for deal in deals.values()
        if deal["route_id"] is not None and deal["closed_at"] is None
    ]
    assert [way for way in ways if way[2]["contact_id"] != way[1]] == []
    for entry in entries.values():
        if entry["kind"] == "message" and entry["identity_id"] is not None:
            assert identities[entry["identity_id"]]["contact_id"] == entry["contact_id"], entry
    for part in await shop.all("parts"):
        if part["entry_id"]:
            entry = entries[part["entry_id"]]
            assert (part["deal_id"], part["contact_id"]) == (entry["deal_id"], entry["contact_id"])
            if part["identity_id"] in identities:  # else the channel has moved it since
                assert part["identity_id"] == entry["identity_id"]  # a reply never leaves its route
    running = [r for r in await shop.all("runs") if r["status"] == "running"]
    for run in running:
        assert (deals[run["deal_id"]]["closed_at"], deals[run["deal_id"]]["owner"]) == (None, "bot")
    led = {r["deal_id"] for r in running}
    tasks = {t["deal_id"] for t in await shop.all("tasks") if t["state"] == "open"}
    timers = {t["deal_id"] for t in await shop.all("timers")}
    lost = [
        d["id"] for d in deals.values()
        if d["closed_at"] is None and d["waiting_since"] is None and d["id"] not in led | tasks | timers
    ]  # fmt: skip
    assert lost == []
    assert [
        d["id"] for d in deals.values() if d["closed_at"] is None and d["owner"] == "bot" and d["id"] not in led
    ] == []
    assert await shop.balanced()
