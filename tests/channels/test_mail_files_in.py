"""Files in mails as they are posted to the hook: what is kept is told by bytes, and what is not is told by name."""

import base64
import json
import os
import time
from email import policy
from email.message import EmailMessage
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.channels.base import Post
from gateway.channels.mail import MailChannel
from gateway.channels.mail_files import LARGEST, MOST_FILES, MOST_RAW, ORNAMENT, from_base64
from gateway.channels.mail_posts import Opened
from gateway.events import Ignored, MailReceived, ReachChanged, StatusReported, Unusable
from gateway.translate import arrival, event_from_json
from tests.channels.benches import THREADS, mail_channel, mail_post
from tests.channels.test_mail_files_out import DOCX, PDF, WORD
from tests.chat.test_catalogue import PNG

HUGE = PNG[:16] + (30_000).to_bytes(4, "big") * 2 + PNG[24:]
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x10\x00\x10"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
ZIP = b"PK\x03\x04" + b"\0" * 22 + b"bomb.txt"
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def channel() -> MailChannel:
    return mail_channel(None)


def letter(*files: tuple[str, bytes], text: str = "Вот фото", **how: Any) -> EmailMessage:
    """A mail with these files: name and bytes."""
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "anna@example.org", "Фото", "<f1@mail.example.org>"
    made.set_content(text)
    for name, body in files:
        made.add_attachment(body, maintype="image", subtype="jpeg", filename=name, **how)
    return made


def wire(mail: EmailMessage | bytes, ends: bytes = b"\r\n") -> Post:
    raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP).replace(b"\r\n", ends)
    return mail_post(raw, "message/rfc822")


def posted(*files: dict[str, Any], **more: Any) -> Post:
    """As a receiving service posts it."""
    return mail_post(
        json.dumps({"from": "anna@example.org", "text": "Вот фото", "attachments": list(files)} | more).encode()
    )


def coded(name: str, body: bytes, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "image/jpeg", "content": base64.b64encode(body).decode()} | more


def heard(channel: MailChannel, post: Post) -> MailReceived:
    meaning = channel.open(post).received.meaning
    assert isinstance(meaning, MailReceived), meaning
    return meaning


def kept(channel: MailChannel, post: Post) -> list[tuple[str, str, str, bytes]]:
    """Kind, name, type and bytes of what is kept."""
    opened = channel.open(post)
    assert isinstance(opened.received.meaning, MailReceived)
    bodies = {f"stored:{found.id}": found.body for found in opened.found}
    assert len(bodies) == len(opened.received.meaning.media)
    return [(m.kind, m.name, m.mime, bodies[m.ref]) for m in opened.received.meaning.media]


def left(channel: MailChannel, post: Post) -> tuple[tuple[str, str], ...]:
    return heard(channel, post).left


# -- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"], ids=["CRLF", "LF, as Postfix pipes it"])
def test_a_files_type_is_what_its_bytes_say_and_its_words_stay_the_customers(channel: MailChannel, ends: bytes):
    files = [
        ("техпаспорт.jpg", PNG), ("a.txt", JPEG), ("IMG_1.HEIC", HEIC), ("голос.oga", b"OggS...."), ("счёт.jpg", PDF),
        ("Реквизиты.docx", DOCX), ("clip", b"\0\0\0\x20ftypisom"),
    ]  # fmt: skip
    post = wire(letter(*files), ends)
    assert kept(channel, post) == [
        ("photo", "техпаспорт.jpg", "image/png", PNG), ("photo", "a.txt", "image/jpeg", JPEG),
        ("photo", "IMG_1.HEIC", "image/heic", HEIC), ("voice", "голос.oga", "audio/ogg", b"OggS...."),
        ("document", "счёт.jpg", "application/pdf", PDF), ("document", "Реквизиты.docx", WORD, DOCX),
        ("video", "clip", "video/mp4", b"\0\0\0\x20ftypisom"),
    ]  # fmt: skip
    mail = heard(channel, post)
    assert (mail.text, mail.left) == ("Вот фото", ())
    assert mail.files == tuple(name for name, _ in files)


