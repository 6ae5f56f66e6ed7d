"""Those who work here read their shop's language in their own chat; customers read their own in what the system itself says."""

import re
from collections.abc import AsyncIterator

import pytest

from gateway.channels.limits import LIMITS
from gateway.duties import GiveTask
from gateway.events import MessageReceived, Unusable
from tests.audit.shops import house
from tests.shop import PaperChannel, Shop, open_shop
from tests.test_staff_room import Staff, hired, link
from tests.wording.test_walks import CYRILLIC, RUSSIAN, SHOP

ENGLISH = str(SHOP)
READ = {
    ENGLISH: {
        "welcome": "Kate, your tasks come here from now on",
        "new": "New task: Call the customer",
        "deal": "Deal no. 1, New",
        "quote": "The customer writes:\n│ Добрий день",
        "hint": "Reply to this message, and your reply goes to the customer.",
        "buttons": ["Take", "Done"],
        "written": "Passed on to the customer (Telegram).",
        "result": "What came of it?",
        "finished": "Task closed: ok",
        "again": "The task is already closed: Kate",
        "code": "This link no longer works.",
        "stop": "Chat unlinked",
        "quarantine": "Something came in that could not be understood (Telegram; reason code: odd).",
    },
    "novaposhta": {
        "welcome": "Kate, відтепер завдання приходитимуть сюди",
        "new": "Нове завдання: Зателефонувати клієнту",
        "deal": "Угода № 1, Чати соцмереж",
        "quote": "Клієнт пише:\n│ Добрий день",
        "hint": "Дайте відповідь на це повідомлення, і вона піде клієнту.",
        "buttons": ["Взяти", "Готово"],
        "written": "Передано клієнту (Telegram).",
        "result": "Що вийшло?",
        "finished": "Завдання закрито: ok",
        "again": "Завдання вже закрито: Kate",
        "code": "Посилання вже не діє.",
        "stop": "Чат відв’язано",
        "quarantine": "Надійшло те, чого не вдалося зрозуміти (Telegram; код причини: odd).",
    },
}


@pytest.fixture(params=READ, ids=["en", "uk"])
async def shop(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, playbook=request.param, still=True)
    yield made
    await made.db.close()


@pytest.fixture
def read(request: pytest.FixtureRequest) -> dict[str, list[str] | str]:
    return READ[request.node.callspec.params["shop"]]  # type: ignore[return-value]  # pytest says nothing of what a parameter is


async def test_a_managers_chat_is_in_the_language_of_the_shop(shop: Shop, read: dict[str, str]):
    kate = await hired(shop, "Kate")
    await link(kate)
    await shop.write("Добрий день")
    await shop.ask(GiveTask("Call", kind="call", responsible=kate.person.id))
    told, words = kate.fresh()[-2:]
    assert read["welcome"] in shop.paper.texts("500")[0]
    assert told.text.startswith(read["new"])
    assert read["deal"] in told.text
    assert [button.label for button in told.buttons] == read["buttons"]
    assert words.text == f"{read['quote']}\n\n{read['hint']}"
    await kate.reply(words, "Hello")
    assert kate.text() == read["written"]
    await kate.press(told, "done")
    [asked] = kate.fresh()
    assert asked.text.startswith(read["result"])
    await kate.reply(asked, "ok")
    assert kate.text() == read["finished"]
    await kate.press(told, "done")
    assert kate.text() == read["again"]
    await shop.write("/stop", "500")
    assert kate.text().startswith(read["stop"])
    await link(Staff(shop, kate.person, "666"), "0" * 43)
    assert shop.paper.texts("666")[-1].startswith(read["code"])
    foreign = CYRILLIC if read["stop"] == "Chat unlinked" else RUSSIAN
    ours = [text.replace("Клиент 1", "") for text in shop.paper.texts("500") if text != words.text]
    assert [text for text in ours if re.search(foreign, text)] == []


async def test_what_could_not_be_understood_is_told_in_the_language_of_the_shop(shop: Shop, read: dict[str, str]):
    await shop.hear(Unusable("odd"))
    [task] = await shop.all("tasks")
    assert task["text"].startswith(read["quarantine"])


