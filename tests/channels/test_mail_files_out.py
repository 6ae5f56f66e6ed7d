"""Files that go along with e-mail, over a real SMTP server: whole, under their names, and never left behind in silence."""

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
import uvloop

from bots.kit.events import Media
from gateway.channels.base import Outgoing, Refused, Retry, Sent, Throttled, Unknown, underway_s
from gateway.channels.limits import LIMITS
from gateway.channels.mail import MailChannel
from tests.channels.benches import MAIL_CUSTOMER, close_channels, mail_channel
from tests.chat.test_catalogue import PNG
from tests.standins.smtp import SmtpStandin

PDF = b"%PDF-1.7\n.\r\n..\r\n\0\xff price"
DOCX = b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml" + b"PK\x03\x04word/document.xml"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOST = LIMITS["email"].together
KEPT = {"a" * 32: PDF, "b" * 32: PNG, "c" * 32: DOCX, "e" * 32: b"\0"}


async def load(file_id: str) -> bytes | None:
    return KEPT.get(file_id)


def channel_to(smtp: SmtpStandin, **changes: object) -> MailChannel:
    return mail_channel(smtp, load_file=changes.pop("load_file", load), **changes)


def media(letter: str, name: str, mime: str = "application/pdf", size: int = 0, kind: str = "document") -> Media:
    return Media(kind, f"stored:{letter * 32}", name, mime, size)  # type: ignore[arg-type]


def out(*files: Media, text: str = "Прайс во вложении", part: int = 7) -> Outgoing:
    return Outgoing(part, MAIL_CUSTOMER, "media", text, subject="Прайс", files=files)


def parts_of(letter: EmailMessage) -> list[EmailMessage]:
    return [cast("EmailMessage", one) for one in letter.iter_parts()]


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpStandin]:
    async with SmtpStandin() as standin:
        yield standin
        await close_channels()


