"""Telegram's posts, good and bad: each row is named by its number in the catalogue of bad inputs (A)."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.events import Media
from gateway.channels import telegram_updates
from gateway.channels.base import Denied, Malformed, Post
from gateway.channels.telegram import TelegramChannel
from gateway.events import (
    AddressChanged,
    Ignored,
    MessageEdited,
    MessageReceived,
    ReachChanged,
    Received,
    Sender,
    Unusable,
)
from tests import payloads
from tests.channels.benches import SECRET, telegram_channel, telegram_post
from tests.standins.telegram import TelegramStandin

BOT = "700001"
ANNA = Sender("telegram", BOT, "5001", "Анна Ковалёва", language="ru")


def read(body: Any) -> Received:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return telegram_updates.translate(raw, BOT)


def meaning(body: Any) -> Any:
    return read(body).meaning


def message(**changes: Any) -> Any:
    return meaning(payloads.telegram("text_message", **changes))


@pytest.fixture
async def channel(telegram: TelegramStandin) -> TelegramChannel:
    return telegram_channel(telegram)


# -- who may post ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param((), id="A1 no secret header"),
        pytest.param(("X" * len(SECRET),), id="A2 wrong secret of the same length"),
        pytest.param(("tök",), id="A3 non-ASCII secret"),
        pytest.param(("\udcfft",), id="A3 secret of raw bytes"),
        pytest.param((SECRET, SECRET), id="A4 two secret headers"),
        pytest.param(("",), id="A1 empty secret"),
    ],
)
async def test_a_post_without_the_secret_is_denied(channel: TelegramChannel, secrets: tuple[str, ...]) -> None:
    headers = tuple(("x-telegram-bot-api-secret-token", secret) for secret in secrets)
    denied = channel.verify(Post("/hooks/telegram", "", headers, b"{}"))
    assert isinstance(denied, Denied)
    assert denied.status == 401


async def test_a_forged_address_is_no_pass(channel: TelegramChannel) -> None:
    """A5 the secret alone counts: a forged X-Forwarded-For neither helps nor harms."""
    good = telegram_post(payloads.telegram("text_message"))
    forwarded = ("x-forwarded-for", "149.154.167.220")
    assert channel.verify(replace(good, headers=(*good.headers, forwarded))) is None
    assert channel.verify(replace(good, headers=(forwarded,))) is not None


@pytest.mark.parametrize("secret", ["", "two words", "к", "x" * 257])
async def test_a_webhook_without_a_fit_secret_does_not_start(telegram: TelegramStandin, secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        TelegramChannel("700001:STANDIN", secret)


@pytest.mark.parametrize(
    "post",
    [
        pytest.param(telegram_post(b""), id="A6 empty body"),
        pytest.param(Post("/hooks/telegram", "", (("content-length", "900"),), b'{"update_id":'), id="A8 cut body"),
    ],
)
async def test_what_was_cut_on_the_way_is_asked_for_again(channel: TelegramChannel, post: Post) -> None:
    assert isinstance(channel.parse(post), Malformed)


# -- what cannot be used -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"[]", "not_an_update", id="A7 a list"),
        pytest.param(b'"5"', "not_an_update", id="A7 a string"),
        pytest.param(b'{"update_id":5,', "not_json", id="A8 complete but invalid"),
        pytest.param(b'{"update_id":1e400}', "not_json", id="A11 1e400"),
        pytest.param(b'{"update_id":NaN}', "not_json", id="A11 NaN"),
        pytest.param(b'{"update_id":1' + b"0" * 30 + b"}", "bad_update_id", id="A12 update_id 10**30"),
        pytest.param(b'{"update_id":9223372036854775808}', "bad_update_id", id="A12 update_id 2**63"),
        pytest.param(b"[" * 200_000, "too_deep", id="A14 200,000 nested ["),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "too_deep", id="A14 50,000 nested {"),
        pytest.param(b'{"update_id":' + b"9" * 5_000 + b"}", "not_json", id="A15 integer of 5,000 digits"),
        pytest.param(b'{"update_id":"' + b"9" * 5_000 + b'"}', "bad_update_id", id="A15 5,000 digits as text"),
        pytest.param(b'{"update_id":true}', "bad_update_id", id="update_id true"),
        pytest.param(b'{"update_id":-5}', "bad_update_id", id="update_id negative"),
        pytest.param(b'{"update_id":1.5}', "bad_update_id", id="update_id 1.5"),
        pytest.param(b"{}", "bad_update_id", id="no update_id"),
        pytest.param(b'{"update_id":5,"message":[]}', "bad_message", id="message is a list"),
        pytest.param(b'{"update_id":5,"message":{"text":"hi"}}', "no_sender", id="message from nobody"),
        pytest.param(
            b'{"update_id":5,"message":{"chat":{"id":1e30,"type":"private"},"text":"hi"}}',
            "no_sender",
            id="chat id 1e30",
        ),
    ],
)
def test_an_unusable_update_is_kept_with_its_reason(body: bytes, reason: str) -> None:
    got = read(body)
    assert got.meaning == Unusable(reason)
    assert got.raw == body
    assert read(body).external_id == got.external_id


def test_deep_but_harmless_looking_text_is_no_bomb() -> None:
    """A14 brackets inside a string nest nothing."""
    assert message(text='[{"' * 2_000 + "\\").text == '[{"' * 2_000 + "\\"


def test_guards_take_no_time_over_a_megabyte() -> None:
    """A14 the guard is linear: brackets, quotes and backslashes by the hundred thousand."""
    started = time.perf_counter()
    for bomb in (b"[" * 1_000_000, b'{"' * 400_000, b'["' + b'\\"' * 450_000, b"[]" * 500_000, b"\\ud8" * 200_000):
        assert isinstance(read(bomb).meaning, Unusable)
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("number", [pytest.param('"12"', id="A13 update_id as text"), pytest.param("12", id="as is")])
def test_an_update_id_as_text_has_the_same_key(number: str) -> None:
    assert read(f'{{"update_id":{number}}}'.encode()).external_id == "u12"


def test_of_two_update_ids_the_last_wins_and_it_is_flagged() -> None:
    """A16 duplicate key update_id."""
    body = (
        json.dumps(payloads.telegram("text_message"))
        .encode()
        .replace(b'{"update_id"', b'{"update_id":5,"update_id"', 1)
    )
    got = read(body)
    assert isinstance(got.meaning, MessageReceived)
    assert (got.external_id, got.meaning.flags) == ("u310000001", ("duplicate_key",))
    assert got.raw == body


def test_a_customer_who_writes_update_id_is_not_flagged() -> None:
    assert message(text='"update_id": 5').flags == ()


@given(st.binary(max_size=300))
def test_no_bytes_whatever_raise(body: bytes) -> None:
    assert read(body).external_id


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
tree = st.recursive(leaf, lambda t: st.lists(t, max_size=3) | st.dictionaries(st.sampled_from(
    ["id", "chat", "from", "type", "photo", "document", "file_id", "contact", "user_id", "location", "latitude", "text",
     "date", "message_id", "reply_to_message", "file_size", "phone_number", "data", "message"]), t, max_size=5), max_leaves=20)  # fmt: skip


@given(st.sampled_from(["message", "callback_query", "edited_message", "my_chat_member"]), tree)
def test_no_shape_whatever_raises(kind: str, inside: Any) -> None:
    got = telegram_updates.translate_update({"update_id": 5, kind: inside}, b"{}", BOT)
    assert got.external_id == "u5"


# -- what is of no concern to us ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"update_id": 5, "brand_new": {}}, "unknown_type", id="A17 a kind nobody knows"),
        pytest.param(payloads.telegram("unknown_kind"), "unknown_type", id="A17 captured"),
        pytest.param(payloads.telegram("channel_post"), "channel", id="A23 channel post"),
        pytest.param(payloads.telegram("group_message"), "group", id="A23 group message"),
        pytest.param(payloads.telegram("from_a_bot"), "bot", id="A24 from a bot"),
        pytest.param(payloads.telegram("from_ourselves"), "self", id="A25 from ourselves"),
        pytest.param(
            payloads.telegram("text_message", text=None, pinned_message={}), "service_message", id="a service message"
        ),
    ],
)
def test_what_is_none_of_our_business_is_ignored_with_its_reason(body: Any, reason: str) -> None:
    got = read(body)
    assert got.meaning == Ignored(reason)
    assert got.external_id.startswith("u")


# -- messages ----------------------------------------------------------------------------------------------------------


def test_a_message_is_read_whole() -> None:
    assert meaning(payloads.telegram("text_message")) == MessageReceived(
        ANNA,
        text="Здравствуйте, нужны колодки на Солярис 2014",
        message_id="4101",
        sent_at=1_767_262_101_000,
    )


@pytest.mark.parametrize("name", payloads.names("telegram"))
def test_every_captured_update_is_understood(name: str) -> None:
    assert not isinstance(meaning(payloads.telegram(name)), Unusable)


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        pytest.param(rb"\ud800 ok", "\ufffd ok", id="A18 a lone high surrogate"),
        pytest.param(rb"\udc00\ud83d\ude00", "\ufffd😀", id="A18 a lone low one before a pair"),
        pytest.param(rb"\\ud800\ud800", "\\ud800\ufffd", id="A18 an escaped backslash is no escape"),
        pytest.param(rb"a\u0000b", "ab", id="A19 NUL"),
        pytest.param(b"a\xffb", "a\ufffdb", id="raw bytes that are no UTF-8"),
    ],
)
def test_broken_characters_are_mended(escaped: bytes, text: str) -> None:
    body = json.dumps(payloads.telegram("text_message", text="@@")).encode().replace(b"@@", escaped)
    assert meaning(body).text == text
    assert meaning(body).text.encode()


def test_a_text_of_emoji_families_is_kept_whole() -> None:
    """A20 4096 ZWJ families."""
    assert message(text="👨‍👩‍👧‍👦" * 4096).text == "👨‍👩‍👧‍👦" * 4096


def test_an_edit_is_a_note_on_a_message() -> None:
    """A22 edited_message."""
    got = meaning(payloads.telegram("edited_message"))
    assert isinstance(got, MessageEdited)
    assert (got.sender, bool(got.text), bool(got.message_id)) == (ANNA, True, True)


def test_a_press_carries_its_data_and_what_to_answer() -> None:
    got = meaning(payloads.telegram("button_pressed"))
    assert got == MessageReceived(ANNA, button="m:1:1", callback="21474836480000001", reply_to="4050")


def test_a_press_on_a_forgotten_message_is_a_press() -> None:
    """A28 callback older than 48 h without its message."""
    got = meaning(payloads.telegram("button_pressed_without_message"))
    assert (got.sender.address, bool(got.button), bool(got.callback)) == ("5001", True, True)


def test_a_press_with_bytes_for_data_is_a_press() -> None:
    """A27 64 random bytes: unknown data is the menu's business, not ours."""
    body = json.dumps(payloads.telegram("button_pressed", data="@@")).encode().replace(b"@@", bytes(range(128, 192)))
    assert meaning(body).button == "\ufffd" * 64
    assert meaning(body).callback


