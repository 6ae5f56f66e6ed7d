"""Everything that a contact says lands in their active deal, whichever funnel it is in."""

from gateway.desk import Move, OpenDeal, SteerBot, Write
from gateway.events import CallEnded, FormSubmitted, MessageEdited, ReachChanged
from tests.shop import Shop


async def in_the_mail(shop: Shop, who: str = "1") -> int:
    """A customer whose order is won and whose parcel is on its way: only the deal of the mail funnel is open."""
    await shop.write("позовите менеджера", who=who)
    contact = (await shop.all("deals"))[-1]["contact_id"]
    await shop.ask(Move("won"), (await shop.all("deals"))[-1]["id"])
    return await shop.ask(OpenDeal("mail", "Посылка"), contact=contact)


async def open_deals(shop: Shop) -> list[int]:
    return [d["id"] for d in await shop.all("deals") if d["closed_at"] is None]


async def test_a_reply_is_heard_in_the_deal_that_is_open_though_new_inquiries_go_to_another_funnel(shop: Shop) -> None:
    parcel = await in_the_mail(shop)
    await shop.write("Где моя посылка?")
    assert await open_deals(shop) == [parcel]
    (entry,) = [e for e in await shop.all("entries") if e["text"] == "Где моя посылка?"]
    assert entry["deal_id"] == parcel
    assert (await shop.deal(parcel))["waiting_since"] == shop.clock.now()
    assert [r["status"] for r in await shop.all("runs")].count("running") == 0  # no bot speaks into a person's talk


async def test_a_manager_who_writes_from_there_is_answered_there(shop: Shop) -> None:
    parcel = await in_the_mail(shop)
    await shop.write("Где моя посылка?")
    await shop.ask(Write("Завтра будет в отделении"), parcel)
    await shop.write("Спасибо")
    assert shop.paper.texts()[-1] == "Завтра будет в отделении"
    assert [e["deal_id"] for e in await shop.all("entries") if e["text"] == "Спасибо"] == [parcel]


async def test_a_bot_that_was_started_there_hears_the_answer(shop: Shop) -> None:
    parcel = await in_the_mail(shop)
    await shop.write("Где моя посылка?")
    await shop.ask(SteerBot("start"), parcel)
    said = len(shop.paper.sent)
    await shop.write("1")
    await shop.later(seconds=5)
    assert len(shop.paper.sent) > said
    assert await open_deals(shop) == [parcel]


async def test_forms_calls_edits_and_blocks_are_of_that_deal_too(shop: Shop) -> None:
    parcel = await in_the_mail(shop)
    before = len(await shop.all("entries"))
    sender = shop.sender()
    await shop.hear(FormSubmitted(sender, "parts", {"vin": "X"}), CallEnded(sender, "missed", "in"))
    await shop.hear(MessageEdited(sender, "1", "Где же моя посылка?"), ReachChanged(sender, "blocked"))
    await shop.settle()
    assert await open_deals(shop) == [parcel]
    assert {e["deal_id"] for e in (await shop.all("entries"))[before:]} == {parcel}
    assert await shop.balanced()


async def test_where_both_are_open_the_one_that_new_inquiries_go_to_hears(shop: Shop) -> None:
    parcel = await in_the_mail(shop)
    contact = (await shop.deal(parcel))["contact_id"]
    order = await shop.ask(OpenDeal("retail", "Новый заказ"), contact=contact)
    await shop.write("Ещё колодки, пожалуйста")
    assert [e["deal_id"] for e in await shop.all("entries") if e["text"] == "Ещё колодки, пожалуйста"] == [order]


async def test_with_no_deal_open_an_inquiry_opens_one_where_inquiries_go(shop: Shop) -> None:
    parcel = await in_the_mail(shop)
    await shop.ask(Move("won"), parcel)
    await shop.write("Здравствуйте")
    (opened,) = await open_deals(shop)
    assert (await shop.deal(opened))["funnel"] == "retail"
