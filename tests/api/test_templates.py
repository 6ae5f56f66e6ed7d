"""Templates as a composer meets them: looked for, filled in to be read, and sent whole or not at all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bots.kit.events import Media
from bots.kit.templates import Template
from bots.kit.words import plain
from gateway.channels.limits import LIMITS
from gateway.house import Attached
from tests.api.conftest import ADMIN, Shop, both_databases

only = pytest.mark.parametrize


async def found(shop: Shop, **query: str) -> list[str]:
    return [one["name"] for one in (await shop.get("/templates", params=query))["items"]]


@only(
    ("query", "first"),
    [
        ({"q": "готов к выдаче"}, "pickup_ready"),
        ({"q": "pickup"}, "pickup_ready"),
        ({"q": "отслеживания"}, "parcel_sent"),
        ({"q": "СПАСИБО за покупку"}, "rating"),
        ({"q": "отслежевания"}, "parcel_sent"),
        ({"q": "звоним вам по заявке а вы не берёте трубку, напишите, когда удобно"}, "no_answer"),
        ({"q": "совсем другое дело"}, None),
        ({"q": "'; DROP TABLE deals;--"}, None),
    ],
)
async def test_a_template_is_found_by_words_of_its_name_or_text_or_by_a_text_like_it(
    shop: Shop, query: dict[str, str], first: str | None
) -> None:
    names = await found(shop, **query)
    assert (names[0] if names else None) == first


async def test_the_list_tells_what_each_needs_and_what_its_provider_says(shop: Shop) -> None:
    items = {
        one["name"]: one for one in (await shop.get("/templates?channel=whatsapp", shop.token("marketer")))["items"]
    }
    price, ready, offer = items["price"], items["pickup_ready"], items["offer"]
    assert price["title"] == "Цена и срок"
    assert "{name}, нашли то, что вы искали:\n{_деталь} — {_цена} ₽" in price["text"]
    assert (price["variables"], [one["title"] for one in price["blanks"]]) == (["name"], ["деталь", "цена", "срок"])
    assert (price["approvals"], price["attachments"], price["languages"], price["subject"]) == ([], [], ["ru"], None)
    assert [(one["channel"], one["language"], one["state"]) for one in ready["approvals"]] == [
        ("whatsapp", "ru", "approved")
    ]
    assert ready["subject"] == "Заказ {order} готов к выдаче"
    assert "Северной" in ready["text"]
    assert (offer["used_by"], ready["used_by"]) == (["offer_followup"], [])
    assert "здесь, в WhatsApp" in items["call_missed"]["text"]


async def test_only_what_may_leave_outside_the_window_can_be_asked_for(shop: Shop) -> None:
    names = await found(shop, channel="whatsapp", approved="true")
    assert "pickup_ready" in names
    assert "price" not in names
    assert await found(shop, channel="sms", approved="true") == []
    assert len(await found(shop, limit="3")) == 3


async def preview(shop: Shop, deal: dict[str, Any], template: str, **more: Any) -> dict[str, Any]:
    status, body = await shop.call("POST", f"/deals/{deal['id']}/preview", json={"template": template, **more})
    assert status == 200, body
    return dict(body)


@both_databases
async def test_a_manager_reads_the_message_and_its_gaps_before_it_is_sent(shop: Shop) -> None:
    deal = await shop.deal("+79161234567", channel="whatsapp", name="иВАН", phone="+79161234567")
    token = shop.token(name="Ольга")
    made = await preview(shop, deal, "price", variables={"_цена": "100"})
    assert made["text"].startswith("Иван, нашли то, что вы искали:\n{_деталь} — 100 ₽, срок {_срок}.")
    assert (made["channel"], made["language"], made["sends"], made["refused"]) == ("whatsapp", "ru", "text", "value")
    assert made["blanks"] == [{"name": "_деталь", "title": "деталь"}, {"name": "_срок", "title": "срок"}]
    assert (made["empty"], made["variables"]) == ([], {"name": "Иван", "_цена": "100"})
    assert [(one["code"], one["variable"]) for one in made["warnings"]] == [("case", "name")]
    assert "иВАН" in made["warnings"][0]["text"]
    at = f"/deals/{deal['id']}/messages"
    status, refused = await shop.call("POST", at, token, json={"template": "price", "variables": {"_цена": "100"}})
    assert (status, refused["error"]["field"]) == (422, "variables._деталь")
    filled = {"_цена": "100", "_деталь": "Колодки", "_срок": "завтра"}
    made = await preview(shop, deal, "price", variables=filled)
    assert (made["refused"], made["parts"], made["limit"]) == (None, [made["text"]], 1600)
    status, sent = await shop.call("POST", at, token, json={"template": "price", "variables": filled})
    assert (status, sent["text"], sent["data"]["template"]) == (200, made["text"], "price")


@both_databases
async def test_outside_the_window_only_an_approved_one_may_go_and_the_preview_says_so(shop: Shop) -> None:
    deal = await shop.deal("+79161234567", channel="whatsapp", phone="+79161234567")
    await shop.call("POST", f"/deals/{deal['id']}/take")
    shop.clock.advance(25 * 3_600_000)
    made = await preview(shop, deal, "no_answer")
    assert (made["refused"], made["state"]) == ("approval", None)
    made = await preview(shop, deal, "pay")
    assert (made["refused"], made["empty"], made["state"]) == ("value", ["order", "total"], None)
    made = await preview(shop, deal, "pickup_ready")
    assert (made["refused"], made["empty"], made["state"], made["sends"]) == (None, [], "approved", "approved")
    await shop.call("PATCH", f"/deals/{deal['id']}", json={"fields": {"order": "48213"}})
    made = await preview(shop, deal, "pickup_ready")
    assert (made["refused"], made["subject"]) == (None, "Заказ 48213 готов к выдаче")
    status, sent = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"template": "pickup_ready"})
    assert (status, sent["text"]) == (200, made["text"])


async def test_a_doubtful_name_is_told_of_and_can_be_given_otherwise(shop: Shop) -> None:
    deal = await shop.deal(name="Дом 2")
    made = await preview(shop, deal, "no_answer")
    assert made["text"].startswith("Дом, звоним")
    assert [one["code"] for one in made["warnings"]] == ["digits", "no_name"]
    made = await preview(shop, deal, "no_answer", variables={"name": "Пётр"})
    assert (made["text"][:12], made["warnings"]) == ("Пётр, звоним", [])


async def test_a_customer_without_an_address_can_be_read_to_but_not_written_to(shop: Shop) -> None:
    deal = await shop.open_deal(name="Анна")
    made = await preview(shop, deal, "no_answer")
    assert (made["channel"], made["text"][:4], made["refused"]) == (None, "Анна", "channel")
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"template": "no_answer"})
    assert (status, refused["error"]["field"]) == (422, "channel")


async def test_a_phone_can_be_read_to_and_written_to_by_the_channel_that_is_named(shop: Shop) -> None:
    deal = await shop.open_deal(name="Анна", phone="+79161234567")
    made = await preview(shop, deal, "pickup_ready", channel="whatsapp")
    assert (made["channel"], made["sends"], made["refused"]) == ("whatsapp", "approved", None)
    given = {"template": "pickup_ready", "channel": "whatsapp"}
    status, sent = await shop.call("POST", f"/deals/{deal['id']}/messages", json=given)
    assert (status, sent["channel"], sent["text"]) == (200, "whatsapp", made["text"])
    shown = await shop.get(f"/deals/{deal['id']}")
    assert [(one["channel"], one["address"]) for one in shown["contact"]["identities"]] == [
        ("whatsapp", "+79161234567")
    ]


@only(
    ("body", "field"),
    [
        ({"template": "x"}, "template"),
        ({}, "template"),
        ({"template": "price", "channel": "pigeon"}, "channel"),
        ({"template": "price", "variables": {"a": []}}, "variables.a"),
        ({"template": "price", "variables": {"a": True}}, "variables.a"),
        ({"template": "price", "text": "а"}, "text"),
    ],
)
async def test_a_preview_that_cannot_be_is_refused_by_its_field(shop: Shop, body: dict[str, Any], field: str) -> None:
    deal = await shop.deal()
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/preview", json=body)
    assert (status, refused["error"]["field"]) == (422, field)


async def test_a_preview_is_for_those_who_may_see_the_deal(shop: Shop) -> None:
    deal = await shop.deal()
    at = f"/deals/{deal['id']}/preview"
    assert (await shop.call("POST", at, shop.token("marketer"), json={"template": "price"}))[0] == 404
    assert (await shop.call("POST", "/deals/999999/preview", json={"template": "price"}))[0] == 404


async def test_a_closed_deal_is_told_of_before_anything_is_written(shop: Shop) -> None:
    deal = await shop.deal()
    await shop.call("POST", f"/deals/{deal['id']}/move", json={"stage": "lost", "reason": "price"})
    assert (await preview(shop, deal, "no_answer"))["refused"] == "closed"


async def test_a_language_belongs_to_a_template(shop: Shop) -> None:
    deal = await shop.deal()
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"text": "а", "language": "ru"})
    assert (status, refused["error"]["field"]) == (422, "language")


async def test_files_that_are_more_than_a_mail_carries_are_told_of_before_anything_is_written(shop: Shop) -> None:
    house, most = shop.ctx.house, LIMITS["email"].together
    house.channels = {**house.channels, "email:mail": LIMITS["email"]}
    files = {name: Media("document", f"stored:{name}", name, "application/pdf", most) for name in ("a.pdf", "b.pdf")}
    house.attached = {name: Attached(file, Path(name)) for name, file in files.items()}
    house.playbook = replace(
        house.playbook,
        templates={
            name: Template(name, plain("Прайс"), "ru", attach=tuple(files)[:n]) for name, n in (("one", 1), ("two", 2))
        },
    )
    deal = await shop.open_deal(email="anna@example.org")
    assert (await preview(shop, deal, "one", channel="email"))["refused"] is None
    made = await preview(shop, deal, "two", channel="email")
    assert (made["refused"], [one["sent"] for one in made["attachments"]]) == ("size", [True, True])
    status, told = await shop.call(
        "POST", f"/deals/{deal['id']}/messages", json={"template": "two", "channel": "email"}
    )
    assert (status, told["error"]["field"]) == (422, "template")


async def test_a_file_by_its_address_is_handed_over_as_that_address(shop: Shop) -> None:
    link = "https://example.com/map.png"
    house = shop.ctx.house
    house.playbook = replace(
        house.playbook, templates={"map": Template("map", plain("Как нас найти"), "ru", attach=(link,))}
    )
    deal = await shop.deal("+79161234567", channel="whatsapp", phone="+79161234567")
    assert (await preview(shop, deal, "map"))["attachments"] == [{"name": link, "sent": True}]
    _, sent = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"template": "map"})
    assert [(one["kind"], one["name"]) for one in sent["media"]] == [("photo", "map.png")]
    headers = {"Authorization": f"Bearer {ADMIN}"}
    async with shop.http.get(shop.url + sent["media"][0]["url"], headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, link)


async def test_all_that_a_message_still_lacks_is_named_and_numbers_are_filled_in_as_people_write_them(
    shop: Shop,
) -> None:
    deal = await shop.deal()
    at = f"/deals/{deal['id']}/messages"
    status, refused = await shop.call("POST", at, json={"template": "price", "variables": {"_цена": 4500}})
    assert (status, refused["error"]["field"]) == (422, "variables._деталь")
    assert "_срок" in refused["error"]["message"]
    status, refused = await shop.call("POST", at, json={"text": "Есть {_деталь} за {_цена}"})
    assert (status, refused["error"]["message"]) == (422, "{_деталь}, {_цена} are not filled in")
    filled = {"_деталь": "колодки", "_цена": 4500.5, "_срок": 2**53 + 1}
    made = await preview(shop, deal, "price", variables=filled)
    status, sent = await shop.call("POST", at, json={"template": "price", "variables": filled})
    assert (status, sent["text"]) == (200, made["text"])
    assert "колодки — 4500.5 ₽, срок 9007199254740993." in sent["text"]
