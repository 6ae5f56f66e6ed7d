"""Templates that are sent: the playbook's alone, whole, by the provider's own name where it has one, else as text."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.channels.base import Limits
from gateway.channels.limits import LIMITS
from gateway.desk import Edit, Take, Write
from gateway.events import MessageReceived
from gateway.house import House
from gateway.playbooks import BadPlaybook, read_house
from gateway.refusals import Conflict, Invalid
from gateway.templates import Known, Missing, Rendered, render
from state.records import Contact, Deal, Identity
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PLAYBOOK = """\
playbook: Магазин
zone: Europe/Moscow
funnels:
  retail: {title: Розница, stages: {new: Новая, work: В работе}, won: Выдан, lost: Не состоялся}
templates:
  nudge: {text: "Здравствуйте, {1}! Заказ {2} ждёт вас, {1}.", whatsapp: HX77}
"""
WHATSAPP = Limits(text=1600, caption=1024, unit="utf16", buttons=0, label=20, window_hours=24)
TELEGRAM = Limits(text=4096, caption=1024, unit="utf16", buttons=12, label=40, window_hours=24)
FILLED = {"1": "Иван", "2": "{1}"}


@pytest.fixture(params=["whatsapp", "telegram"])
async def shop(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    """Answered by a person, on a channel of that name whose window is 24 hours."""
    (tmp_path / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    limits = WHATSAPP if request.param == "whatsapp" else TELEGRAM
    shop = open_shop(database_url, channels=[PaperChannel(request.param, limits=limits)], playbook=str(tmp_path))
    await shop.write("здравствуйте")
    await shop.ask(Take())
    yield shop
    await shop.db.close()


only = pytest.mark.parametrize


@only("shop", ["whatsapp"], indirect=True)
async def test_an_approved_template_goes_by_its_providers_name_and_is_kept_as_the_customer_reads_it(shop: Shop):
    await shop.later(hours=25)
    await shop.ask(Write(template="nudge", variables=FILLED))
    (sent,) = shop.paper.sent
    assert (sent.kind, sent.template, sent.variables) == ("template", "HX77", FILLED)
    assert "Здравствуйте, Иван! Заказ {1} ждёт вас, Иван." in [e["text"] for e in await shop.all("entries")]


@only("shop", ["telegram"], indirect=True)
async def test_where_nothing_is_approved_its_text_is_sent_while_text_is_allowed(shop: Shop):
    await shop.ask(Write(template="nudge", variables=FILLED))
    assert shop.paper.texts() == ["Здравствуйте, Иван! Заказ {1} ждёт вас, Иван."]
    await shop.later(hours=25)
    with pytest.raises(Invalid) as refused:
        await shop.ask(Write(template="nudge", variables=FILLED))
    assert refused.value.name == "template"
    assert len(shop.paper.sent) == 1


@only(
    ("message", "field"),
    [
        (Write(template="x"), "template"),
        (Write(template="HX77", variables=FILLED), "template"),
        (Write(template="nudge"), "variables.1"),
        (Write(template="nudge", variables={"1": "Иван", "2": "  "}), "variables.2"),
        (Write(template="nudge", variables={**FILLED, "3": "лишнее"}), "variables.3"),
    ],
)
@only("shop", ["whatsapp"], indirect=True)
async def test_nothing_leaves_that_is_no_template_or_not_whole(shop: Shop, message: Write, field: str):
    with pytest.raises(Invalid) as refused:
        await shop.ask(message)
    assert refused.value.name == field
    assert shop.paper.sent == []


@only("shop", ["whatsapp"], indirect=True)
async def test_the_same_template_sent_twice_by_a_composer_goes_out_once(shop: Shop):
    first = await shop.ask(Write(template="nudge", variables=FILLED, client_id="c1"))
    assert await shop.ask(Write(template="nudge", variables=FILLED, client_id="c1")) == first
    assert len(shop.paper.sent) == 1


# -- by name ---------------------------------------------------------------------------------------------------------

NAMED = """\
playbook: Магазин
zone: Europe/Moscow
currency: RUB
about: {offices: "Северная, 14"}
funnels:
  retail: {title: Розница, stages: {new: Новая, work: В работе}, won: Выдан, lost: Не состоялся}