def test_files_in_json_are_kept_like_those_off_the_wire(channel: MailChannel):
    post = posted(
        coded("a.png", PNG), coded("b.pdf", PDF, file_name="x"), {"filename": "c.png", "content": base64.encodebytes(PNG).decode()}
    )  # fmt: skip
    assert [(kind, name, body) for kind, name, _, body in kept(channel, post)] == [
        ("photo", "a.png", PNG), ("document", "b.pdf", PDF), ("photo", "c.png", PNG),
    ]  # fmt: skip


def test_a_mail_of_many_lines_with_bare_ends_is_read_like_any_other(channel: MailChannel):
    body = PNG + os.urandom(400_000)
    ((_, _, _, got),) = kept(channel, wire(letter(("a.png", body)), b"\n"))
    assert got == body


def test_a_photo_between_two_texts_leaves_both_heard(channel: MailChannel):
    """So do phones write: text, photo, signature."""
    made = letter(("a.png", PNG), text="Вот табличка", disposition="inline")
    behind = EmailMessage()
    behind.set_content("и номер кузова внизу")
    made.attach(behind)
    assert heard(channel, wire(made)).text == "Вот табличка\n\nи номер кузова внизу"
    assert len(kept(channel, wire(made))) == 1


def test_a_mail_may_be_a_file_and_nothing_else(channel: MailChannel):
    made = EmailMessage()
    made["From"] = "scanner@example.org"
    made.set_content(PDF, maintype="application", subtype="pdf", filename="scan.pdf")
    mail = heard(channel, wire(made))
    assert (mail.text, mail.whole, mail.files) == ("", "", ("scan.pdf",))
    assert [body for *_, body in kept(channel, wire(made))] == [PDF]


def test_the_event_comes_back_out_of_the_inbox_with_its_files_and_names_their_rows(channel: MailChannel):
    received = channel.open(wire(letter(("a.png", PNG), ("b.exe", b"MZ")))).received
    row = arrival("email", "mail", received)
    assert event_from_json(row.kind, orjson.loads(orjson.dumps(row.event))) == received.meaning
    (file,) = row.files
    assert (file.identity_key, file.kind, file.name, file.mime, file.size) == (
        "email:mail:anna@example.org", "photo", "a.png", "image/png", len(PNG),
    )  # fmt: skip
    assert isinstance(received.meaning, MailReceived)
    assert received.meaning.media[0].ref == f"stored:{file.id}"


def test_a_mail_that_an_older_version_kept_is_still_read(channel: MailChannel):
    row = arrival("email", "mail", channel.open(wire(letter())).received)
    old = orjson.loads(orjson.dumps(row.event))
    for name in ("media", "left"):
        del old["event"][name]
    assert event_from_json("mail", old).media == ()  # type: ignore[union-attr]


# -- what the text shows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "how", "is_kept"),
    [
        (ORNAMENT - 1, {"disposition": "inline", "cid": "<logo>"}, False),
        (ORNAMENT, {"disposition": "inline", "cid": "<photo>"}, True),
        (500, {"disposition": "inline"}, True),
        (500, {"disposition": "attachment", "cid": "<f_m1>"}, True),
        (500, {}, True),
    ],
    ids=["a logo", "a pasted photo", "a phone's photo", "an attachment with an id", "an attachment"],
)
def test_a_small_picture_that_the_text_shows_is_the_writers_logo(
    channel: MailChannel, size: int, how: dict[str, str], is_kept: bool
):
    body = PNG.ljust(size, b"\0")
    cid = {"content_id": how["cid"]} if "cid" in how else {}
    for post in (
        wire(letter(("a.png", body), **how)),
        posted(coded("a.png", body, disposition=how.get("disposition"), **cid)),
    ):
        assert len(kept(channel, post)) == is_kept
        assert heard(channel, post).left == ()


