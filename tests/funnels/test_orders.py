"""Orders, payments, parcels and calls through the whole gateway: one customer, one deal; on both databases."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.events import CallEnded, MessageReceived, OrderChanged, PaymentReceived, Sender
from gateway.shop_hooks import TOLD
from tests.merged import undo
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PHONE = "+79161234567"


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], at=MONDAY_NOON)
    yield made
    await made.db.close()


async def told(shop: Shop, what: str, **body: Any) -> None:
    """The shop's own system posts; `id` is its business."""
    await shop.hear(TOLD[what](body, "RU"))
    await shop.settle()


async def ordered(shop: Shop, event: str, number: str = "4711", phone: str = PHONE, **more: Any) -> None:
    about = {"number": number, "total": 125_000, "currency": "RUB", **more}
    await told(shop, "orders", event=event, order=about, customer={"phone": phone, "name": "Анна"})


async def wrote(shop: Shop, text: str = "Нужны колодки") -> None:
    await shop.hear(MessageReceived(shop.sender(PHONE, phone=PHONE), text))
    await shop.settle()


async def test_a_site_order_opens_a_deal_where_orders_enter(shop: Shop):
    await ordered(shop, "placed")
    (deal,) = await shop.all("deals")
    assert (deal["funnel"], deal["stage"], deal["tags"]) == ("retail", "order_placed", ["заказ с сайта"])
    assert deal["fields"]["order"] == "4711"
    assert deal["fields"]["total"] == 125_000


async def open_deals(shop: Shop) -> list[dict[str, Any]]:
    return [deal for deal in await shop.all("deals") if deal["closed_at"] is None]


async def test_an_order_finds_its_request_and_leads(shop: Shop):
    await wrote(shop)
    assert (await shop.all("runs"))[-1]["status"] == "running"
    await ordered(shop, "placed")
    (deal,) = await open_deals(shop)
    assert (deal["stage"], deal["fields"]["order"], deal["slot"]) == ("order_placed", "4711", "retail")
    assert (await shop.all("runs"))[0]["status"] == "stopped"
    inquiry = next(one for one in await shop.all("deals") if one["id"] != deal["id"])
    assert (inquiry["outcome"], inquiry["reason"]) == (None, "joined")
    await wrote(shop, "Оплатил")
    assert len(await open_deals(shop)) == 1


async def test_no_separate_makes_two_of_them_again(shop: Shop):
    await wrote(shop)
    await ordered(shop, "placed")
    (told,) = [e["data"] for e in await shop.all("entries") if e["data"].get("event") == "order_joined"]
    (merge,) = await shop.all("merges")
    assert told["merge"] == merge["id"]
    await undo(shop, merge["id"])
    inquiry, order = await open_deals(shop)
    assert (inquiry["stage"], order["stage"]) == ("left_request", "order_placed")
    await ordered(shop, "paid")
    paid = [deal["fields"].get("paid") for deal in await open_deals(shop)]
    assert paid == [None, "yes"]


async def test_what_the_customer_says_after_the_order_is_said_in_its_deal(shop: Shop):
    await ordered(shop, "placed")
    await wrote(shop, "Когда привезёте?")
    assert len(await open_deals(shop)) == 1


async def test_a_second_order_has_a_deal_beside_the_first(shop: Shop):
    await ordered(shop, "placed")
    await ordered(shop, "placed", number="4712")
    await ordered(shop, "paid", number="4711")
    first, second = await shop.all("deals")
    assert (first["fields"]["paid"], second["fields"].get("paid")) == ("yes", None)
    assert first["closed_at"] is second["closed_at"] is None


async def test_news_of_an_order_find_its_deal_without_the_customers_phone(shop: Shop):
    await ordered(shop, "placed")
    await told(shop, "orders", event="paid", order={"number": "4711"}, customer={})
    (deal,) = await shop.all("deals")
    assert deal["fields"]["paid"] == "yes"


async def test_the_news_that_comes_first_opens_the_deal_whichever_it_is(shop: Shop):
    await ordered(shop, "paid")
    await ordered(shop, "placed")
    (deal,) = await shop.all("deals")
    assert (deal["fields"]["paid"], deal["fields"]["order_status"]) == ("yes", "paid")


