"""Mails as they are posted to the hook: what is read out of them, what nobody wrote, and what is not believed."""

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.channels.base import Denied, Post
from gateway.channels.mail import MailChannel
from gateway.channels.mail_text import new_words, text_of_html
from gateway.events import Ignored, MailReceived, ReachChanged, StatusReported, Unusable
from gateway.translate import arrival, event_from_json
from tests import payloads
from tests.channels.benches import MAIL_CUSTOMER, THREADS, mail_channel, mail_post

SEAL = THREADS.seal(7, MAIL_CUSTOMER, "words")
OURS = THREADS.message_id(SEAL)
FORGED = OURS.replace(SEAL[-16:], "a" * 16)


@pytest.fixture
def channel() -> MailChannel:
    return mail_channel(None)


def wire(body: bytes | str) -> Post:
    return mail_post(body.encode() if isinstance(body, str) else body, "message/rfc822")


def heard(channel: MailChannel, post: Post) -> Any:
    assert channel.verify(post) is None
    received = channel.parse(post)
    assert isinstance(received, tuple)
    assert received[0].raw == post.body
    return received[0].meaning


def key(channel: MailChannel, post: Post) -> str:
    received = channel.parse(post)
    assert isinstance(received, tuple)
    return received[0].external_id


def letter(channel: MailChannel, **changes: Any) -> Any:
    return heard(channel, mail_post(payloads.mail("inquiry", **changes)))


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic hook-token_of_the_bench", "Bearer tök"])
def test_only_who_has_the_token_may_post(channel: MailChannel, given: str):
    assert isinstance(channel.verify(Post("/hooks/mail", "", (("authorization", given),), b"{}")), Denied)


def test_without_a_token_in_the_settings_the_hook_is_shut():
    shut = MailChannel(channel_from(), THREADS, lambda: 0, token="", line=None)
    assert isinstance(shut.verify(Post("/hooks/mail", "", (("authorization", "Bearer "),), b"{}")), Denied)


def channel_from() -> Any:
    return mail_channel(None)._who


# -- what is read ----------------------------------------------------------------------------------------------------


def test_a_mail_as_json_says_who_wrote_what_and_proves_nothing(channel: MailChannel):
    mail = letter(channel)
    assert isinstance(mail, MailReceived)
    assert (mail.sender.channel, mail.sender.account, mail.sender.address) == ("email", "mail", "anna@example.org")
    assert (mail.sender.name, mail.sender.email, mail.sender.phone) == ("Анна Петрова", "anna@example.org", "")
    assert (mail.subject, mail.message_id, mail.part) == ("Колодки на Октавию", "<a1.first@mail.example.org>", 0)
    kept = arrival("email", "mail", channel.parse(mail_post(payloads.mail("inquiry")))[0])  # type: ignore[index]
    assert (kept.vouched, kept.opens) == (False, True)


@pytest.mark.parametrize(
    "sender", [{"name": "Анна Петрова", "email": "Anna@Example.org"}, {"name": "Анна Петрова", "address": "anna@example.org"}, "anna@example.org"]
)  # fmt: skip
def test_a_sender_may_be_spelled_in_several_ways(channel: MailChannel, sender: Any):
    assert letter(channel, **{"from": sender}).sender.address == "anna@example.org"


def test_a_reply_off_the_wire_is_known_by_its_thread_and_only_its_new_words_are_heard(channel: MailChannel):
    mail = heard(channel, wire(payloads.eml("reply_gmail", id=OURS)))
    assert (mail.text, mail.part, mail.subject) == ("Да, беру две штуки.", 7, "Re: Ваше обращение")
    assert "Есть Bosch и TRW" in mail.whole
    assert mail.answers == ("<a1.first@mail.example.org>", OURS)
    assert mail.sender.name == "Анна Петрова"


def test_html_alone_is_read_as_text_and_files_are_named(channel: MailChannel):
    mail = heard(channel, wire(payloads.eml("reply_outlook_html", id=OURS)))
    assert mail.text == "Пришлите счёт на организацию,\nреквизиты в файле."
    assert mail.files == ("реквизиты.pdf",)
    assert (mail.subject, mail.sender.name) == ("RE: Ваш заказ", "Petrova, Anna")
    assert "color" not in mail.whole


