"""Files of templates by e-mail, through the whole gateway: with the mail or not at all, and then a person is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from bots.kit.events import Media
from gateway.app import App
from gateway.channels.limits import LIMITS
from gateway.desk import Invalid, Move, Write
from gateway.events import FormSubmitted, MailReceived, MessageReceived, Received, Sender
from gateway.parts import plan
from gateway.playbooks import read_house
from gateway.settings import Settings
from state import tables
from tests.channels.benches import MAIL_CUSTOMER
from tests.channels.test_mail_files_out import DOCX, PDF, WORD
from tests.shop import ANNA, PaperChannel, Shop, open_shop
from tests.standins.smtp import SmtpStandin

PLAYBOOK = """\
playbook: Магазин
zone: Europe/Moscow
templates:
  files: {text: Прайс и схема, subject: Прайс, attach: [price.pdf, "https://example.com/scheme.png", договор.docx]}
  heavy: {title: Каталоги, text: Каталоги, attach: [one.pdf, two.pdf]}
funnels:
  retail:
    title: Розница
    stages:
      new: Новая
      sent: {title: Прайс, robots: {tell: {do: [{message: {template: files, by: email}}]}}}
      both: {title: Каталоги, robots: {tell_both: {do: [{message: {template: heavy, by: [email, whatsapp]}}]}}}
      heavy: {title: Письмом, robots: {tell_all: {do: [{message: {template: heavy, by: email}}]}}}
    won: Выдан
    lost: Не состоялся