def test_a_start_payload_is_only_text() -> None:
    """A30 `/start` with 200 characters of mischief."""
    words = "/start " + ("../../x'--" * 20)
    assert message(text=words).text == words


def test_only_ones_own_contact_is_ones_phone() -> None:
    """A31 contact share whose user_id is not the sender."""
    own, foreign = (meaning(payloads.telegram(f"contact_shared_{whose}")) for whose in ("own", "foreign"))
    assert (own.phone, own.flags) == ("+79161234567", ())
    assert (foreign.phone, foreign.flags) == ("", ("foreign_contact",))
    assert foreign.text == "Сергей\n+7 903 765-43-21"


@pytest.mark.parametrize("user_id", [None, True, "5001x", 5001.0, [5001]])
def test_a_contact_of_no_clear_owner_is_not_ones_phone(user_id: Any) -> None:
    contact = {"phone_number": "+79161234567", "first_name": "А", "user_id": user_id}
    assert message(text=None, contact=contact).phone == ""


@pytest.mark.parametrize(
    ("first", "last", "nick", "shown"),
    [
        pytest.param("<b>&\"'{{7*7}}", "", "", "<b>&\"'{{7*7}}", id="A32 markup stays literal"),
        pytest.param("\u202e\u200b", "", "anna_k", "@anna_k", id="A33 invisible: the nick stands in"),
        pytest.param("\u202e\u200b", "\u3164", "", "", id="A33 invisible and no nick"),
        pytest.param(" Анна\u202e ", "\u0000К\n", "", "Анна К", id="A33 direction marks and line ends go"),
        pytest.param(5, None, None, "", id="a name of no text"),
    ],
)
def test_names_are_shown_as_they_are_or_not_at_all(first: Any, last: Any, nick: Any, shown: str) -> None:
    person = {"id": 5001, "is_bot": False, "first_name": first, "last_name": last, "username": nick}
    assert message(**{"from": person}).sender.name == shown