# -- what customers read -------------------------------------------------------------------------------------------------


@pytest.fixture
async def mixed(database_url: str) -> AsyncIterator[Shop]:
    """A Ukrainian shop that speaks Russian, too."""
    made = open_shop(database_url, playbook="novaposhta", still=True)
    yield made
    await made.db.close()


async def press_what_is_over(shop: Shop, who: str, language: str) -> str:
    await shop.hear(MessageReceived(shop.sender(who, language=language), "hi", message_id=who))
    await shop.settle()
    await shop.press("9.9.order", who)
    return [out.text for out in shop.paper.sent if out.address == who and out.kind == "ack"][-1]


async def test_a_button_that_is_over_answers_in_the_customers_language(mixed: Shop):
    own = "Це запитання вже закрите. Просто напишіть, що вам потрібно."  # the playbook's
    assert await press_what_is_over(mixed, "1", "uk") == own
    assert await press_what_is_over(mixed, "2", "") == own
    assert await press_what_is_over(mixed, "3", "fr") == own
    assert (
        await press_what_is_over(mixed, "4", "ru")
        == "Эта кнопка уже не действует. Ответьте, пожалуйста, на последний вопрос."
    )


@pytest.mark.parametrize(
    ("told", "label", "topic"),
    [
        ("", "Надіслати мій номер", "Ваше звернення № 7"),
        ("uk", "Надіслати мій номер", "Ваше звернення № 7"),
        ("ru", "Поделиться телефоном", "Ваше обращение № 7"),
        ("en", "Share my phone number", "Your inquiry no. 7"),
        (["?"], "Надіслати мій номер", "Ваше звернення № 7"),
    ],
)
def test_what_the_system_says_to_a_customer_is_in_the_language_that_they_read(
    told: object, label: str, topic: str, mixed: Shop
):
    house = mixed.house
    assert (house.to_customer("share_phone", told), house.to_customer("topic", told, deal=7)) == (label, topic)


@pytest.mark.parametrize(("language", "topic"), [("ru", "Ваше обращение № 1"), ("", "Ваше звернення № 1")])
async def test_a_mail_that_nobody_gave_a_subject_has_one_in_the_customers_language(
    language: str, topic: str, database_url: str
):
    made = open_shop(
        database_url,
        playbook="novaposhta",
        channels=[PaperChannel("email", "mail", limits=LIMITS["email"])],
        still=True,
    )
    await made.hear(MessageReceived(made.sender("a@b.ua", language=language), "hi", message_id="1"))
    await made.later(seconds=5)
    parts = [one["payload"] for one in await made.all("parts")]
    await made.db.close()
    assert parts
    assert {one["topic"] for one in parts} == {topic}


async def test_a_language_that_nothing_of_the_shop_is_in_is_not_noted(mixed: Shop):
    """It says more of the customer's phone than of how they write."""
    for who, language in (("1", "en"), ("2", "ru"), ("3", "uk")):
        await mixed.hear(MessageReceived(mixed.sender(who, language=language), "hi", message_id=who))
        await mixed.settle()
    assert [deal["fields"].get("language") for deal in await mixed.all("deals")] == [None, "ru", None]


@pytest.mark.parametrize(
    ("more", "speaks"),
    [
        ("", False),
        ("fields: {language: {title: L, choices: [ru, en]}}", True),
        ("fields: {language: {title: L, choices: [ru, uk]}}", False),
        ("templates: {hi: {text: {ru: Да, en: Yes}}}", True),
    ],
)
def test_a_shop_speaks_what_its_scripts_templates_and_fields_are_in(more: str, speaks: bool):
    book = "playbook: S\nlanguage: ru\nfunnels: {f: {stages: {a: A}, won: W, lost: L}}\n" + more
    assert house(book).speaks("en") is speaks


def test_a_shop_speaks_what_its_robots_look_at():
    robot = "{hi: {if: {language: en}, do: [{tag: x}]}}"
    book = f"playbook: S\nlanguage: ru\nfunnels: {{f: {{stages: {{a: {{title: A, robots: {robot}}}}}, won: W, lost: L}}}}\n"
    assert house(book).speaks("en")
    assert not house(book).speaks("xx")