async def test_placed_that_is_told_late_takes_nothing_back(shop: Shop):
    await ordered(shop, "placed")
    await ordered(shop, "paid")
    await ordered(shop, "placed", paid=False)
    deal = await shop.deal()
    assert (deal["stage"], deal["fields"]["paid"], deal["fields"]["order_status"]) == ("order_in_work", "yes", "paid")
    assert not [one for one in await shop.all("tasks") if one["kind"] == "check_payment"]


async def test_a_word_that_is_contradicted_is_a_persons_to_look_into_and_stands_meanwhile(shop: Shop):
    await ordered(shop, "paid")
    for _ in range(2):
        await ordered(shop, "ready", paid=False)
    deal = await shop.deal()
    assert (deal["fields"]["paid"], deal["fields"]["order_status"]) == ("yes", "ready")
    assert [one["kind"] for one in await shop.all("tasks") if one["kind"] == "check_payment"] == ["check_payment"]


async def test_an_order_is_paid_when_its_parts_make_up_the_total(shop: Shop):
    await ordered(shop, "placed")
    await told(shop, "payments", order="4711", amount="250.00")
    assert (await shop.deal())["fields"]["paid"] == "partly"
    await told(shop, "payments", order="4711", amount=100_000)
    assert (await shop.deal())["fields"]["paid"] == "yes"
    assert (await shop.deal())["fields"]["paid_sum"] == 125_000


async def test_money_for_a_lost_deal_is_somebodys_business(shop: Shop):
    from gateway.desk import Move  # noqa: PLC0415

    await ordered(shop, "placed")
    await shop.ask(Move("lost", reason="price"))
    await ordered(shop, "paid")
    assert len(await shop.all("deals")) == 1
    assert any("4711" in task["text"] and task["kind"] == "check_payment" for task in await shop.all("tasks"))


async def test_a_parcel_is_known_by_the_number_that_its_order_has(shop: Shop):
    await ordered(shop, "sent", tracking="RA1")
    await told(shop, "parcels", tracking="RA1", status="arrived")
    await told(shop, "parcels", tracking="RA1", status="arrived")
    await told(shop, "parcels", tracking="RA2", status="arrived")
    bought, parcel = await shop.all("deals")
    assert (bought["outcome"], parcel["funnel"], parcel["fields"]["parcel"]) == ("won", "mail", "arrived")
    assert len([e for e in await shop.all("entries") if e["kind"] == "parcel"]) == 1
    assert await shop.balanced()


async def lines(shop: Shop, deal: int = 0) -> list[str]:
    return [e["text"] for e in await shop.all("entries") if deal in (0, e["deal_id"])]


async def test_no_line_of_the_timeline_ends_where_something_is_missing(shop: Shop):
    await told(shop, "orders", event="ready", order={"number": "5003"}, customer={"phone": PHONE})
    await ordered(shop, "handed_over", number="5003")
    told_ = await lines(shop)
    assert "Заказ 5003: готов к выдаче" in told_
    assert "Сделка закрыта: Выдан" in told_
    assert [text for text in told_ if text != text.strip() or text.endswith(":")] == []


async def test_a_call_that_was_no_customers_leaves_no_dirt(shop: Shop):
    caller = Sender("phone", "calls", PHONE, phone=PHONE)
    await shop.hear(CallEnded(caller, "missed", "in"))
    await shop.settle()
    assert [task["state"] for task in await shop.all("tasks")] == ["open"]
    await shop.hear(CallEnded(caller, "answered", "in", not_a_customer=True))
    await shop.settle()
    assert [task["state"] for task in await shop.all("tasks")] == ["done"]
    assert (await shop.deal())["reason"] == "not_a_customer"
    stranger = Sender("phone", "calls", "+79160000000", phone="+79160000000")
    await shop.hear(CallEnded(stranger, "answered", "in", not_a_customer=True))
    assert len(await shop.all("contacts")) == 1