@pytest.mark.parametrize("date", [10**18, -1, 0, "soon", None, 1e400, 4_102_444_801])
def test_a_date_that_cannot_be_is_left_to_the_clock(date: Any) -> None:
    """A34 date 10**18 or negative."""
    got = telegram_updates.translate_update(payloads.telegram("text_message", date=date), b"{}", BOT).meaning
    assert isinstance(got, MessageReceived)
    assert (got.sent_at, got.flags) == (0, ("bad_date",))


def test_a_group_that_moved_changes_its_address() -> None:
    """A35 migrate_to_chat_id."""
    got = meaning(payloads.telegram("group_migrated"))
    assert isinstance(got, AddressChanged)
    assert (got.sender.address, got.address) == ("-4012345678", "-1001987654321")


def test_a_file_is_only_described() -> None:
    """A36 invoice.pdf.exe of 3 GB."""
    file = {
        "file_id": "F",
        "file_name": "../inv\u202eoice.pdf.exe",
        "mime_type": "application/pdf",
        "file_size": 3 * 10**9,
    }
    assert message(document=file).media == (Media("document", "F", "invoice.pdf.exe", "application/pdf", 3 * 10**9),)


def test_an_album_shares_one_word() -> None:
    """A37 media group."""
    files = [meaning(payloads.telegram(f"media_group_{n}")) for n in (1, 2, 3)]
    assert len({file.group for file in files}) == 1
    assert files[0].group
    assert all(len(file.media) == 1 for file in files)


