"""Templates that robots send, through the whole gateway, on both databases: whole and by a way that is open, or a person is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.kit.playbook import load_playbook
from gateway.channels.limits import LIMITS
from gateway.desk import Edit, Invalid, Move, Take, Write
from gateway.events import FormSubmitted, MessageReceived, Sender
from gateway.picking import used_by
from gateway.playbooks import check_together
from state import staff
from tests.shop import ANNA, PaperChannel, Shop, open_shop

NAMED = "{name|first|proper or Здравствуйте}"
PLAYBOOK = f"""\
playbook: Магазин
zone: Europe/Moscow
fields: {{city: Город, mail: Почта}}
templates:
  ready:
    title: Заказ готов
    text: {{default: "{NAMED}, заказ {{order}} ждёт вас: {{city}}. {{manager}}", uk: "{NAMED}, замовлення {{order}} чекає."}}
    subject: "Заказ {{order}} готов"
    attach: ["https://example.com/map.png"]
    whatsapp: HX1
  late: {{text: "Мы вас не забыли", whatsapp: {{id: HX2, state: pending}}}}
  counted: {{text: "Заказ {{1}} из {{2}}", whatsapp: HX3}}
funnels:
  retail:
    title: Розница
    stages:
      new: Новая
      work: В работе
      ready: {{title: Готов, robots: {{tell: {{do: [{{message: {{template: ready}}}}]}}}}}}
      asked: {{title: Спросили, robots: {{ask: {{do: [{{message: {{text: "{NAMED}, ещё ждёте?", template: late, by: [whatsapp, email], subject: Вы ждёте?}}}}]}}}}}}
      posted: {{title: Письмом, robots: {{post: {{do: [{{message: {{template: ready, by: email}}}}]}}}}}}
      held: {{title: Ждёт, robots: {{hold: {{do: [{{message: {{template: late, by: whatsapp}}}}]}}}}}}
      counted: {{title: По номерам, robots: {{count: {{do: [{{message: {{template: counted, values: ["{{order}}", "{{city}}"]}}}}]}}}}}}
      called: {{title: По имени, robots: {{call: {{do: [{{message: "{{name|proper}}, вы здесь?"}}]}}}}}}
    won: Выдан
    lost: Не состоялся