def test_only_pictures_are_logos(channel: MailChannel):
    post = wire(letter(("a.pdf", PDF), disposition="inline", cid="<a>"))
    assert [name for _, name, *_ in kept(channel, post)] == ["a.pdf"]


def test_signatures_of_a_mail_are_no_files_of_the_customers(channel: MailChannel):
    made = letter()
    made.add_attachment(b"sig", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    assert (heard(channel, wire(made)).files, heard(channel, wire(made)).left) == ((), ())


# -- what is not kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (PAGE, "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "type"),
        (b"MZ\x90\0", "type"),
        (b"\x7fELF", "type"),
        (b"#!/bin/sh", "type"),
        (ZIP, "type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 installer", "type"),
        (b"plain words", "type"),
        (b"", "empty"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["wire", "json"])
def test_pages_programs_archives_and_nothing_at_all_are_named_whatever_they_are_called(
    channel: MailChannel, body: bytes, why: str, as_json: bool
):
    post = posted(coded("photo.jpg", body)) if as_json else wire(letter(("photo.jpg", body)))
    assert kept(channel, post) == []
    assert left(channel, post) == (("photo.jpg", why),)
    assert heard(channel, post).text == "Вот фото"


def test_a_picture_of_30_000_by_30_000_is_a_document_that_nobody_draws(channel: MailChannel):
    ((kind, _, mime, body),) = kept(channel, wire(letter(("a.png", HUGE))))
    assert (kind, mime, body) == ("document", "image/png", HUGE)


def test_an_archive_that_would_unfold_into_gigabytes_is_not_even_looked_into(channel: MailChannel):
    bomb = b"PK\x03\x04" + b"\0" * 26 + b"0.txt" + b"\xed\xc1\x01" * 30_000
    assert left(channel, wire(letter(("42.zip", bomb)))) == (("42.zip", "type"),)


def test_a_file_of_more_than_20_megabytes_is_named_and_the_largest_is_kept(channel: MailChannel):
    just, more = PNG.ljust(LARGEST, b"\0"), PNG.ljust(LARGEST + 1, b"\0")
    assert [len(body) for *_, body in kept(channel, posted(coded("a.png", just)))] == [LARGEST]
    assert left(channel, posted(coded("a.png", more))) == (("a.png", "size"),)


def test_what_is_only_pointed_at_is_named_and_never_fetched(channel: MailChannel):
    post = posted({"name": "a.png", "url": "http://169.254.169.254/"}, {"name": "b.png", "content": {"url": "x"}})
    assert left(channel, post) == (("a.png", "absent"), ("b.png", "absent"))


@pytest.mark.parametrize("amount", [MOST_FILES + 1, 1_000])
@pytest.mark.parametrize("as_json", [False, True], ids=["wire", "json"])
def test_of_1_000_files_20_are_kept_and_the_rest_is_told_of(channel: MailChannel, amount: int, as_json: bool):
    head = b'From: anna@example.org\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    part = (
        b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"
        % base64.b64encode(PNG)
    )
    post = posted(*[coded("a.png", PNG)] * amount) if as_json else wire(head + part * amount + b"--b--\r\n")
    began = time.perf_counter()
    mail = heard(channel, post)
    assert time.perf_counter() - began < 2
    assert len(mail.media) == len(channel.open(post).found) == MOST_FILES
    assert mail.left[0] == ("a.png", "many")
    assert len(mail.left) == (1 if amount == MOST_FILES + 1 else MOST_FILES + 1)
    assert (("", "more") in mail.left) == (amount == 1_000)


# -- mails inside ----------------------------------------------------------------------------------------------------


def test_a_mail_that_came_along_brings_its_files_and_is_told_of_and_its_words_are_not_the_customers(
    channel: MailChannel,
):
    inner = letter(("vin.png", PNG), text="Позвоните на другой номер")
    outer = letter(text="Пересылаю")
    outer.add_attachment(inner)
    mail = heard(channel, wire(outer))
    assert (mail.text, mail.left) == ("Пересылаю", (("", "mail"),))
    assert [(name, body) for _, name, _, body in kept(channel, wire(outer))] == [("vin.png", PNG)]