templates:
  ready:
    text: "{name|first|proper or Здравствуйте}, заказ {order} на {total|price} готов. {offices}. {manager}"
    whatsapp: {id: HX1, values: [order, name, total, manager]}
  offer: {text: "{name|first or Здравствуйте}, цена {_цена}, срок {_срок}.", whatsapp: {id: HX2, state: pending}}
  both: {text: {default: Добрый день, uk: Добрий день, telegram: Привет}, whatsapp: {ru: HX3, uk: HX4}}
  files: {text: "Прайс и схема", attach: [price.pdf, "https://example.com/scheme.png"], whatsapp: HX5}
"""
PDF = b"%PDF-1.7 price"


@pytest.fixture(params=["whatsapp"])
async def named(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    (tmp_path / "playbook.yaml").write_text(NAMED, encoding="utf-8")
    (tmp_path / "price.pdf").write_bytes(PDF)
    channel = PaperChannel(request.param, limits=LIMITS[request.param])
    shop = open_shop(database_url, channels=[channel], playbook=str(tmp_path))
    await shop.hear(MessageReceived(shop.sender(name="иВАН петров"), "здравствуйте"))
    await shop.settle()
    await shop.ask(Edit(fields={"order": "48213", "total": 1_234_500}))
    yield shop
    await shop.db.close()


async def test_a_template_is_filled_in_from_the_deal_and_goes_by_the_providers_numbers(named: Shop):
    await named.later(hours=25)
    await named.ask(Write(template="ready"))
    (sent,) = named.paper.sent
    assert (sent.kind, sent.template) == ("template", "HX1")
    assert sent.variables == {"1": "48213", "2": "Иван", "3": "12\u00a0345\u00a0₽", "4": "Анна"}
    said = "Иван, заказ 48213 на 12\u00a0345\u00a0₽ готов. Северная, 14. Анна"
    assert said in [entry["text"] for entry in await named.all("entries")]


async def test_nothing_leaves_with_an_empty_variable_and_the_callers_own_fill_it(named: Shop):
    await named.ask(Edit(fields={"order": ""}))
    with pytest.raises(Invalid) as refused:
        await named.ask(Write(template="ready"))
    assert refused.value.name == "variables.order"
    with pytest.raises(Invalid) as refused:
        await named.ask(Write(template="ready", variables={"order": " "}))
    assert refused.value.name == "variables.order"
    assert (named.paper.sent, (await named.deal())["owner"]) == ([], "pool")
    await named.ask(Write(template="ready", variables={"order": "7", "name": "Пётр"}))
    assert [out.variables["1"] + out.variables["2"] for out in named.paper.sent] == ["7Пётр"]


async def test_a_blank_must_be_written_in_and_what_is_not_approved_yet_leaves_as_text_only(named: Shop):
    with pytest.raises(Invalid) as refused:
        await named.ask(Write(template="offer", variables={"_цена": "100"}))
    assert refused.value.name == "variables._срок"
    filled = {"_цена": "100", "_срок": "завтра"}
    await named.ask(Write(template="offer", variables=filled))
    assert named.paper.texts() == ["Иван, цена 100, срок завтра."]
    await named.later(hours=25)
    with pytest.raises(Invalid, match="pending") as refused:
        await named.ask(Write(template="offer", variables=filled))
    assert refused.value.name == "template"
    assert len(named.paper.sent) == 1


async def test_the_same_request_is_the_same_message_although_the_deal_has_changed_since(named: Shop):
    first = await named.ask(Write(template="ready", client_id="c1"))
    await named.ask(Edit(fields={"order": "9"}))
    assert await named.ask(Write(template="ready", client_id="c1")) == first
    with pytest.raises(Conflict):
        await named.ask(Write(template="ready", variables={"order": "9"}, client_id="c1"))
    with pytest.raises(Conflict):
        await named.ask(Write(template="both", client_id="c1"))
    assert len(named.paper.sent) == 1


async def test_each_language_goes_by_its_own_approval(named: Shop):
    for field, asked in (("", ""), ("uk", ""), ("uk", "ru"), ("xx", "")):
        await named.ask(Edit(fields={"language": field}))
        await named.ask(Write(template="both", language=asked))
    assert [out.template for out in named.paper.sent] == ["HX3", "HX4", "HX3", "HX3"]


@only("named", ["telegram"], indirect=True)
async def test_a_channel_may_have_words_of_its_own(named: Shop):
    await named.ask(Write(template="both"))
    assert named.paper.texts() == ["Привет"]


async def test_a_text_in_which_a_gap_was_left_standing_is_not_sent_and_other_braces_are(named: Shop):
    for text in ("Срок {_срок}", "Заказ {order} готов", "Ваша цена: {_}"):
        with pytest.raises(Invalid) as refused:
            await named.ask(Write(text=text))
        assert refused.value.name == "text"
    await named.ask(Write(text="if {x} {}"))
    assert named.paper.texts() == ["if {x} {}"]


@only(
    ("named", "sent"),
    [
        ("telegram", [("media", "price.pdf", ""), ("media", "scheme.png", "Прайс и схема")]),
        ("whatsapp", [("media", "price.pdf", ""), ("media", "scheme.png", "Прайс и схема")]),
        ("web", [("media", "price.pdf", "Прайс и схема\nhttps://example.com/scheme.png")]),
        ("sms", [("text", "", "Прайс и схема\nhttps://example.com/scheme.png")]),
    ],
    indirect=["named"],
)
async def test_files_go_along_where_the_channel_carries_them(named: Shop, sent: list[tuple[str, str, str]]):
    await named.ask(Write(template="files"))
    assert [(out.kind, out.media.name if out.media else "", out.text) for out in named.paper.sent] == sent
    entry = (await named.all("entries"))[-1]
    assert len(entry["media"]) == len([kind for kind, _, _ in sent if kind == "media"])
    assert entry["data"].get("left", []) == (["price.pdf"] if named.paper.name == "sms" else [])


async def test_an_approved_message_leaves_its_files_behind_and_says_so(named: Shop):
    await named.later(hours=25)
    await named.ask(Write(template="files"))
    assert [out.kind for out in named.paper.sent] == ["template"]
    assert (await named.all("entries"))[-1]["data"]["left"] == ["price.pdf", "https://example.com/scheme.png"]


# -- robots ----------------------------------------------------------------------------------------------------------


@only(("name", "said"), [("иВАН", "Иван"), ("Дом 2", "Здравствуйте"), ("", "Здравствуйте")])
def test_a_robot_greets_nobody_by_a_doubtful_name(house: House, name: str, said: str):
    known, identity = _known({"order": "1", "total": 100}, name)
    made = render(house, known, "ready", identity)
    assert isinstance(made, Rendered)
    assert made.text.startswith(f"{said}, заказ 1 на 1\u00a0₽ готов")


def test_a_provider_gets_every_value_on_one_line(house: House):
    known, identity = _known({"order": "7\n\tи 8", "total": 1_234_500}, "Иван")
    made = render(house, known, "ready", identity)
    assert isinstance(made, Rendered)
    assert made.approved is not None
    assert (made.approved["variables"]["1"], made.approved["variables"]["3"]) == ("7 и 8", "12\u00a0345\u00a0₽")
    assert "заказ 7 и 8 на" in made.text


def test_a_provider_gets_no_value_that_fills_the_whole_message_unless_a_person_has_read_it(house: House):
    known, identity = _known({"order": "8" * 400, "total": 100}, "Иван")
    for unseen, value in ((True, "8" * 299 + "…"), (False, "8" * 400)):
        made = render(house, known, "ready", identity, unseen=unseen)
        assert isinstance(made, Rendered)
        assert made.approved is not None
        assert made.approved["variables"]["1"] == value
        assert value in made.text


def test_a_robot_is_told_why_a_template_cannot_leave(house: House):
    known, identity = _known({}, "Иван")
    assert render(house, known, "raedy", identity) == Missing("template", ("raedy",))
    assert render(house, known, "ready", identity) == Missing("value", ("order", "total"))
    assert render(house, known, "both", identity, given={"x": "y"}) == Missing("surplus", ("x",))
    identity.heard_at = known.now - 25 * 3_600_000
    given = {"_цена": "1", "_срок": "2"}
    assert render(house, known, "offer", identity, given=given) == Missing("approval", ("pending",))


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "playbook.yaml").write_text(NAMED, encoding="utf-8")
    (tmp_path / "price.pdf").write_bytes(PDF)
    house = read_house(str(tmp_path))
    house.channels = {"whatsapp:100": LIMITS["whatsapp"]}
    return house


def _known(fields: dict[str, Any], name: str) -> tuple[Known, Identity]:
    now = MONDAY_NOON
    contact = Contact(1, name, "", "", now)
    deal = Deal(
        id=1, contact_id=1, funnel="retail", slot="retail", stage="new", title="", source="whatsapp", why="", tags=[], fields=fields,
        responsible_id=None, owner="pool", epoch=1, route_id=1, waiting_since=None, stage_at=now, opened_at=now, closed_at=None,
        outcome=None, reason="", version=1,
    )  # fmt: skip
    return Known(deal, contact, now, "Анна"), Identity(1, 1, "whatsapp", "100", "+7", "", "", now, now)


# -- files -----------------------------------------------------------------------------------------------------------


def test_only_files_of_the_playbooks_folder_go_along(tmp_path: Path):
    """A link that leads out of it is none, and neither is an empty file; both are told of."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.pdf").write_bytes(PDF)
    (home / "secret.pdf").symlink_to(tmp_path / "secret.pdf")
    (home / "empty.pdf").write_bytes(b"")
    (home / "page.png").write_bytes(b"<html>")
    text = NAMED.replace("attach: [price.pdf,", "attach: [secret.pdf, empty.pdf, page.png,")
    (home / "playbook.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadPlaybook) as wrong:
        read_house(str(home))
    assert [(one.code, one.what.split("'")[3]) for _, one in wrong.value.problems if one.severity == "error"] == [
        ("no_file", "empty.pdf"), ("no_file", "secret.pdf"),
    ]  # fmt: skip
    (home / "playbook.yaml").write_text(text.replace("secret.pdf, empty.pdf, ", ""), encoding="utf-8")
    kept = read_house(str(home)).attached["page.png"]
    assert (kept.media.kind, kept.media.mime, kept.media.size) == ("document", "application/octet-stream", 6)


# -- scripts ---------------------------------------------------------------------------------------------------------


async def test_a_script_may_leave_the_values_to_a_template_that_names_them(database_url: str, tmp_path: Path):
    bots = "bots: {meets: {on: message}}\n"
    script = "script: S\nsteps:\n  a: {wait: 25h, then: b}\n  b: {say: Заказ готов, template: {name: ready, else: task}, end: done}\n"
    (tmp_path / "playbook.yaml").write_text(
        NAMED.replace(". {manager}", "").replace(", manager]", "]") + bots, encoding="utf-8"
    )
    (tmp_path / "price.pdf").write_bytes(PDF)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "meets.yaml").write_text(script, encoding="utf-8")
    shop = open_shop(
        database_url, channels=[PaperChannel("whatsapp", limits=LIMITS["whatsapp"])], playbook=str(tmp_path)
    )
    for who, name in (("1", "иван"), ("2", "Дом 2")):
        await shop.hear(MessageReceived(shop.sender(who, name=name), "здравствуйте"))
        await shop.settle()
    first = (await shop.all("deals"))[0]["id"]
    await shop.ask(Edit(fields={"order": "7", "total": 100}), deal=first)
    await shop.later(hours=26)
    assert [(out.template, out.variables["1"], out.variables["2"]) for out in shop.paper.sent] == [("HX1", "7", "Иван")]
    assert [(task["kind"], task["deal_id"] != first) for task in await shop.all("tasks")] == [("write", True)]
    await shop.db.close()