"""
PHONE = "+79161234567"
READY = "Иван, заказ 48213 ждёт вас: Тверь. Анна"


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """WhatsApp and e-mail; a customer has written by the one, and Анна answers for the deal."""
    (tmp_path / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    ways = [PaperChannel("whatsapp", limits=LIMITS["whatsapp"]), PaperChannel("email", "mail", limits=LIMITS["email"])]
    made = open_shop(database_url, channels=ways, playbook=str(tmp_path))
    now = made.clock.now()
    await made.db.write(lambda c: staff.add_member(c, ANNA, (), "", 0, now))
    await written(made, "иВАН петров")
    yield made
    await made.db.close()


async def written(shop: Shop, name: str, phone: str = PHONE) -> int:
    """A customer of that name writes, and Анна takes the deal of the order."""
    await shop.hear(MessageReceived(shop.sender(phone, name=name, phone=phone), "здравствуйте"))
    await shop.settle()
    deal: int = (await shop.all("deals"))[-1]["id"]
    await shop.ask(Take(), deal)
    await shop.ask(Edit(fields={"order": "48213", "city": "Тверь"}), deal)
    return deal


async def mailed(shop: Shop) -> PaperChannel:
    """The customer has told an address for mails; what goes there."""
    form = Sender("form", "vin", PHONE, "Иван", PHONE, "ivan@example.com")
    await shop.hear(FormSubmitted(form, "vin", {"phone": PHONE, "email": "ivan@example.com"}))
    await shop.settle()
    return shop.channels["email:mail"]


async def told(shop: Shop) -> list[str]:
    return [task["text"] for task in await shop.all("tasks") if task["kind"] == "write"]


async def test_a_template_is_filled_in_with_fields_orders_and_the_responsibles_name(shop: Shop):
    await shop.ask(Move("ready"))
    (sent,) = shop.paper.sent
    assert (sent.kind, sent.text, sent.media.name if sent.media else "") == ("media", READY, "map.png")
    assert not await told(shop)


async def test_outside_the_window_it_goes_by_the_providers_name_and_leaves_its_files_behind(shop: Shop):
    await shop.later(hours=24, minutes=-4)  # nothing that is not approved would arrive in time
    await shop.ask(Move("ready"))
    (sent,) = shop.paper.sent
    assert (sent.kind, sent.template) == ("template", "HX1")
    assert sent.variables == {"1": "Иван", "2": "48213", "3": "Тверь", "4": "Анна"}
    entry = (await shop.all("entries"))[-1]
    assert (entry["author"], entry["text"], entry["data"]) == (
        "robot",
        READY,
        {"left": ["https://example.com/map.png"]},
    )


async def test_the_customer_reads_their_own_language(shop: Shop):
    await shop.ask(Edit(fields={"language": "uk"}))
    await shop.ask(Move("ready"))
    assert [sent.text for sent in shop.paper.sent] == ["Иван, замовлення 48213 чекає."]


async def test_with_an_empty_variable_nothing_leaves_and_a_person_is_told_what_lacks(shop: Shop):
    await shop.ask(Edit(fields={"order": "", "city": ""}))
    await shop.ask(Move("ready"))
    assert not shop.paper.sent
    (task,) = await told(shop)
    assert "(Номер заказа, Город)" in task
    assert task.endswith(": Заказ готов")


@pytest.mark.parametrize(("stage", "said"), [("ready", "Здравствуйте, заказ"), ("asked", "Здравствуйте, ещё ждёте?")])
async def test_no_robot_says_a_doubtful_name_by_a_template_or_in_its_own_words(shop: Shop, stage: str, said: str):
    await shop.ask(Move(stage), await written(shop, "Дом 2", "+79161234568"))
    assert [sent.text.startswith(said) for sent in shop.paper.sent] == [True]


async def test_a_doubtful_name_without_a_word_in_its_stead_is_an_empty_one(shop: Shop):
    await shop.ask(Move("called"), (await shop.deal())["id"])
    await shop.ask(Move("called"), await written(shop, "Дом 2", "+79161234568"))
    assert shop.paper.texts() == ["Иван Петров, вы здесь?"]
    assert len(await told(shop)) == 1


async def test_what_is_not_approved_goes_another_way_and_without_one_a_person_is_told(shop: Shop):
    await shop.later(hours=25)
    await shop.ask(Move("held"))
    assert [text.endswith(": late") for text in await told(shop)] == [True]
    mails = await mailed(shop)
    await shop.ask(Move("asked"))
    assert [(sent.text, sent.subject) for sent in mails.sent] == [("Иван, ещё ждёте?", "Вы ждёте?")]
    assert not shop.paper.sent


async def test_values_by_number_are_the_robots_to_say(shop: Shop):
    await shop.ask(Move("counted"))
    assert [(sent.template, sent.variables) for sent in shop.paper.sent] == [("HX3", {"1": "48213", "2": "Тверь"})]
    await shop.ask(Edit(fields={"city": ""}))
    await shop.ask(Move("new"))
    await shop.ask(Move("counted"))
    assert len(shop.paper.sent) == 1
    assert len(await told(shop)) == 1


async def test_a_mail_has_the_templates_subject_and_its_files_as_addresses(shop: Shop):
    mails = await mailed(shop)
    await shop.ask(Move("posted"))
    await shop.ask(Write(template="ready", channel="email"))
    await shop.ask(Write(template="ready", channel="email", subject="Ваш заказ"))
    ours = f"{READY}\nhttps://example.com/map.png"
    assert [(sent.text, sent.subject) for sent in mails.sent] == [
        (ours, "Заказ 48213 готов"), (ours, "Заказ 48213 готов"), (ours, "Ваш заказ"),
    ]  # fmt: skip
    with pytest.raises(Invalid) as refused:
        await shop.ask(Write(text="Готово", channel="email", subject="Заказ {order} готов"))
    assert refused.value.name == "subject"


async def test_the_list_says_which_robots_send_a_template(shop: Shop):
    assert used_by(shop.house)["late"] == ("retail: ask", "retail: hold")


# -- the checker -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code", "what"),
    [
        ("{template: ready}", "{template: raedy}", "unknown_template", "no template 'raedy'"),
        ("{city}. {manager}", "{_адрес}", "template_values", "a person writes {_адрес}"),
        ("{template: ready}", '{template: ready, values: ["1"]}', "template_values", "fills in its values by name"),
        ('["{order}", "{city}"]', '["{order}"]', "template_values", "takes 2 values, not 1"),
    ],
)
def test_what_no_robot_can_send_is_an_error_of_the_playbook(old: str, new: str, code: str, what: str):
    assert old in PLAYBOOK
    playbook, problems = load_playbook("shop", {"playbook.yaml": PLAYBOOK.replace(old, new)})
    assert playbook is None
    assert {(one.code, what in one.what) for one in problems if one.severity == "error"} == {(code, True)}


def test_fields_of_the_playbook_and_of_orders_are_known_to_templates_and_others_are_not(tmp_path: Path):
    text = PLAYBOOK.replace("Мы вас не забыли", "{city}, {order_status}, {paid_sum|price}, {cty}")
    playbook, _ = load_playbook("shop", {"playbook.yaml": text})
    found = [problem for _, problem in check_together(tmp_path, playbook, {}) if problem.severity == "error"]
    assert [(one.code, "'cty'" in one.what, "city" in one.remedy) for one in found] == [
        ("unknown_variable", True, True)
    ]