@pytest.mark.parametrize(
    "changes",
    [
        {"in_reply_to": OURS},
        {"references": f"<x@y> {OURS}"},
        {"references": ["<x@y>", OURS, "<z@y>"]},
        {"headers": {"In-Reply-To": OURS}},
        {"headers": [["References", f"<x@y>\r\n {OURS}"]]},
        {"to": f"Shop <shop+{SEAL}@example.com>"},
        {"to": ["a@example.org", f"shop+{SEAL.upper()}@example.com"]},
    ],
)
def test_the_thread_is_known_by_whatever_brings_the_seal_back(channel: MailChannel, changes: dict[str, Any]):
    assert letter(channel, **changes).part == 7


@pytest.mark.parametrize(
    "told", [FORGED, OURS.replace("<7.", "<8."), "<7@example.com>", f"<x{SEAL}@example.com>", "7." * 90_000]
)
def test_a_seal_that_we_have_not_made_is_none(channel: MailChannel, told: str):
    assert letter(channel, in_reply_to=told).part == 0


def test_the_newest_of_several_seals_counts(channel: MailChannel):
    newer = THREADS.message_id(THREADS.seal(9, MAIL_CUSTOMER, "more"))
    assert letter(channel, references=f"{OURS} {newer}").part == 9
    assert letter(channel, references=newer, in_reply_to=OURS).part == 7


def test_an_event_comes_back_out_of_the_inbox_as_it_went_in(channel: MailChannel):
    (received,) = channel.parse(wire(payloads.eml("reply_gmail", id=OURS)))  # type: ignore[misc]
    kept = arrival("email", "mail", received)
    assert event_from_json(kept.kind, orjson.loads(orjson.dumps(kept.event))) == received.meaning
    assert kept.part == 7


def test_a_server_that_found_the_sender_false_is_believed(channel: MailChannel):
    said = {"Authentication-Results": "mx.example.com; dmarc=fail header.from=example.org"}
    assert letter(channel, headers=said).flags == ("dmarc_fail",)
    assert letter(channel, headers={"Authentication-Results": "mx; dmarc=pass"}).flags == ()


# -- repeats ---------------------------------------------------------------------------------------------------------


def test_a_mail_handed_over_twice_has_one_key_though_its_way_was_another(channel: MailChannel):
    raw = payloads.eml("reply_gmail", id=OURS)
    again = raw.replace(b"10:20:00", b"10:20:59")
    assert key(channel, wire(raw)) == key(channel, wire(again))
    assert key(channel, mail_post(payloads.mail("inquiry"))) == "in-20251124-0001"


def test_nobody_takes_anothers_mail_away_by_its_message_id(channel: MailChannel):
    raw = payloads.eml("reply_gmail", id=OURS)
    assert key(channel, wire(raw)) != key(channel, wire(raw.replace(b"<anna@", b"<boris@")))
    assert key(channel, wire(raw)) != key(channel, wire(raw.replace("две".encode(), "три".encode())))


# -- what no person wrote --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto-Submitted": "auto-replied (vacation)"}, "auto_reply"),
        ({"auto-submitted": "auto-generated"}, "auto_reply"),
        ({"X-Autoreply": "yes"}, "auto_reply"),
        ({"Return-Path": "<>"}, "auto_reply"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"List-Id": "<news.example.org>"}, "bulk"),
        ({"List-Unsubscribe": "<https://example.org>"}, "bulk"),
    ],
)
def test_what_a_machine_sent_is_ignored(channel: MailChannel, headers: dict[str, str], why: str):
    assert letter(channel, headers=headers) == Ignored(why)


def test_auto_submitted_no_is_a_persons(channel: MailChannel):
    assert isinstance(letter(channel, headers={"Auto-Submitted": "no"}), MailReceived)


def test_an_absence_note_is_ignored(channel: MailChannel):
    assert heard(channel, wire(payloads.eml("out_of_office", id=OURS))) == Ignored("auto_reply")


def test_our_own_mails_that_come_back_are_ignored(channel: MailChannel):
    assert letter(channel, **{"from": "Shop <SHOP@example.com>"}) == Ignored("self")
    assert letter(channel, headers={"Message-ID": OURS}) == Ignored("self")


