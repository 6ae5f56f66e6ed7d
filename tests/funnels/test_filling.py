"""Fields are held to their kind at every door: people are refused, machines' words are noted, robots reckon; on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bots.kit.recording import Edited
from gateway.desk import Edit, Invalid, Move, Take
from gateway.events import FormSubmitted, OrderChanged, PaymentReceived, Sender
from gateway.recordings import _scenes
from gateway.unions import words_of
from state import merging, parting
from state.records import Entry
from tests.audit.shops import audit
from tests.merged import CAUSE
from tests.shop import ANNA, PaperChannel, Shop, open_shop

PHONE = "+79161234567"
BOOK = """
playbook: Прокат и букеты
language: ru
zone: Europe/Moscow
currency: RUB
fields:
  budget: {title: Стоимость, kind: money}
  advance: {title: Аванс, kind: money}
  rest: {title: Осталось, kind: money, is: budget - advance - paid_sum}
  come_on: {title: Когда приедет, kind: date}
  loan_back: {title: Когда вернёт, kind: date}
  loan_bike: {title: Велосипед, choices: [Городской, горный]}
  people: {title: Сколько человек, kind: number}
  second_phone: {title: Второй телефон, kind: phone}
  office: {title: Офис, choices: [Северный, Заводской]}
  wish: Пожелание
funnels:
  loans:
    title: Прокат
    stages:
      asked: Спросили
      agreed:
        title: Договорились
        required: [come_on, budget]
        robots:
          eve: {at: come_on, before: 1d, do: [{message: {text: "Завтра ждём вас", else: task}}]}
      lent:
        title: Выдан
        required: [loan_bike]
        robots:
          back: {do: [{set: {loan_back: {in: 7d}}}]}
          late: {at: loan_back, in: 1h, do: [{tag: просрочен}]}
      booked:
        title: Забронирован
        robots:
          until: {do: [{set: {loan_back: {from: come_on, in: 2d}}}, {set: {advance: "{wish}"}}, {set: {wish: взял}}]}
    won: Вернули
    lost: Нет
    triggers:
      paid: {on: payment, from: [asked, agreed], do: [{move: lent}]}
sources:
  message: {funnel: loans}
  order: {funnel: loans}
