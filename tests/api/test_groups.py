"""Companies that deals are made for, and audiences to be written to, as other programs get them."""

import asyncio
from typing import Any

import pytest

from gateway.events import ReachChanged, Sender
from gateway.house import House
from gateway.playbooks import read_house
from state import companies
from tests.api.conftest import Shop, both_databases

NAME = "ООО «Ромашка»"


@pytest.fixture(scope="module")
def autoparts() -> House:
    """The makers of accessories here: they sell to companies."""
    return read_house("accessories")


async def details(shop: Shop, who: str, **fields: Any) -> dict[str, Any]:
    """A deal that waits for its data to be checked."""
    deal = await shop.deal(who, name=who)
    status, told = await shop.call("PATCH", f"/deals/{deal['id']}", json={"fields": fields, "tags": ["согласен"]})
    assert status == 200, told
    return deal


async def order(shop: Shop, who: str, **fields: Any) -> dict[str, Any]:
    """What became of it."""
    deal = await details(shop, who, **fields)
    status, told = await shop.call("PATCH", f"/deals/{deal['id']}", json={"tags": ["данные проверены"]})
    assert status == 200, told
    found = (await shop.get("/deals?funnel=orders&open=true"))["items"]
    mine: dict[str, Any] = next(one for one in found if one["contact"]["id"] == deal["contact"]["id"])
    return mine


@both_databases
async def test_deals_of_one_legal_entity_lead_to_it_however_its_name_is_written(shop: Shop) -> None:
    first = await order(shop, "anna", company=NAME, tax_id="77-012-34567")
    again = await order(shop, "boris", company='ООО "РОМАШКА"', tax_id="7701234567")
    plain = await order(shop, "vera")
    assert first["company"] == again["company"] != plain["company"] == None  # noqa: E711 - one line says it
    entity = await shop.get(f"/companies/{first['company']['id']}")
    assert (entity["name"], entity["tax_id"]) == (NAME, "7701234567")
    assert [who["name"] for who in entity["contacts"]] == ["anna", "boris"]
    assert [deal["id"] for deal in entity["deals"]] == [again["id"], first["id"]]


@both_databases
async def test_namesakes_are_told_apart_by_their_tax_numbers(shop: Shop) -> None:
    unnumbered = await order(shop, "anna", company=NAME)
    known = await order(shop, "boris", company=NAME, tax_id="7701")
    other = await order(shop, "vera", company=NAME, tax_id="7702")
    unsure, again = await order(shop, "gleb", company=NAME), await order(shop, "dina", company=NAME)
    assert unsure["company"] == again["company"]
    assert unnumbered["company"] == known["company"], "the number became known later"
    assert len({one["company"]["id"] for one in (known, other, unsure)}) == 3, (
        "nobody knows which of the two gleb meant"
    )
    found = (await shop.get("/companies?q=ромашка"))["items"]
    assert [(one["tax_id"], one["deals"]) for one in found] == [(None, 2), ("7702", 1), ("7701", 2)]
    assert [one["id"] for one in (await shop.get("/companies?q=77 02"))["items"]] == [other["company"]["id"]]
    assert (await shop.get("/companies?q=%25"))["items"] == []


async def test_a_company_is_corrected_and_a_number_has_one_owner(shop: Shop) -> None:
    one = (await order(shop, "anna", company=NAME, tax_id="7701"))["company"]["id"]
    two = (await order(shop, "boris", company="ИП Иванов", tax_id="7702"))["company"]["id"]
    status, told = await shop.call("PATCH", f"/companies/{two}", json={"tax_id": "77 01"})
    assert (status, told["error"]["code"], told["error"]["company"]) == (409, "tax_id_taken", one)
    status, told = await shop.call("PATCH", f"/companies/{two}", json={"name": "ООО Иванов", "tax_id": ""})
    assert (status, told["name"], told["tax_id"]) == (200, "ООО Иванов", None)
    assert [row["id"] for row in (await shop.get("/companies?q=ООО иванов"))["items"]] == [two]
    for path, body, answer in ((f"/companies/{two}", {"name": " "}, 422), ("/companies/999", {"name": "x"}, 404)):
        assert (await shop.call("PATCH", path, json=body))[0] == answer