@pytest.mark.parametrize(
    ("status", "said", "meaning"),
    [
        ("5.1.1", "550 5.1.1 user unknown", "not_found"),
        ("5.0.0", "550 no such user", "not_found"),
        ("5.4.4", "host not found", "not_found"),
        ("5.2.2", "552 5.2.2 mailbox full", "fatal"),
        ("5.7.1", "550 5.7.1 message rejected as spam", "fatal"),
    ],
)
def test_a_bounce_says_which_part_failed_and_whether_the_address_is_gone(
    channel: MailChannel, status: str, said: str, meaning: str
):
    report = heard(channel, wire(payloads.eml("bounce", id=OURS, action="failed", status=status, said=said)))
    assert isinstance(report, StatusReported)
    assert (report.part, report.provider_id, report.status, report.meaning) == (7, OURS, "failed", meaning)


def test_a_bounce_as_json_is_one_too(channel: MailChannel):
    words = f"Delivery to anna@example.org failed permanently: 550 5.1.1 unknown.\n\nMessage-ID: {OURS}"
    report = letter(channel, **{"from": "MAILER-DAEMON"}, text=words)
    assert (report.part, report.meaning, report.code) == (7, "not_found", "5.1.1")


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered"])
def test_a_report_that_is_no_failure_is_ignored(channel: MailChannel, action: str):
    raw = payloads.eml("bounce", id=OURS, action=action, status="4.4.1", said="later")
    assert heard(channel, wire(raw)) == Ignored("delivery_report")


def test_a_bounce_without_our_seal_marks_nothing(channel: MailChannel):
    for told in (FORGED, "<7@example.com>"):
        raw = payloads.eml("bounce", id=told, action="failed", status="5.1.1", said="550")
        assert heard(channel, wire(raw)) == Ignored("bounce")


def test_who_asks_for_no_more_mails_is_known_by_the_seal(channel: MailChannel):
    left = letter(channel, subject=f"unsubscribe:{SEAL}", text="")
    assert isinstance(left, ReachChanged)
    assert (left.change, left.part) == ("opted_out", 7)
    assert isinstance(letter(channel, subject="unsubscribe:7.00000000.aaaaaaaaaaaaaaaa"), MailReceived)


# -- what cannot be used ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b"null", b"1"])
def test_what_is_no_json_is_kept_with_a_reason(channel: MailChannel, body: bytes):
    assert heard(channel, mail_post(body)) == Unusable("not_json")


@pytest.mark.parametrize("sender", [None, "", 7, [], {}, "Анна", "anna@", {"address": ["a@b.example"]}])
def test_a_mail_of_nobody_is_kept_with_a_reason(channel: MailChannel, sender: Any):
    assert letter(channel, **{"from": sender}) == Unusable("not_a_mail")


@pytest.mark.parametrize("body", [b"", b"hello", b"\0\1\2", b"\xff" * 1_000, b"X: y\r\n\r\nwords"])
def test_what_is_no_mail_is_kept_with_a_reason(channel: MailChannel, body: bytes):
    assert heard(channel, wire(body)) == Unusable("not_a_mail")


def test_a_mail_with_nothing_in_it_is_kept_with_a_reason(channel: MailChannel):
    assert letter(channel, text="", subject="") == Unusable("empty_message")