@pytest.mark.parametrize(
    ("what", "body", "reason"),
    [
        ("orders", {"event": "placed"}, "no_order"),
        ("orders", {"event": "placed", "order": []}, "no_order"),
        ("orders", {"event": "placed", "order": "4711"}, "order_not_an_object"),
        ("orders", {"event": "placed", "order": {"number": ""}}, "no_order_number"),
        ("orders", {"event": "placed", "order": {"number": True}}, "no_order_number"),
        ("orders", {"event": "eaten", "order": {"number": 1}}, "unknown_order_event"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": -5}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": "много"}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": "NaN"}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": 10**30}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": "1.005"}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "currency": "рубли"}}, "bad_currency"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": 12500.5}}, "ambiguous_money"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": 12500.0}}, "ambiguous_money"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": "12,500"}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "total": True}}, "bad_total"),
        ("orders", {"event": "placed", "order": {"number": 1, "paid": "maybe"}}, "bad_paid"),
        ("orders", {"event": "placed", "order": {"number": 1, "paid": [True]}}, "bad_paid"),
        ("orders", {"event": "placed", "order": {"number": 1, "items": {"name": "Колодки"}}}, "bad_items"),
        ("orders", {"event": "placed", "order": {"number": 1, "items": [["Колодки"]]}}, "bad_items"),
        (
            "orders",
            {"event": "placed", "order": {"number": 1, "items": [{"name": "К", "quantity": "две"}]}},
            "bad_items",
        ),
        ("orders", {"event": "placed", "order": {"number": 1, "office": {"id": 1}}}, "bad_office"),
        ("orders", {"event": "sent", "order": {"number": 1, "tracking": {"id": 1}}}, "bad_tracking"),
        ("orders", {"event": "placed", "order": {"number": 1}, "customer": "Анна"}, "bad_customer"),
        ("payments", {"order": 1, "amount": 12500.5}, "ambiguous_money"),
        ("payments", {"order": 1, "amount": 100, "status": "pending"}, "unknown_payment_status"),
        ("payments", {"order": 1, "amount": 100, "status": ["refunded"]}, "unknown_payment_status"),
        ("payments", {"order": 1, "amount": 100, "customer": ["Анна"]}, "bad_customer"),
        ("payments", {"amount": 5}, "no_order_number"),
        ("payments", {"order": 1, "amount": 0}, "bad_amount"),
        ("payments", {"order": 1, "amount": True}, "bad_amount"),
        ("parcels", {"status": "arrived"}, "no_tracking"),
        ("parcels", {"tracking": "A", "status": "lost"}, "unknown_parcel_status"),
        ("parcels", {"tracking": "A", "status": "arrived", "note": ["в отделении"]}, "bad_note"),
        ("visits", {"phone": PHONE}, "no_page"),
        ("visits", {"page": "/brakes"}, "unknown_visitor"),
    ],
)
def test_what_cannot_be_used_says_why(what: str, body: dict[str, Any], reason: str):
    assert TOLD[what](body, "RU").reason == reason  # type: ignore[union-attr]


def test_an_order_may_say_who_it_is_from_beside_itself():
    said = {"id": "1", "event": "placed", "order": {"number": "7"}, "name": "Мария", "phone": "+79161234567"}
    read = TOLD["orders"](said, "RU")
    assert isinstance(read, OrderChanged)
    assert (read.sender.name, read.sender.phone) == ("Мария", "+79161234567")


@pytest.mark.parametrize(
    ("given", "minor"),
    [(12_500, 12_500), ("12500", 1_250_000), ("12 500,5", 1_250_050), ("12\u00a0500.50", 1_250_050), (None, None)],
)
def test_a_whole_number_is_in_minor_units_and_a_text_in_major_ones(given: Any, minor: int | None):
    read = TOLD["orders"]({"id": "1", "event": "placed", "order": {"number": "7", "total": given}}, "RU")
    assert isinstance(read, OrderChanged)
    assert read.total == minor