def test_mails_in_mails_without_end_take_no_time(channel: MailChannel):
    raw = b"From: anna@example.org\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 30_000 + b"words"
    began = time.perf_counter()
    assert left(channel, wire(raw))[-1] == ("", "more")
    assert time.perf_counter() - began < 1


def test_a_mail_inside_that_hides_in_base64_is_not_opened(channel: MailChannel):
    inner = base64.encodebytes(letter(("a.png", PNG)).as_bytes())
    raw = b"From: anna@example.org\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nword\n--b\nContent-Type: message/rfc822\n"
    post = wire(
        raw
        + b"Content-Disposition: attachment; filename=x.eml\nContent-Transfer-Encoding: base64\n\n"
        + inner
        + b"--b--"
    )
    assert (kept(channel, post), left(channel, post)) == ([], (("x.eml", "type"),))


# -- names, and codings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nBcc: spy@example.net.png", "../../etc/passwd.png", "C:\\x\\a.png", "п" * 300 + ".png", "a\u202egnp.exe", "\u200b", "a\0b.png",
        "=?utf-8?q?=0Aa?=.png", "<img src=x>.png", "\ud800.png",
    ],
)  # fmt: skip
def test_a_hostile_name_is_only_a_name(channel: MailChannel, name: str):
    shown = [kept(channel, posted(coded(name, PNG)))[0][1]]
    if "\ud800" not in name:
        header = name.replace("\r\n", " ").replace("\0", "")
        raw = f'From: a@b.example\nContent-Type: image/png; name="{header}"\nContent-Transfer-Encoding: base64\n\n'.encode()
        shown.append(kept(channel, wire(raw + base64.b64encode(PNG)))[0][1])
    for one in shown:
        assert len(one) <= 120
        assert not set(one) & set("/\\\r\n\0\u202e\u200b")
    if len(name) > 200:
        assert {one.endswith(".png") for one in shown} == {True}


