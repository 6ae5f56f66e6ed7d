"""An inquiry and its money count once by source, whatever robots have made of it; on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.desk import Edit, Move
from gateway.events import FormSubmitted, MessageReceived, Sender
from gateway.reports import REPORTS, Asked, behind, make
from gateway.shop_hooks import TOLD
from state.facts import Narrow
from tests.merged import contact_of, merge, says, undo
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PHONE = "+79161234567"
KIND = REPORTS["sources"][""]
DAY = 86_400_000


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], at=MONDAY_NOON)
    yield made
    await made.db.close()


async def told(shop: Shop, what: str, **body: Any) -> None:
    await shop.hear(TOLD[what](body, "RU"))
    await shop.settle()


async def sources(shop: Shop, **narrow: Any) -> tuple[dict[str, Any], list[int]]:
    """The line of all, and the deals behind it."""
    when = Narrow(MONDAY_NOON - DAY, MONDAY_NOON + DAY, MONDAY_NOON + DAY, **narrow)
    day = datetime.fromtimestamp(MONDAY_NOON / 1000, UTC).date()
    asked = Asked(shop.house.playbook, day, date(9999, 1, 1), when)
    lines = await shop.db.read(lambda c: make(c, KIND, asked).lines)
    rows = await shop.db.read(lambda c: behind(c, KIND, asked, (), "opened", 100))
    return lines[-1].values, [row.deal for row in rows]


async def test_an_order_that_goes_by_mail_is_won_once(shop: Shop):
    order = {"number": "4711", "total": 300_000}
    await told(shop, "orders", event="placed", order=order, customer={"phone": PHONE})
    await told(shop, "orders", event="sent", order={"number": "4711", "tracking": "RA1"})
    await told(shop, "parcels", tracking="RA1", status="collected")
    assert [(d["funnel"], d["outcome"]) for d in await shop.all("deals")] == [("retail", "won"), ("mail", "won")]
    line, deals = await sources(shop)
    assert (line["opened"], line["won"], line["won_sum"], line["paid"]) == (1, 1, 300_000, 0)
    assert deals == [1]
    await told(shop, "payments", order="4711", amount=300_000)  # on delivery: the parcel's deal hears of it
    line, _ = await sources(shop)
    assert (line["paid"], line["paid_sum"]) == (1, 300_000)
    assert (await sources(shop, funnel="mail"))[0]["opened"] == 0


async def test_a_refund_of_what_was_delivered_is_no_paid_order_any_more(shop: Shop):
    await told(shop, "orders", event="paid", order={"number": "4711", "total": 300_000}, customer={"phone": PHONE})
    await told(shop, "orders", event="sent", order={"number": "4711", "tracking": "RA1"})
    assert (await sources(shop))[0]["paid"] == 1
    await told(shop, "payments", order="4711", amount=-300_000)
    assert [d["fields"]["paid"] for d in await shop.all("deals")] == ["no", "no"]
    assert (await sources(shop))[0]["paid"] == 0


async def test_a_request_in_which_the_customer_typed_the_number_has_no_part_in_the_orders_money(shop: Shop):
    await shop.hear(FormSubmitted(Sender("form", "vin", PHONE, "Анна", PHONE), "vin", {"order": "4711"}))
    await shop.settle()
    await shop.ask(Move("lost", reason="price"))
    await told(shop, "orders", event="paid", order={"number": "4712", "total": 100_000}, customer={"phone": PHONE})
    await shop.ask(Edit(fields={"order": "4711"}), 2)
    await told(shop, "payments", order="4711", amount=100_000)
    assert [d["fields"].get("paid") for d in await shop.all("deals")] == [None, "yes"]
    assert (await sources(shop))[0]["paid"] == 1


async def test_a_lead_is_worth_what_its_deal_is_and_counts_where_it_came_from(database_url: str):
    shop = open_shop(database_url, channels=[PaperChannel("whatsapp")], playbook="accessories", at=MONDAY_NOON)
    await shop.hear(MessageReceived(Sender("whatsapp", "100", PHONE, "Анна", PHONE), "Нужен кошелёк"))
    await shop.settle()
    asked = {"city": "Тверь", "payment_way": "по ссылке", "delivery_way": "почтой", "contact_way": "SMS"}
    await shop.ask(Move("details", fields=asked))
    await shop.ask(Edit(tags=("данные проверены",)))
    lead, order = await shop.all("deals")
    line, deals = await sources(shop)
    assert (line["opened"], line["open"], line["won"], deals) == (1, 1, 0, [order["id"]])
    await shop.ask(Edit(fields={"order": "501", "total": 350_000}), order["id"])
    await told(shop, "payments", order="501", amount=350_000)
    await shop.ask(Move("won"), order["id"])
    line, _ = await sources(shop)
    assert (line["opened"], line["won"], line["won_sum"], line["paid"], line["paid_sum"]) == (1, 1, 350_000, 1, 350_000)
    for funnel in (lead["funnel"], order["funnel"]):
        assert (await sources(shop, funnel=funnel))[0]["won"] == 1
    await shop.db.close()


async def by_line(shop: Shop, **narrow: Any) -> dict[str, tuple[int, int, int, list[int]]]:
    """What each source has opened, won and earned, and the deals behind it."""
    when = Narrow(MONDAY_NOON - DAY, MONDAY_NOON + DAY, MONDAY_NOON + DAY, **narrow)
    day = datetime.fromtimestamp(MONDAY_NOON / 1000, UTC).date()
    asked = Asked(shop.house.playbook, day, date(9999, 1, 1), when)
    found = {}
    for line in (await shop.db.read(lambda c: make(c, KIND, asked).lines))[:-1]:
        rows = await shop.db.read(lambda c, key=line.key: behind(c, KIND, asked, key, "opened", 100))
        told = [int(line.values[name] or 0) for name in ("opened", "won", "won_sum")]
        found[line.key[0]] = (told[0], told[1], told[2], [row.deal for row in rows])
    return found


async def test_an_order_that_finds_its_request_is_the_forms_until_that_is_undone(shop: Shop):
    await shop.hear(FormSubmitted(Sender("form", "vin", PHONE, "Анна", PHONE), "vin", {}))
    await shop.settle()
    await told(shop, "orders", event="placed", order={"number": "4711", "total": 300_000}, customer={"phone": PHONE})
    form, order = await shop.all("deals")
    merges = await shop.all("merges")
    assert (form["reason"], order["source"], len(merges)) == ("joined", "order", 1)
    assert await by_line(shop) == {form["source"]: (1, 0, 0, [order["id"]])}
    await shop.ask(Move("won"), order["id"])
    assert await by_line(shop) == {form["source"]: (1, 1, 300_000, [order["id"]])}
    assert await by_line(shop, source=form["source"]) == await by_line(shop)
    assert await by_line(shop, source="order") == {}
    await undo(shop, merges[0]["id"])
    assert {name: line[3] for name, line in (await by_line(shop)).items()} == {form["source"]: [1], "order": [2]}


def kept_lines(found: dict[str, tuple[int, int, int, list[int]]]) -> dict[str, list[int]]:
    return {name: line[3] for name, line in found.items()}


CHANNELS = (("telegram", "100"), ("whatsapp", "300"))


async def test_a_merge_by_hand_and_an_order_that_finds_it_count_where_the_customer_wrote_first(database_url: str):
    shop = open_shop(database_url, channels=[PaperChannel(*one) for one in CHANNELS], at=MONDAY_NOON)
    await shop.hear(MessageReceived(Sender("whatsapp", "300", "w", "Анна", PHONE), "Здравствуйте"))
    await shop.settle()
    await shop.later(minutes=5)
    await says(shop, "t", "Здравствуйте")
    by_hand = await merge(shop, await contact_of(shop, "t"), await contact_of(shop, "w"))
    first, second = await shop.all("deals")
    assert (first["source"], first["reason"], second["closed_at"]) == ("whatsapp", "joined", None)
    assert await by_line(shop) == {"whatsapp": (1, 0, 0, [second["id"]])}
    await shop.later(minutes=5)
    await told(shop, "orders", event="placed", order={"number": "4711", "total": 300_000}, customer={"phone": PHONE})
    order = (await shop.all("deals"))[-1]
    by_order = next(one["id"] for one in await shop.all("merges") if one["deal_id"] == order["id"])
    await shop.ask(Move("won"), order["id"])
    assert await by_line(shop) == {"whatsapp": (1, 1, 300_000, [order["id"]])}
    await undo(shop, by_order)
    assert kept_lines(await by_line(shop)) == {"whatsapp": [second["id"]], "order": [order["id"]]}
    await undo(shop, by_hand)
    assert kept_lines(await by_line(shop)) == {
        "telegram": [second["id"]], "whatsapp": [first["id"]], "order": [order["id"]]
    }  # fmt: skip
    await shop.db.close()


async def test_what_was_joined_to_a_lead_is_where_the_deal_came_from_that_goes_on_in_its_stead(database_url: str):
    channels = [PaperChannel(*one) for one in CHANNELS]
    shop = open_shop(database_url, channels=channels, playbook="accessories", at=MONDAY_NOON)
    await says(shop, "w", "Нужен кошелёк")
    await shop.later(minutes=5)
    await says(shop, "t", "Нужен кошелёк")
    number = await merge(shop, await contact_of(shop, "t"), await contact_of(shop, "w"))
    first, lead = await shop.all("deals")
    asked = {"city": "Тверь", "payment_way": "по ссылке", "delivery_way": "почтой", "contact_way": "SMS"}
    await shop.ask(Move("details", fields=asked), lead["id"])
    await shop.ask(Edit(tags=("данные проверены",)), lead["id"])
    lead, order = (await shop.all("deals"))[1:]
    assert (lead["source"], lead["reason"], order["source"]) == ("telegram", "converted", "telegram")
    assert kept_lines(await by_line(shop)) == {"whatsapp": [order["id"]]}
    assert kept_lines(await by_line(shop, source="whatsapp", funnel=order["funnel"])) == {"whatsapp": [order["id"]]}
    await undo(shop, number)
    assert kept_lines(await by_line(shop)) == {"telegram": [order["id"]], "whatsapp": [first["id"]]}
    await shop.db.close()


async def test_conversion_of_a_source_is_that_of_the_customers_who_first_came_by_it(shop: Shop):
    await shop.hear(FormSubmitted(Sender("form", "vin", PHONE, "Анна", PHONE), "vin", {}))
    await shop.settle()
    await told(shop, "orders", event="placed", order={"number": "4711", "total": 300_000}, customer={"phone": PHONE})
    form, _ = await shop.all("deals")
    day = datetime.fromtimestamp(MONDAY_NOON / 1000, UTC).date()

    async def came(source: str) -> int:
        when = Narrow(MONDAY_NOON - DAY, MONDAY_NOON + DAY, MONDAY_NOON + DAY, source=source)
        asked = Asked(shop.house.playbook, day, day, when)
        lines = await shop.db.read(lambda c: make(c, REPORTS["leads"][""], asked).lines)
        return sum(int(line.values["opened"] or 0) for line in lines)

    assert (await came(form["source"]), await came("order")) == (1, 0)