HOSTILE = {
    "nested": "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(5_000)),
    "parts": 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + "--b\r\n\r\nx\r\n" * 60_000,
    "headers": "".join(f"X-{n}: y\r\n" for n in range(80_000)) + "\r\nwords",
    "one header": "Subject: " + "=?utf-8?q?=41?= " * 60_000 + "\r\n\r\nwords",
    "comments": "To: " + "(" * 400_000 + "\r\n\r\nwords",
    "charset": 'Content-Type: text/plain; charset="punycode"\r\n\r\n' + "a" * 300_000 + "-" + "z" * 300_000,
    "base64": "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + "!" * 900_000,
    "tags": "Content-Type: text/html\r\n\r\n" + "<div><b>" * 100_000,
    "open tags": "Content-Type: text/html\r\n\r\n" + "<" * 900_000,
    "declarations": "Content-Type: text/html\r\n\r\n" + "<![x<!--" * 100_000,
    "quotes": "Content-Type: text/plain\r\n\r\n" + ("On 1 2 <a@b\r\n" * 60_000),
    "wrote": "Content-Type: text/plain\r\n\r\n" + ("10:10 <a@b.c> " * 60_000) + ":",
    "rules": "Content-Type: text/plain\r\n\r\n" + ("_" * 90 + "\r\nFrom: x\r\n") * 9_000,
    "seals": "Content-Type: text/plain\r\nReferences: " + "<7.00000000.aaaaaaaaaaaaaaaa@x> " * 25_000 + "\r\n\r\nx",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_takes_no_time_and_raises_nothing(channel: MailChannel, name: str):
    raw = f"From: anna@example.org\r\nMessage-ID: <h@x>\r\n{HOSTILE[name]}"[:990_000].encode()
    began = time.perf_counter()
    meaning = heard(channel, wire(raw))
    assert time.perf_counter() - began < 1.0
    assert isinstance(meaning, MailReceived | Unusable)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.sampled_from([OURS, "a@b.example", "<>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
_FIELDS = ("id", "from", "to", "subject", "text", "html", "in_reply_to", "references", "headers", "attachments")


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, _JSON)))
def test_no_shape_whatever_raises(shape: dict[str, Any]):
    meaning = heard(mail_channel(None), mail_post(json.dumps(shape).encode()))
    assert isinstance(meaning, MailReceived | Ignored | Unusable | StatusReported | ReachChanged)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 900))
def test_no_mail_whatever_raises(noise: bytes, at: int):
    raw = payloads.eml("reply_outlook_html", id=OURS)
    meaning = heard(mail_channel(None), wire(raw[:at] + noise + raw[at + len(noise) :]))
    assert isinstance(meaning, MailReceived | Ignored | Unusable | StatusReported | ReachChanged)


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "history",
    [
        "On Mon, 24 Nov 2025 at 13:10, Shop <shop@example.com> wrote:\n\n> Есть",
        "On Mon, 24 Nov 2025 at 13:10, Shop\n<shop@example.com> wrote:\n> Есть",
        '24.11.2025, 13:10, "Shop" <shop@example.com>:\n> Есть',
        "Понедельник, 24 ноября 2025, 13:10 +03:00 от Shop <shop@example.com>:\n>Есть",
        "24 нояб. 2025 г., в 13:10, Shop <shop@example.com> написал(а):\n\n> Есть",
        "пн, 24 лист. 2025 р. о 13:10 Shop <shop@example.com> пише:\n> Є",
        "-----Original Message-----\nFrom: Shop\nЕсть",
        "-------- Исходное сообщение --------\nЕсть",
        "От: Shop <shop@example.com>\nОтправлено: 24 ноября 2025 г. 13:10\nКому: Анна\nТема: Заказ\n\nЕсть",
        "________________________________\nFrom: Shop <shop@example.com>\nSent: Monday\nTo: Anna\n\nЕсть",
        "*From:* Shop\n*Sent:* Monday\n\nЕсть",
        "-- \nАнна, +7 916 123-45-67",
        "> Есть\n> Bosch",
    ],
)
def test_the_history_that_a_program_quotes_is_not_what_the_customer_said(history: str):
    assert new_words(f"Беру две.\n\n{history}") == "Беру две."


@pytest.mark.parametrize(
    "text",
    [
        "Анна пишет: привезите два\nи ещё один",
        "Смотрите:\n\nартикул 1K0 698 151",
        "От: дома до вас полчаса\nПриеду к 10:30",
        "From: here\nI go",
        "Позвоните 10:30 <anna@example.org>:\nи скажите цену",
        "Цена: 100",
        "Forwarded:\n--- a ---\nb",
        "a\n--- b",
    ],
)
def test_words_that_only_look_like_history_stay(text: str):
    assert new_words(text) == text


def test_an_answer_between_the_quoted_lines_is_heard():
    assert new_words("> Bosch или TRW?\nBosch\n> Сколько?\nДве") == "Bosch\nДве"


def test_html_becomes_what_is_seen():
    html = (
        "<p>Раз&nbsp;&amp; два</p><script>alert(1)</script><ul><li>три<li>четыре</ul><blockquote>Было</blockquote>После"
    )
    assert text_of_html(html) == "Раз & два\nтри\nчетыре\n> Было\nПосле"
    assert new_words(text_of_html(html)) == "Раз & два\nтри\nчетыре\nПосле"