@pytest.mark.parametrize(
    "named",
    [
        b"filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.png", b"filename*0*=utf-8''%D1%84%D0%BE; filename*1*=%D1%82%D0%BE.png",
        b'filename="=?UTF-8?B?0YTQvtGC0L4ucG5n?="', 'filename="фото.png"'.encode(), b'filename="=?koi8-r?B?xs/Uzy5wbmc=?="',
    ],
)  # fmt: skip
def test_a_name_is_read_however_a_program_spells_it(channel: MailChannel, named: bytes):
    raw = b"From: a@b.example\nContent-Type: image/png\nContent-Disposition: attachment; " + named
    ((_, name, _, _),) = kept(channel, wire(raw + b"\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(PNG)))
    assert name == "фото.png"


def test_base64_that_was_cut_is_kept_as_far_as_it_goes_and_told_of(channel: MailChannel):
    body = PNG + bytes(range(256)) * 40
    text = base64.encodebytes(body).replace(b"\n", b"\r\n")
    head = b"From: a@b.example\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    for cut in (5_001, 5_002, 5_003):
        post = wire(head + text[:cut])
        ((_, _, _, got),) = kept(channel, post)
        assert body.startswith(got)
        assert len(got) > 3_000
        assert left(channel, post) == (("a.png", "cut"),)
    assert left(channel, wire(head + text)) == ()
    assert left(channel, posted(coded("a.png", body) | {"content": base64.b64encode(body).decode()[:5_002]})) == (
        ("a.png", "cut"),
    )


@given(st.binary(max_size=200), st.binary(max_size=20), st.integers(0, 300))
def test_base64_of_any_kind_is_read_as_far_as_it_goes(body: bytes, noise: bytes, at: int):
    text = base64.encodebytes(body)
    assert from_base64(text) == (body, True)
    got, _ = from_base64(text[:at] + noise + text[at:])
    assert isinstance(got, bytes)
    assert body.startswith(from_base64(text[:at])[0])


# -- twice -----------------------------------------------------------------------------------------------------------


def keys(opened: Opened) -> tuple[str, list[str]]:
    return opened.received.external_id, [found.id for found in opened.found]


def test_a_mail_that_comes_twice_has_its_files_under_the_same_ids(channel: MailChannel):
    first = letter(("a.png", PNG), ("a.png", PNG))
    again = letter(("a.png", PNG), ("a.png", PNG))
    again["Received"] = "by another server, a minute later"
    assert keys(channel.open(wire(first))) == keys(channel.open(wire(again)))
    assert len(set(keys(channel.open(wire(first)))[1])) == 2
    post = posted(coded("a.png", PNG), id="in-1")
    assert keys(channel.open(post)) == keys(channel.open(post))


def test_scanners_that_call_every_mail_alike_send_many_mails(channel: MailChannel):
    one, other = (channel.open(wire(letter(("scan.pdf", PDF + bytes([n])), text="Scan"))) for n in (1, 2))
    assert keys(one)[0] != keys(other)[0]
    assert keys(one)[1] != keys(other)[1]


def test_the_same_file_from_two_customers_is_two_files(channel: MailChannel):
    other = letter(("a.png", PNG))
    del other["From"]
    other["From"] = "boris@example.org"
    assert keys(channel.open(wire(letter(("a.png", PNG)))))[1] != keys(channel.open(wire(other)))[1]


# -- what is kept of the mail itself ---------------------------------------------------------------------------------


def test_a_mail_is_kept_as_it_came_and_a_large_one_without_the_bytes_of_its_files(channel: MailChannel):
    small = wire(letter(("a.png", PNG)))
    assert channel.open(small).received.raw == small.body
    large = PNG + os.urandom(1_500_000)
    for post in (
        wire(letter(("a.png", large), text="Слова остаются")),
        posted(coded("a.png", large), id="in-1", text="Слова остаются"),
    ):
        raw = channel.open(post).received.raw
        assert len(raw) < 3_000
        assert b"%d bytes, sha256 " % len(large) in raw
        assert (base64.b64encode("Слова".encode()) in raw) or ("Слова".encode() in raw)
    other = PNG + os.urandom(1_500_000)
    assert (
        channel.open(wire(letter(("a.png", other)))).received.raw
        != channel.open(wire(letter(("a.png", large)))).received.raw
    )


@pytest.mark.parametrize("kind", ["message/rfc822", "application/json"])
def test_what_cannot_be_used_is_kept_up_to_a_megabyte(channel: MailChannel, kind: str):
    received = channel.open(mail_post(b"x" * 5_000_000, kind)).received
    assert isinstance(received.meaning, Unusable)
    assert received.raw == b"x" * MOST_RAW


def test_files_of_what_no_person_wrote_are_not_kept(channel: MailChannel):
    made = letter(("a.png", PNG))
    made["Auto-Submitted"] = "auto-replied"
    opened = channel.open(wire(made))
    assert (opened.received.meaning, opened.found) == (Ignored("auto_reply"), ())


def test_a_bounce_that_brings_our_own_files_back_is_still_known_for_ours(channel: MailChannel):
    seal = THREADS.message_id(THREADS.seal(7, "anna@example.org", "words"))
    ours = letter(("a.png", PNG + os.urandom(1_500_000)))
    del ours["Message-ID"]
    ours["Message-ID"] = seal
    raw = (
        b"From: MAILER-DAEMON@mx.example.org\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=dsn\r\n\r\n"
        b"--dsn\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--dsn\r\nContent-Type: message/rfc822\r\n\r\n" + ours.as_bytes(policy=policy.SMTP) + b"\r\n--dsn--\r\n"
    )
    opened = channel.open(wire(raw))
    assert isinstance(opened.received.meaning, StatusReported)
    assert (opened.received.meaning.part, opened.found, len(opened.received.raw) < 3_000) == (7, (), True)


# -- mails of thirty megabytes ---------------------------------------------------------------------------------------

FROM = b"From: anna@example.org\nMessage-ID: <h@x>\n"
MIXED = FROM + b'Content-Type: multipart/mixed; boundary="b"\n\n'
N = 29_000_000
LARGE = {
    "empty lines": lambda: FROM + b"\n" * N,
    "short lines": lambda: FROM + b"\n" + b"x\n" * (N // 2),
    "tags": lambda: FROM + b"Content-Type: text/html\n\n" + b"<div><b>" * (N // 8),
    "boundaries": lambda: MIXED + b"--b\n" * (N // 4),
    "half a boundary": lambda: MIXED + b"x--b" * (N // 4),
    "boundaries within": lambda: FROM + b"".join(b"Content-Type: multipart/x; boundary=%d\n\n--%d\n" % (n, n) for n in range(600_000)),
    "parts": lambda: MIXED + b"--b\nContent-Type: image/png\n\nx\n" * (N // 32),
    "one header": lambda: FROM + b"X: " + b"y" * N,
    "headers": lambda: FROM + b"".join(b"X-%d: y\n" % n for n in range(2_000_000)),
    "no base64": lambda: FROM + b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b"!" * N,
    "quoted": lambda: FROM + b"Content-Type: image/png\nContent-Transfer-Encoding: quoted-printable\n\n" + b"=41" * (N // 3),
    "quoted ends": lambda: FROM + b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * (N // 2),
    "punycode": lambda: FROM + b"Content-Type: text/plain; charset=punycode\n\n" + b"a" * N,
    "a report": lambda: b"From: MAILER-DAEMON@x\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\n" + b"a: b\n\n" * (N // 6),
}  # fmt: skip
LARGE_JSON = {
    "quotes": lambda: b'{"from":"a@b.example","text":"' + b'\\"' * (N // 2) + b'"}',
    "values": lambda: b'{"from":"a@b.example","x":[' + b'"",' * (N // 3) + b'""]}',
    "arrays": lambda: b'{"from":"a@b.example","x":[' + b"[]," * (N // 3) + b"[]]}",
    "numbers": lambda: b'{"from":"a@b.example","x":[' + b"1," * (N // 2) + b"1]}",
    "broken letters": lambda: b'{"from":"a@b.example","text":"' + b"\\ud83d" * (N // 6) + b'"}',
    "files": lambda: json.dumps({"from": "a@b.example", "attachments": [{"content": "AA=="}] * 900_000}).encode(),
}


@pytest.mark.parametrize("name", [*LARGE, *LARGE_JSON])
def test_a_hostile_mail_of_30_megabytes_takes_a_moment_and_raises_nothing(channel: MailChannel, name: str):
    body = (LARGE.get(name) or LARGE_JSON[name])()
    post = mail_post(body, "message/rfc822" if name in LARGE else "application/json")
    began = time.perf_counter()
    opened = channel.open(post)
    assert time.perf_counter() - began < 4  # on a machine with other work; a tenth of it alone
    assert isinstance(opened.received.meaning, MailReceived | Unusable | Ignored)
    assert len(opened.received.raw) <= MOST_RAW
    assert len(arrival("email", "mail", opened.received).files) <= MOST_FILES


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2_000))
def test_no_mail_with_files_whatever_raises(noise: bytes, at: int):
    inner = letter(("b.pdf", PDF))
    made = letter(("a.png", PNG), ("c.exe", b"MZ"))
    made.add_attachment(inner)
    raw = made.as_bytes(policy=policy.SMTP)
    opened = mail_channel(None).open(wire(raw[:at] + noise + raw[at + len(noise) :]))
    meaning = opened.received.meaning
    assert isinstance(meaning, MailReceived | Ignored | Unusable | StatusReported | ReachChanged)
    if isinstance(meaning, MailReceived):
        assert [m.ref for m in meaning.media] == [f"stored:{found.id}" for found in opened.found]