@both_databases
async def test_turns_that_meet_a_new_company_at_one_time_make_one(shop: Shop) -> None:
    rows = [[(1_000 + n, NAME, "7701")] for n in range(8)]
    await asyncio.gather(
        *(shop.ctx.db.write(lambda c, r=row: companies.join(c, shop.ctx.db.ids, r, 1), "test") for row in rows)
    )
    ((found, deals),) = await shop.ctx.db.read(lambda c: companies.page(c, "", 10, None))
    assert (found.tax_id, deals) == ("7701", 8)


async def refused(shop: Shop, who: str, **given: Any) -> dict[str, Any]:
    deal = await shop.deal(who, name=who, **given)
    status, told = await shop.call(
        "POST", f"/deals/{deal['id']}/move", json={"stage": "lost", "reason": "changed_mind"}
    )
    assert status == 200, told
    return deal


@both_databases
async def test_an_audience_names_each_contact_once_with_what_reaches_them(shop: Shop) -> None:
    first = await refused(shop, "anna", channel="whatsapp", phone="+79160000001")
    await refused(shop, "boris")
    again = await refused(shop, "anna", channel="whatsapp", phone="+79160000001")
    assert again["id"] != first["id"]
    await shop.hear(ReachChanged(Sender("whatsapp", "site", "anna"), "opted_out"))
    (listed,) = (await shop.get("/audiences"))["items"]
    assert (listed["name"], listed["members"]) == ("mailing", 2)
    page = await shop.get("/audiences/mailing?limit=1")
    (anna,), cursor = page["items"], page["next"]
    assert (anna["name"], anna["phone"], anna["deal"]) == ("anna", "+79160000001", first["id"])
    assert (anna["channels"], anna["barred"]) == ([], ["whatsapp"])
    ((boris,), end) = (await shop.get(f"/audiences/mailing?limit=1&cursor={cursor}")).values()
    assert (boris["channels"], end) == (["web"], None)


async def test_contacts_that_were_joined_are_one_member_and_two_again_when_that_is_undone(shop: Shop) -> None:
    one, two = await refused(shop, "anna"), await refused(shop, "boris")
    path = f"/contacts/{one['contact']['id']}/merge"
    status, merge = await shop.call("POST", path, json={"from": two["contact"]["id"]})
    assert status == 200, merge
    assert [row["contact"] for row in (await shop.get("/audiences/mailing"))["items"]] == [one["contact"]["id"]]
    merged = (await shop.get("/merges"))["items"][0]
    assert (await shop.call("POST", f"/merges/{merged['id']}/undo"))[0] == 200
    assert len((await shop.get("/audiences/mailing"))["items"]) == 2


async def test_an_audience_as_a_table_holds_no_formula_and_every_page(shop: Shop, monkeypatch: Any) -> None:
    monkeypatch.setattr("gateway.api.groups._PAGE", 2)
    for who in ("anna", "=cmd|'/c calc'!A1", "vera", "gleb", "dina"):
        await refused(shop, who)
    headers = {"Authorization": f"Bearer {shop.token('marketer')}"}
    async with shop.http.get(f"{shop.url}/api/v1/audiences/mailing/csv", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/csv")
        head, *rows = (await answer.read()).decode("utf-8-sig").splitlines()
    assert head.startswith("Контакт;Имя;Телефон")
    assert [row.split(";")[1] for row in rows] == ["anna", "'=cmd|'/c calc'!A1", "vera", "gleb", "dina"]


async def test_who_may_not_know_an_audience_is_not_shown_it(shop: Shop) -> None:
    await refused(shop, "anna")
    for path in ("/audiences", "/audiences/mailing", "/audiences/mailing/csv"):
        assert (await shop.call("GET", path, shop.token("manager")))[0] == 403
    for path in ("/audiences/none", "/audiences/none/csv"):
        assert (await shop.call("GET", path))[0] == 404


@both_databases
async def test_who_says_that_there_is_no_tax_number_is_no_namesake(shop: Shop) -> None:
    for n, (name, said) in enumerate(
        [("Ромашка", "нет"), ("Лютик", "нет"), ("Мак", "не знаю"), ("Роза", "пришлю в 2026 году")]
    ):
        await shop.ctx.db.write(lambda c, r=[(2_000 + n, name, said)]: companies.join(c, shop.ctx.db.ids, r, 1), "test")
    found = await shop.ctx.db.read(lambda c: companies.page(c, "", 10, None))
    assert sorted((one.name, one.tax_id) for one, _ in found) == [
        ("Лютик", ""),
        ("Мак", ""),
        ("Роза", ""),
        ("Ромашка", ""),
    ]