"""
HALF = LIMITS["email"].together // 2


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`heavy` is one byte more than a mail carries."""
    home = tmp_path_factory.mktemp("playbook")
    (home / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (home / "price.pdf").write_bytes(PDF)
    (home / "договор.docx").write_bytes(DOCX)
    (home / "one.pdf").write_bytes(b"%PDF-".ljust(HALF, b"\0"))
    (home / "two.pdf").write_bytes(b"%PDF-".ljust(HALF + 1, b"\1"))
    return home


@pytest.fixture
async def shop(database_url: str, folder: Path) -> AsyncIterator[Shop]:
    """E-mail, and WhatsApp, on paper; a customer has left a form with an address for mails."""
    ways = [PaperChannel("email", "mail", limits=LIMITS["email"]), PaperChannel("whatsapp", limits=LIMITS["whatsapp"])]
    made = open_shop(database_url, channels=ways, playbook=str(folder))
    await made.hear(FormSubmitted(Sender("form", "vin", "1", "Анна", "", MAIL_CUSTOMER), "vin", {"name": "Анна"}))
    await made.settle()
    yield made
    await made.db.close()


async def told(shop: Shop) -> list[str]:
    return [task["text"] for task in await shop.all("tasks") if task["kind"] == "write"]


@pytest.mark.parametrize("command", [Move("sent"), Write(template="files", channel="email")], ids=["robot", "manager"])
async def test_a_templates_files_go_in_one_mail_with_its_text(shop: Shop, command: Any):
    await shop.ask(command)
    (sent,) = shop.paper.sent
    assert (sent.kind, sent.subject) == ("media", "Прайс")
    assert sent.text == "Прайс и схема\nhttps://example.com/scheme.png"
    assert [(file.name, file.mime, file.size) for file in sent.files] == [
        ("price.pdf", "application/pdf", len(PDF)), ("договор.docx", WORD, len(DOCX)),
    ]  # fmt: skip
    entry = next(e for e in await shop.all("entries") if e["direction"] == "out")
    assert [file["name"] for file in entry["media"]] == ["price.pdf", "договор.docx"]
    assert not await told(shop)


async def test_a_manager_whose_files_are_more_than_a_mail_carries_is_told_and_nothing_leaves(shop: Shop):
    with pytest.raises(Invalid) as refused:
        await shop.ask(Write(template="heavy", channel="email"))
    assert (refused.value.name, "14 MB" in str(refused.value)) == ("template", True)
    assert "one.pdf, two.pdf" in str(refused.value)
    assert shop.paper.sent == []
    assert [e for e in await shop.all("entries") if e["direction"] == "out"] == []


async def test_a_robot_whose_files_are_too_large_for_a_mail_leaves_it_to_a_person(shop: Shop):
    await shop.ask(Move("heavy"))
    assert shop.paper.sent == []
    (task,) = await told(shop)
    assert task == (
        "Робот не написал клиенту: файлы не помещаются в письмо (one.pdf, two.pdf). Отправьте их сами другим способом: Каталоги"
    )


async def test_a_robot_with_another_way_takes_that(shop: Shop):
    phone = Sender("whatsapp", "100", "+79161234567", "Анна", "+79161234567", MAIL_CUSTOMER)
    await shop.hear(MessageReceived(phone, "Здравствуйте"))
    await shop.settle()
    await shop.ask(Move("both"), (await shop.all("deals"))[-1]["id"])
    assert shop.paper.sent == []
    sent = shop.channels["whatsapp:100"].sent
    assert [out.media.name for out in sent if out.media] == ["one.pdf", "two.pdf"]
    assert not await told(shop)


def test_a_long_text_is_cut_and_the_files_are_with_its_end():
    file = Media("document", "stored:a", "a.pdf", "application/pdf", 9)
    first, last = plan("слово " * 9_000, limits=LIMITS["email"], media=(file, file))
    assert (first.kind, first.files, last.kind, last.files) == ("text", (), "media", (file, file))
    (alone,) = plan("", limits=LIMITS["email"], media=(file,))
    assert (alone.kind, alone.text, alone.files) == ("media", "", (file,))


# -- over a real server ----------------------------------------------------------------------------------------------


async def comes(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.01)


async def appears(app: App, asked: Any) -> list[Any]:
    """The rows, as soon as there are any."""
    async with asyncio.timeout(10):
        while not (found := await app.db.read(lambda c: list(c.execute(asked)))):
            await asyncio.sleep(0.01)
    return found


@pytest.fixture
async def app(tmp_path: Path, folder: Path) -> AsyncIterator[tuple[App, SmtpStandin, tuple[int, int]]]:
    """A gateway with a mail server, and the contact and deal of a customer who has written a mail."""
    async with SmtpStandin() as smtp:
        settings = Settings(data_dir=tmp_path, smtp_url=smtp.url, email_from="shop@example.com", playbook=str(folder))  # type: ignore[arg-type]
        made = App(settings, house=read_house(str(folder)))
        await made.start(port=0)
        try:
            mail = MailReceived(Sender("email", "mail", MAIL_CUSTOMER, "", email=MAIL_CUSTOMER), "Прайс?", "Пришлите")
            await made.intake.accept("email", "mail", [Received("m1", mail, b"raw")])
            (deal,) = await appears(made, select(tables.deals))
            yield made, smtp, (deal.contact_id, deal.id)
        finally:
            await made.stop()


async def test_the_bytes_come_from_where_our_files_are_kept_and_a_repeat_has_them_again(
    app: tuple[App, SmtpStandin, tuple[int, int]],
):
    gateway, smtp, deal = app
    smtp.faults.add("drop")
    await gateway.turns.ask(*deal, Write(template="files"), ANNA)
    await comes(lambda: len(smtp.letters) == 2)  # its answer was lost, and it went once more
    assert smtp.letters[0]["Message-ID"] == smtp.letters[1]["Message-ID"]
    for letter in smtp.letters:
        assert [
            (one.get_filename(), cast("bytes", one.get_payload(decode=True))) for one in list(letter.iter_parts())[1:]
        ] == [("price.pdf", PDF), ("договор.docx", DOCX)]


async def test_a_mail_whose_file_has_gone_is_not_sent_without_it_and_a_person_learns_of_it(
    app: tuple[App, SmtpStandin, tuple[int, int]],
):
    gateway, smtp, deal = app
    for kept in (gateway.settings.data_dir / "files").iterdir():
        kept.unlink()
    await gateway.turns.ask(*deal, Write(template="files"), ANNA)
    (task,) = await appears(gateway, select(tables.tasks.c.text).where(tables.tasks.c.kind == "undelivered"))
    assert "no_file" in task.text
    assert smtp.letters == []