reasons: {silence: Молчит, not_a_customer: Не клиент}
"""


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "playbook.yaml").write_text(BOOK, encoding="utf-8")
    made = open_shop(database_url, channels=[PaperChannel("chat")], playbook=str(tmp_path))
    yield made
    await made.db.close()


async def fields(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.deal())["fields"]
    return found


async def form(shop: Shop, **said: Any) -> None:
    await shop.hear(FormSubmitted(Sender("form", "loan", PHONE, "Анна", PHONE), "loan", said))
    await shop.settle()


async def notes(shop: Shop) -> list[str]:
    return [entry["text"] for entry in await shop.all("entries") if entry["kind"] == "note"]


# -- people --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        ("budget", "много", "must be a sum of money"),
        ("budget", "$100", "in RUB"),
        ("come_on", "как-нибудь", "must be a date: 2026-03-20"),
        ("loan_bike", "самокат", "must be one of: Городской, горный"),
        ("people", "двое", "must be a number"),
        ("second_phone", "12-34", "must be a whole phone number"),
        ("total", "много", "must be a sum of money"),
        ("total", 1.5, "as a text, hundredths .350050. as a whole number"),
        ("advance", 1500.0, "as a text, hundredths .350050. as a whole number"),
        ("total", -5, "must not be below zero"),
        ("total", "-5", "must not be below zero"),
        ("rest", 5, "is reckoned by itself from: Стоимость, Аванс, Оплачено"),
    ],
)
async def test_a_person_is_refused_with_what_is_wanted_and_nothing_is_changed(
    shop: Shop, name: str, said: Any, wanted: str
):
    await shop.write("Здравствуйте")
    for command in (Edit(fields={"wish": "синий", name: said}), Move("booked", fields={"wish": "синий", name: said})):
        with pytest.raises(Invalid, match=wanted) as refused:
            await shop.ask(command)
        assert refused.value.name == f"fields.{name}"
    assert ((await shop.deal())["stage"], await fields(shop)) == ("asked", {})


async def test_what_a_person_writes_in_another_way_is_kept_in_one(shop: Shop):
    await shop.write("Здравствуйте")
    said = {
        "budget": "3 500,50 ₽", "come_on": "20.03.2026 18:00", "loan_bike": "городской", "people": "4", "second_phone": "8 916 123-45-67",
        "wish": "3500",
    }  # fmt: skip
    await shop.ask(Edit(fields=said))
    kept = {
        "budget": 350_050, "come_on": "2026-03-20T18:00", "loan_bike": "Городской", "people": 4, "second_phone": PHONE, "wish": "3500",
        "rest": 350_050,
    }  # fmt: skip
    assert await fields(shop) == kept
    told = [entry for entry in await shop.all("entries") if entry["data"].get("event") == "changed"]
    assert told[-1]["data"]["fields"] == {name: kept[name] for name in said}
    await shop.ask(Edit(fields={**said, "rest": 350_050}))
    again = [entry for entry in await shop.all("entries") if entry["data"].get("event") == "changed"]
    assert len(again) == len(told), "the same said in the same words again changes nothing"
    await shop.ask(Edit(fields={"budget": None, "come_on": "", "loan_bike": " "}))
    assert {name: (await fields(shop))[name] for name in ("budget", "come_on", "loan_bike")} == {
        "budget": None, "come_on": "", "loan_bike": "",
    }  # fmt: skip


async def test_a_robot_keeps_to_a_date_that_was_written_as_people_write_it(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Move("agreed", fields={"come_on": "завтра в 20:00", "budget": "500"}))
    await shop.later(hours=8)
    assert "Завтра ждём вас" in [out.text for out in shop.paper.sent], "a day before tomorrow, 20:00"


async def test_values_from_before_stay_and_break_nothing(shop: Shop):
    await shop.write("Здравствуйте")
    old = {"budget": "много", "come_on": "завтра", "loan_bike": "самокат", "advance": "1250,5", "rest": ""}
    deal = await shop.deal()

    def keep_as_before(conn: Any) -> None:
        from state import tables  # noqa: PLC0415

        conn.execute(tables.deals.update().where(tables.deals.c.id == deal["id"]).values(fields=old))

    await shop.db.write(keep_as_before)
    await shop.ask(Edit(fields={**old, "wish": "синий"}))  # a form that sends all it shows
    assert await fields(shop) == {**old, "wish": "синий"}
    await shop.ask(Move("agreed"))  # what is required is filled in, if oddly
    await shop.later(hours=30)
    await audit(shop)
    await shop.ask(Edit(fields={"budget": 350_000}))
    assert (await fields(shop))["rest"] == 350_000 - 125_050


# -- machines ------------------------------------------------------------------------------------------------------------


async def test_what_a_form_brings_is_kept_by_kind_and_what_does_not_fit_stands_in_a_note(shop: Shop):
    await form(shop, budget="3500", come_on="20.03.2026", loan_bike="самокат", people="двое", rest="0", wish="синий")
    assert await fields(shop) == {
        "form": "loan", "budget": 350_000, "come_on": "2026-03-20", "wish": "синий", "rest": 350_000,
    }  # fmt: skip
    (note,) = await notes(shop)
    assert note.splitlines() == [
        "Не записано в поле «Велосипед»: «самокат». Выбрать можно только из списка: Городской, горный",
        "Не записано в поле «Сколько человек»: «двое». Нужно число",
        "Не записано в поле «Осталось»: «0». Это поле рассчитывается само",
    ]
    whole = [entry["text"] for entry in await shop.all("entries") if entry["kind"] == "message"]
    assert "loan_bike: самокат" in whole[0], "the form itself is there as it came"
    rows = [Entry(**row) for row in await shop.all("entries")]
    (edited,) = [scene for scene in _scenes(rows) if isinstance(scene, Edited)]
    assert edited.fields == {"budget": 350_000, "come_on": "2026-03-20", "wish": "синий"}, "as it is played again"
    assert await shop.balanced()


async def test_a_form_leaves_a_field_that_it_cannot_fill_as_it_was(shop: Shop):
    await form(shop, people=2)
    await form(shop, people="много", come_on="не знаю")
    assert ((await fields(shop))["people"], "come_on" in await fields(shop)) == (2, False)
    assert ["«Когда приедет»: «не знаю»" in note for note in await notes(shop)] == [True], "people was not empty"


async def test_an_office_that_is_not_listed_is_noted_and_the_order_is_kept(shop: Shop):
    sender = Sender("order", "orders", "4711", "Анна", PHONE)
    await shop.hear(OrderChanged(sender, "4711", "placed", total=10_000, office="Склад 2"))
    await shop.settle()
    kept = await fields(shop)
    assert (kept["order"], kept["total"], "office" in kept) == ("4711", 10_000, False)
    assert [note for note in await notes(shop) if "«Офис»: «Склад 2»" in note]
    await shop.hear(OrderChanged(sender, "4711", "ready", office="заводской"))
    await shop.settle()
    assert (await fields(shop))["office"] == "Заводской"


# -- robots --------------------------------------------------------------------------------------------------------------


async def test_a_robot_reckons_a_date_and_others_keep_to_it(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Move("lent", fields={"loan_bike": "горный"}))
    assert (await fields(shop))["loan_back"] == "2025-12-01T13:00", "in 7 days, on the shop's clock"
    await shop.later(hours=24 * 7 + 0.9)
    assert (await shop.deal())["tags"] == []
    await shop.later(hours=0.2)
    assert (await shop.deal())["tags"] == ["просрочен"]


async def test_what_a_robot_cannot_write_is_noted_and_the_rest_of_its_deeds_is_done(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Move("booked", fields={"wish": "сколько не жалко"}))
    assert await fields(shop) == {"wish": "взял"}
    assert await notes(shop) == [
        "Поле «Когда вернёт» не рассчитано: в поле «Когда приедет» нет даты",
        "Не записано в поле «Аванс»: «сколько не жалко». Нужна сумма, например 3 500,50",
    ]
    await shop.ask(Move("asked"))
    await shop.ask(Move("booked", fields={"come_on": "2026-03-20", "wish": "1250"}))
    assert ((await fields(shop))["loan_back"], (await fields(shop))["advance"]) == ("2026-03-22", 1_250), (
        "the author of a playbook writes minor units"
    )


# -- what a stage requires -------------------------------------------------------------------------------------------------


async def test_a_take_is_never_refused_for_a_field_and_says_what_is_wanting(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(fields={"budget": 350_000}))
    await shop.ask(Take())
    deal = await shop.deal()
    assert (deal["owner"], deal["responsible_id"], deal["stage"]) == ("person", ANNA.id, "asked")
    told = [entry for entry in await shop.all("entries") if entry["data"].get("event") == "wanting"]
    assert [(entry["text"], entry["data"]["fields"]) for entry in told] == [
        ("Для этапа «Договорились» не хватает: Когда приедет. Заполните и переведите сделку", ["come_on"])
    ]
    with pytest.raises(Invalid, match="Когда приедет") as refused:
        await shop.ask(Move("agreed"))
    assert refused.value.name == "fields.come_on"
    with pytest.raises(Invalid, match="Стоимость"):
        await shop.ask(Move("agreed", fields={"come_on": "20.03.2026", "budget": ""}))
    await shop.ask(Move("agreed", fields={"come_on": "20.03.2026"}))
    assert (await shop.deal())["stage"] == "agreed"


async def test_a_take_with_all_that_is_required_moves_on(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(fields={"budget": 350_000, "come_on": "2026-03-20"}))
    await shop.ask(Take())
    assert (await shop.deal())["stage"] == "agreed"
    assert "wanting" not in [entry["data"].get("event") for entry in await shop.all("entries")]


async def test_a_trigger_moves_without_what_is_required_and_the_audit_finds_it_by_the_stage(shop: Shop):
    await form(shop)
    await shop.ask(Edit(fields={"order": "4711", "total": 5_000}))
    await audit(shop, ["missing_field"])
    assert await shop.all("findings") == []
    await shop.hear(PaymentReceived(Sender("order", "orders", "4711", "Анна", PHONE), "4711", 5_000))
    await shop.settle()
    assert (await shop.deal())["stage"] == "lent"
    await audit(shop, ["missing_field"])
    (found,) = await shop.all("findings")
    assert (found["check_name"], found["what"]) == ("missing_field", "Не заполнено: Велосипед")
    await shop.ask(Edit(fields={"loan_bike": "горный"}))
    await audit(shop, ["missing_field"])
    assert [row["gone_at"] is None for row in await shop.all("findings")] == [False]


async def test_a_phone_that_a_stage_requires_is_met_by_what_is_known_of_the_customer(shop: Shop):
    loans = shop.house.playbook.funnels[0]
    asked, agreed, *rest = loans.stages
    wanting = replace(loans, stages=(asked, replace(agreed, required=("phone",)), *rest))
    shop.house.playbook = replace(shop.house.playbook, funnels=(wanting,))
    await shop.write("Здравствуйте")
    with pytest.raises(Invalid, match="phone"):
        await shop.ask(Move("agreed"))
    await form(shop)
    known = next(deal for deal in await shop.all("deals") if deal["source"].startswith("form"))
    await shop.ask(Move("agreed"), known["id"])
    assert (await shop.deal(known["id"]))["stage"] == "agreed"


# -- sums ----------------------------------------------------------------------------------------------------------------


async def test_what_payments_have_brought_is_reckoned_with(shop: Shop):
    await form(shop)
    await shop.ask(Edit(fields={"budget": 350_000, "advance": 50_000, "order": "4711"}))
    for amount, rest in ((100_000, 200_000), (200_000, 0)):
        await shop.hear(PaymentReceived(Sender("order", "orders", "4711", "Анна", PHONE), "4711", amount))
        await shop.settle()
        assert (await fields(shop))["rest"] == rest


async def test_a_payment_that_comes_before_its_order_is_known_counts_in_the_deal_that_it_finds(shop: Shop):
    await form(shop, budget="3500")
    await shop.hear(PaymentReceived(Sender("order", "orders", "4711", "Анна", PHONE), "4711", 100_000))
    await shop.settle()
    request, order = await shop.all("deals")
    assert (request["reason"], order["closed_at"]) == ("joined", None)
    assert (order["fields"]["budget"], order["fields"]["paid_sum"], order["fields"]["rest"]) == (
        350_000,
        100_000,
        250_000,
    )
    (merge,) = await shop.all("merges")
    words = words_of(shop.house.playbook)
    await shop.turns.together(lambda c, now: parting.undo(c, shop.db.ids, merge["id"], now, words, CAUSE))
    request, order = await shop.all("deals")
    assert (request["fields"]["rest"], order["fields"].get("rest")) == (350_000, None)


async def test_two_deals_that_a_person_joins_have_their_sums_reckoned_anew(shop: Shop):
    await shop.write("Здравствуйте", "1")
    await shop.write("Здравствуйте", "2")
    one, two = await shop.all("deals")
    await shop.ask(Edit(fields={"budget": 350_000}), one["id"])
    await shop.ask(Edit(fields={"advance": 50_000}), two["id"])
    words = words_of(shop.house.playbook)
    ids = shop.db.ids
    await shop.turns.together(lambda c, now: merging.merge_deals(c, ids, one["id"], two["id"], now, words, CAUSE))
    assert (await shop.deal(one["id"]))["fields"]["rest"] == 300_000