async def test_the_text_comes_first_and_behind_it_every_file_whole_with_its_type_and_name(smtp: SmtpStandin):
    files = (
        media("a", "Прайс на тормозные колодки, осень.pdf"), media("b", "схема 図面.png", "image/png", kind="photo"),
        media("c", "Договор.docx", WORD),
    )  # fmt: skip
    assert isinstance(await channel_to(smtp).send(out(*files)), Sent)
    (letter,) = smtp.letters
    text, *attached = parts_of(letter)
    assert letter.get_content_type() == "multipart/mixed"
    assert (text.get_content_type(), smtp.texts) == ("text/plain", ["Прайс во вложении"])
    assert [(one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in attached] == [
        (files[0].name, "application/pdf", PDF), (files[1].name, "image/png", PNG), (files[2].name, WORD, DOCX),
    ]  # fmt: skip
    assert {one.get_content_disposition() for one in attached} == {"attachment"}
    raw = letter.as_bytes()
    assert raw.isascii()
    assert b"filename*0*=utf-8''" in raw  # RFC 2231
    assert max(len(line) for line in raw.splitlines()) < 200


async def test_a_part_that_is_sent_again_is_the_same_mail_with_the_same_files(smtp: SmtpStandin):
    channel = channel_to(smtp)
    smtp.faults.add("drop")
    sent = out(media("a", "прайс.pdf"), media("b", "схема.png", "image/png"))
    first, second = await channel.send(sent), await channel.send(sent)
    assert (type(first), second) == (Unknown, Sent(smtp.letters[0]["Message-ID"]))
    for letter in smtp.letters:
        del letter["Date"]
    one, other = (letter.as_bytes() for letter in smtp.letters)
    assert one == other
    another = await channel.send(out(media("a", "прайс.pdf")))
    assert another != second  # the number of yesterday's part again, after a backup was brought back


@pytest.mark.parametrize(
    "name",
    [
        "a.pdf\r\nBcc: spy@example.net", 'x"; filename="evil.exe', "../../etc/passwd", "C:\\temp\\отчёт.pdf", "п" * 300 + ".pdf",
        "=?utf-8?q?=0ABcc:x?=.pdf", "a\u2028b\u202egpj.exe", "", "\u200b", "'%0d%0a*=utf-8''x", "a\0b.pdf", ".pdf", "\ud800.pdf",
    ],
)  # fmt: skip
async def test_a_hostile_name_is_a_name_and_nothing_else(smtp: SmtpStandin, name: str):
    assert isinstance(await channel_to(smtp).send(out(media("a", name))), Sent)
    (letter,) = smtp.letters
    assert not {"bcc", "x"} & {key.lower() for key in letter.keys()}  # noqa: SIM118 - a mail is no dict
    (attached,) = parts_of(letter)[1:]
    shown = str(attached.get_filename())
    assert 0 < len(shown) <= 120
    assert not set(shown) & set("/\\\r\n\0\u2028\u202e")
    assert attached.get_payload(decode=True) == PDF
    assert "evil" not in {key for key, _ in attached.get_params(header="content-disposition")}  # type: ignore[union-attr]
    if len(name) > 200:
        assert shown.endswith(".pdf")


async def test_a_type_that_no_bytes_have_told_is_octets(smtp: SmtpStandin):
    for mime in ("text/html", "image/png\r\nX: y", "message/rfc822", ""):
        await channel_to(smtp).send(out(media("a", "x.html", mime)))
    assert {parts_of(letter)[1].get_content_type() for letter in smtp.letters} == {"application/octet-stream"}


async def test_a_file_alone_needs_no_words(smtp: SmtpStandin):
    assert isinstance(await channel_to(smtp).send(out(media("a", "a.pdf"), text="")), Sent)
    assert [one.get_content_type() for one in parts_of(smtp.letters[0])] == ["text/plain", "application/pdf"]


@pytest.mark.parametrize(
    "file", [Media("document", f"stored:{'d' * 32}"), Media("document", "stored:../secret"), Media("photo", "https://x.example/a.png")]
)  # fmt: skip
async def test_a_file_that_is_not_there_holds_the_whole_mail_back(smtp: SmtpStandin, file: Media):
    outcome = await channel_to(smtp).send(out(media("a", "a.pdf"), file))
    assert isinstance(outcome, Refused)
    assert smtp.connections == 0


async def test_more_than_a_mail_carries_is_refused_before_anything_is_said(smtp: SmtpStandin):
    outcome = await channel_to(smtp).send(out(media("a", "a.pdf", size=MOST), media("b", "b.png", size=1)))
    assert isinstance(outcome, Refused)
    assert str(MOST) in outcome.reason
    assert smtp.connections == 0


async def test_files_that_are_larger_than_was_written_down_are_refused_too(smtp: SmtpStandin):
    async def grown(_: str) -> bytes:
        return b"%PDF-" + b"\0" * MOST

    assert isinstance(await channel_to(smtp, load_file=grown).send(out(media("a", "a.pdf", size=9))), Refused)
    assert smtp.connections == 0


async def test_what_the_server_says_it_does_not_take_is_not_sent_to_it():
    async with SmtpStandin(most=3_000) as smtp:
        channel = channel_to(smtp)

        async def large(_: str) -> bytes:
            return b"%PDF-" + b"x" * 4_000

        channel._load_file = large
        outcome = await channel.send(out(media("a", "a.pdf")))
        assert isinstance(outcome, Refused)
        assert "3000" in outcome.reason
        channel._load_file = load
        assert isinstance(await channel.send(out(media("a", "a.pdf"))), Sent)
        assert (len(smtp.letters), smtp.connections) == (1, 1)
        await close_channels()


async def test_as_much_as_a_mail_carries_arrives_whole_and_is_20_megabytes_on_the_wire(smtp: SmtpStandin):
    body = b"%PDF-" + bytes(range(256)) * (MOST // 256)
    body = body[:MOST]

    async def large(_: str) -> bytes:
        return body

    channel = channel_to(smtp, load_file=large, patience={"text_s": 20})
    assert isinstance(await channel.send(out(media("a", "a.pdf", size=MOST))), Sent)
    (letter,) = smtp.letters
    raw = parts_of(letter)[1].get_payload(decode=True)
    assert hashlib.sha256(cast("bytes", raw)).digest() == hashlib.sha256(body).digest()
    assert len(letter.as_bytes()) < 20_000_000


async def test_one_large_mail_at_a_time_and_small_ones_pass_it(smtp: SmtpStandin):
    async def large(file_id: str) -> bytes | None:
        return b"%PDF-" + b"\0" * 1_500_000 if file_id[0] == "a" else KEPT.get(file_id)

    channel = channel_to(smtp, load_file=large, patience={"text_s": 10})
    smtp.gate.clear()
    under_way = asyncio.create_task(channel.send(out(media("a", "a.pdf", size=1_500_000))))
    await asyncio.sleep(0.05)
    outcome = await channel.send(out(media("a", "a.pdf", size=1_500_000), part=8))
    assert isinstance(outcome, Throttled)
    assert outcome.scope == "address"
    small = asyncio.create_task(channel.send(out(media("b", "b.png", "image/png", 50), part=9)))
    await asyncio.sleep(0.2)
    smtp.gate.set()
    assert [type(one) for one in await asyncio.gather(under_way, small)] == [Sent, Sent]


async def test_a_connection_that_breaks_before_the_end_has_taken_nothing_and_behind_it_nobody_knows(smtp: SmtpStandin):
    """RFC 5321: a mail whose end was not seen is none."""

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx\r\n")
        while line := await reader.readline():
            writer.write(b"354 go on\r\n" if line.startswith(b"DATA") else b"250 OK\r\n")
            if line.startswith(b"DATA"):
                await reader.readexactly(200_000)
                break
        writer.transport.abort()

    async def large(_: str) -> bytes:
        return b"%PDF-" + b"\0" * 20_000_000

    server = await asyncio.start_server(takes, "127.0.0.1", 0)
    try:
        smtp._number, kept = server.sockets[0].getsockname()[1], smtp._number
        channel = channel_to(smtp, load_file=large)
        smtp._number = kept
        channel.limits = LIMITS["web"].__class__(
            text=9, caption=9, unit="chars", buttons=0, label=0, together=30_000_000
        )
        outcome = await channel.send(out(media("a", "a.pdf")))
        assert isinstance(outcome, Retry)
        assert not outcome.left
    finally:
        server.close()
        await server.wait_closed()


def test_a_send_with_files_is_given_more_time_and_never_as_long_as_a_lease():
    from gateway.delivery import LEASE_MS, _patience_s  # noqa: PLC0415
    from state.records import Part  # noqa: PLC0415

    def patience(size: int) -> float:
        payload = {"kind": "media", "files": [{"size": size}]} if size else {"kind": "text"}
        return _patience_s(Part(1, 1, 1, 1, 1, "email", "mail", MAIL_CUSTOMER, payload, "bot", "reply", None, 0, 0))

    assert patience(0) == 30
    assert patience(MOST) >= 28 + underway_s(MOST)  # the line's own patience comes first
    assert patience(10**12) < LEASE_MS / 1000


# -- on uvloop, which is what `parley serve` runs on -----------------------------------------------------------------


async def _told() -> None:
    body = b"%PDF-" + bytes(range(256)) * 12_000

    async def large(_: str) -> bytes:
        return body

    async with SmtpStandin() as smtp:
        outcome = await channel_to(smtp, load_file=large).send(out(media("a", "a.pdf")))
        whole = cast("bytes", parts_of(smtp.letters[0])[1].get_payload(decode=True)) == body
        await close_channels()
    sys.stdout.write(f"{type(outcome).__name__} {whole} {type(asyncio.get_running_loop()).__module__}")


def test_a_large_mail_goes_out_on_uvloop_too():
    command = [sys.executable, "-m", "tests.channels.test_mail_files_out"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "Sent True uvloop"


if __name__ == "__main__":
    uvloop.run(_told())