@pytest.mark.parametrize(
    ("given", "said"), [("yes", True), ("TRUE", True), (1, True), ("0", False), ("нет", False), ("", None)]
)
def test_yes_and_no_are_understood_however_they_are_spelled(given: Any, said: bool | None):
    read = TOLD["orders"]({"id": "1", "event": "placed", "order": {"number": "7", "paid": given}}, "RU")
    assert isinstance(read, OrderChanged)
    assert read.paid is said


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("Колодки\nДиски", ("Колодки", "Диски")),
        (
            [{"name": "Колодки", "quantity": "2"}, {"title": "Шланг, м", "qty": 1.5}, 42],
            ("Колодки × 2", "Шланг, м × 1.5", "42"),
        ),
    ],
)
def test_what_was_ordered_may_be_a_text_or_a_list(given: Any, lines: tuple[str, ...]):
    read = TOLD["orders"]({"id": "1", "event": "placed", "order": {"number": "7", "items": given}}, "RU")
    assert isinstance(read, OrderChanged)
    assert read.items == lines


@pytest.mark.parametrize(
    "given",
    [
        {"amount": -500},
        {"amount": "-5.00"},
        {"amount": 500, "status": "refunded"},
        {"amount": -500, "status": "Refund"},
    ],
)
def test_money_that_went_back_is_less_than_nothing(given: dict[str, Any]):
    read = TOLD["payments"]({"id": "1", "order": "7", **given}, "RU")
    assert isinstance(read, PaymentReceived)
    assert read.amount == -500


@pytest.mark.parametrize("first", ["payment", "order"])
async def test_an_order_whose_first_news_told_nothing_of_its_customer_finds_its_request_when_one_does(
    shop: Shop, first: str
):
    await wrote(shop)
    if first == "payment":
        await told(shop, "payments", order="4711", amount="250.00")
    else:
        await told(shop, "orders", event="placed", order={"number": "4711", "total": 125_000})
    assert len(await open_deals(shop)) == 2
    await ordered(shop, "placed" if first == "payment" else "in_work")
    (deal,) = await open_deals(shop)
    assert deal["fields"]["order"] == "4711"
    assert deal["fields"].get("paid_sum") == (25_000 if first == "payment" else None)
    assert len({e["contact_id"] for e in await shop.all("entries") if e["deal_id"] == deal["id"]}) == 1
    await shop.hear(CallEnded(Sender("call", "calls", PHONE, phone=PHONE), "missed", "in"))
    await shop.settle()
    assert len(await open_deals(shop)) == 1


async def test_a_call_finds_the_order_whose_later_news_told_its_phone(shop: Shop):
    await told(shop, "orders", event="placed", order={"number": "4711", "total": 125_000})
    await ordered(shop, "in_work")
    await shop.hear(CallEnded(Sender("call", "calls", PHONE, phone=PHONE), "missed", "in"))
    await shop.settle()
    (deal,) = await open_deals(shop)
    assert deal["fields"]["order"] == "4711"


async def test_an_order_of_somebody_known_otherwise_is_only_suggested_for_whose_phone_it_tells(shop: Shop):
    """An e-mail had led to one person, the phone leads to another: whether they are one is for people to say."""
    await wrote(shop)
    about = {"number": "4711", "total": 125_000}
    await told(shop, "orders", event="placed", order=about, customer={"email": "anna@example.com"})
    await told(shop, "orders", event="in_work", order=about, customer={"phone": PHONE})
    assert len(await open_deals(shop)) == 2
    (pair,) = await shop.all("duplicates")
    assert (pair["state"], pair["reasons"]) == ("open", [["phone", PHONE]])


async def test_all_orders_that_went_in_one_parcel_hear_of_it(shop: Shop):
    for number in ("4711", "4712"):
        await ordered(shop, "placed", number=number)
        await ordered(shop, "in_work", number=number, tracking="RB123456789RU")
    assert len(await open_deals(shop)) == 2
    await told(shop, "parcels", tracking="RB123456789RU", status="created")
    assert [deal["fields"]["parcel"] for deal in await open_deals(shop)] == ["created", "created"]
    await told(shop, "parcels", tracking="RB123456789RU", status="created")
    assert len([e for e in await shop.all("entries") if e["kind"] == "parcel"]) == 2