def test_a_bot_that_was_blocked_hears_of_it() -> None:
    """A38 my_chat_member kicked."""
    assert meaning(payloads.telegram("bot_blocked")) == ReachChanged(ANNA, "blocked")
    assert meaning(payloads.telegram("bot_unblocked")) == ReachChanged(ANNA, "unblocked")


def test_of_a_photo_the_largest_size_is_taken() -> None:
    sizes = [{"file_id": f"p{w}", "width": w, "height": w, "file_size": w * 9} for w in (320, 1280, 90)]
    assert message(photo=sizes, text=None, caption="вот").media == (Media("photo", "p1280", size=11520),)
    assert message(photo=["x", {}, {"file_id": "p"}]).media == (Media("photo", "p"),)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("voice", "voice"), ("video", "video"), ("video_note", "video"), ("sticker", "sticker"), ("document", "document")],
)
def test_each_kind_of_file_is_told_apart(name: str, kind: str) -> None:
    media = meaning(payloads.telegram(name)).media
    assert [file.kind for file in media] == [kind]
    assert media[0].ref


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [(55.75, 37.61, (55.75, 37.61)), (91, 0, None), ("x", 1, None), (1e400, 0, None), (10**400, 0, None)],
)
def test_a_place_must_be_on_earth(latitude: Any, longitude: Any, place: Any) -> None:
    update = payloads.telegram("text_message", text=None, location={"latitude": latitude, "longitude": longitude})
    got = telegram_updates.translate_update(update, b"{}", BOT).meaning
    assert isinstance(got, MessageReceived)
    assert got.location == place
    assert ("bad_location" in got.flags) == (place is None)
