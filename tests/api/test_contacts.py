"""Contacts over the API: found, and put right with whatever leads to them. On both databases."""

import asyncio
from typing import Any

from gateway.events import CallEnded, Received, Sender
from tests.api.conftest import PATIENCE_S, Shop, both_databases

RIGHT, WRONG = "+79161234567", "+79160000000"


async def called(shop: Shop, phone: str) -> None:
    """Somebody could not get through from this number."""
    call = CallEnded(Sender("phone", "calls", phone, phone=phone), "missed", "in")
    await shop.ctx.intake.accept("phone", "calls", [Received(f"c{next(shop.numbers)}", call, b"{}")])
    waiting = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
    async with asyncio.timeout(PATIENCE_S):
        while await shop.ctx.db.read(lambda c: c.exec_driver_sql(waiting).scalar()):
            await asyncio.sleep(0.01)


async def points(shop: Shop) -> dict[str, int]:
    return await shop.ctx.db.read(lambda c: dict(c.exec_driver_sql("SELECT key, contact_id FROM points").all()))


async def found(shop: Shop, query: str) -> list[str]:
    return [one["name"] for one in (await shop.get(f"/contacts{query}"))["items"]]


@both_databases
async def test_contacts_are_found_by_name_phone_and_mail_newest_first(shop: Shop) -> None:
    for name, phone, email in (("Анна", RIGHT, ""), ("Борис", "", "boris@example.com"), ("Вера", WRONG, "")):
        await shop.open_deal(name=name, phone=phone, email=email)
    assert await found(shop, "") == ["Вера", "Борис", "Анна"]
    assert await found(shop, "?q=анн") == ["Анна"]
    assert await found(shop, "?q=BORIS@") == ["Борис"]
    assert await found(shop, "?phone=8 916 123-45-67") == ["Анна"]
    assert await found(shop, "?phone=0000") == ["Вера"]
    pages, cursor = [], ""
    for _ in range(3):
        page = await shop.get(f"/contacts?limit=1{cursor}")
        pages += [one["name"] for one in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert pages == ["Вера", "Борис", "Анна"]
    assert (await shop.call("GET", "/contacts?phone=x"))[0] == 422
    assert (await shop.call("GET", "/contacts", shop.token("marketer")))[0] == 404


@both_databases
async def test_a_wrong_phone_leads_to_nobody_any_more_and_the_right_one_to_the_contact(shop: Shop) -> None:
    deal, anna = await shop.open_deal(name="анна", phone=WRONG), shop.token(name="Мария")
    contact = deal["contact"]["id"]
    status, now = await shop.call(
        "PATCH", f"/contacts/{contact}", anna, json={"name": " Анна  Лебедева", "phone": "8 916 123-45-67", "email": "Anna@Example.com"}
    )  # fmt: skip
    assert (status, now["name"], now["phone"], now["email"]) == (200, "Анна Лебедева", RIGHT, "anna@example.com")
    assert ("email", "anna@example.com") in [(one["channel"], one["address"]) for one in now["identities"]]
    assert await points(shop) == {f"phone:{RIGHT}": contact, "email:anna@example.com": contact}
    told = (await shop.get(f"/deals/{deal['id']}/timeline"))["items"][-1]
    assert (told["text"], told["person"]["name"]) == (
        f"Мария: клиент: имя теперь Анна Лебедева, телефон теперь {RIGHT}, e-mail теперь anna@example.com", "Мария",
    )  # fmt: skip
    await called(shop, RIGHT)
    await called(shop, WRONG)
    mine, other = (
        (await shop.get("/deals?phone=%2B79161234567"))["items"],
        (await shop.get(f"/deals?phone={WRONG[1:]}"))["items"],
    )
    assert [one["contact"]["id"] for one in mine] == [contact]
    assert contact not in [one["contact"]["id"] for one in other]


@both_databases
async def test_who_corrects_and_corrects_back_is_within_reach_again(shop: Shop) -> None:
    deal = await shop.open_deal(name="Анна", email="anna@example.com")
    for value in ("ana@example.com", "anna@example.com"):
        status, now = await shop.call("PATCH", f"/contacts/{deal['contact']['id']}", json={"email": value})
        assert status == 200, now
    assert {one["address"]: one["barred"] for one in now["identities"]} == {
        "anna@example.com": None, "ana@example.com": "not_found",
    }  # fmt: skip


@both_databases
async def test_a_phone_that_is_another_contacts_is_told_of_and_nothing_changes(shop: Shop) -> None:
    theirs = (await shop.open_deal(name="Анна", phone=RIGHT, email="anna@example.com"))["contact"]["id"]
    mine = (await shop.open_deal(name="Борис", phone=WRONG))["contact"]["id"]
    for field, value in (("phone", RIGHT), ("email", "anna@example.com")):
        status, refused = await shop.call("PATCH", f"/contacts/{mine}", json={field: value, "name": "Другой"})
        error = refused["error"]
        assert (status, error["code"], error["field"], error["contact"]) == (409, f"{field}_taken", field, theirs)
    now = await shop.get(f"/contacts/{mine}")
    assert (now["name"], now["phone"], now["email"]) == ("Борис", WRONG, None)
    assert (await points(shop))[f"phone:{RIGHT}"] == theirs
    await shop.call("POST", f"/contacts/{theirs}/merge", json={"from": mine})
    status, refused = await shop.call("PATCH", f"/contacts/{mine}", json={"name": "Борис"})
    assert (status, refused["error"]["code"], refused["error"]["current"]["id"]) == (409, "moved", theirs)
    assert theirs in [one["id"] for one in (await shop.get("/contacts"))["items"]]
    assert mine not in [one["id"] for one in (await shop.get("/contacts"))["items"]]


async def test_a_phone_that_a_channel_has_proved_goes_on_leading_to_its_owner(shop: Shop) -> None:
    deal = await shop.deal(RIGHT, channel="whatsapp", phone=RIGHT)
    contact = deal["contact"]["id"]
    status, now = await shop.call("PATCH", f"/contacts/{contact}", json={"phone": WRONG})
    assert (status, now["phone"]) == (200, WRONG)
    assert await points(shop) == {f"phone:{RIGHT}": contact, f"phone:{WRONG}": contact}


async def test_what_cannot_be_is_named(shop: Shop) -> None:
    contact = (await shop.open_deal(name="Анна"))["contact"]["id"]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"phone": "12"}, "phone"), ({"email": "anna"}, "email"), ({"name": None}, "name"), ({"name": ""}, "name"), ({"age": 7}, "age"),
    ]  # fmt: skip
    for body, field in wrong:
        status, refused = await shop.call("PATCH", f"/contacts/{contact}", json=body)
        assert (status, refused["error"]["field"]) == (422, field)
    assert (await shop.call("PATCH", "/contacts/999999", json={"name": "Анна"}))[0] == 404
    status, now = await shop.call("PATCH", f"/contacts/{contact}", json={})
    assert (status, now["name"]) == (200, "Анна")
