"""One message as the parts a channel can carry."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.effects import Choice
from bots.kit.events import Media
from gateway.channels.base import Button, Limits, Outgoing
from gateway.parts import Part, plan, split, width

TELEGRAM = Limits(text=4096, caption=1024, unit="utf16", buttons=12, label=40, asks_phone=True)
WHATSAPP = Limits(text=1600, caption=1024, unit="utf16", buttons=0, label=20)
MENU = (Choice("parts", "Подбор запчастей"), Choice("order", "Мой заказ"), Choice("delivery", "Доставка"))
FAMILY = "👨‍👩‍👧‍👦"


def test_a_short_text_is_one_part() -> None:
    assert plan(" Здравствуйте! ", limits=TELEGRAM) == (Part("text", "Здравствуйте!"),)


@pytest.mark.parametrize("text", ["", " \n "])
def test_nothing_to_say_is_no_part(text: str) -> None:
    assert plan(text, limits=TELEGRAM) == ()


def test_a_menu_becomes_numbered_buttons() -> None:
    (part,) = plan("Что вас интересует?", MENU, limits=TELEGRAM, data=lambda choice: f"m:{choice.key}")
    assert part.text == "Что вас интересует?"
    assert part.buttons == (
        Button("m:parts", "1. Подбор запчастей"),
        Button("m:order", "2. Мой заказ"),
        Button("m:delivery", "3. Доставка"),
    )


def test_a_menu_becomes_numbered_lines_where_there_are_no_buttons() -> None:
    (part,) = plan("Что вас интересует?", MENU, limits=WHATSAPP)
    assert part == Part("text", "Что вас интересует?\n\n1. Подбор запчастей\n2. Мой заказ\n3. Доставка")


@pytest.mark.parametrize(
    ("choices", "data"),
    [
        pytest.param(tuple(Choice(str(n), "Да") for n in range(13)), "k", id="too many"),
        pytest.param((Choice("a", "Да"), Choice("b", "Очень " * 10)), "k", id="a long label"),
        pytest.param(MENU, "я" * 33, id="data over 64 bytes"),
        pytest.param(MENU, "", id="no data"),
    ],
)
def test_a_menu_that_does_not_fit_is_written_out_whole(choices: tuple[Choice, ...], data: str) -> None:
    (part,) = plan("Выберите", choices, limits=TELEGRAM, data=lambda _: data)
    assert part.buttons == ()
    assert part.text.count("\n") == len(choices) + 1


def test_a_menu_numbered_by_hand_is_not_numbered_again() -> None:
    (part,) = plan("?", (Choice("a", "1 — заказать"), Choice("b", "2 — дешевле")), limits=WHATSAPP)
    assert part.text == "?\n\n1 — заказать\n2 — дешевле"


def test_labels_that_only_begin_with_digits_are_numbered() -> None:
    (part,) = plan("?", (Choice("a", "2110"), Choice("b", "2114")), limits=WHATSAPP)
    assert part.text == "?\n\n1. 2110\n2. 2114"


def test_buttons_stand_on_the_last_part() -> None:
    parts = plan("Слово. " * 1000, MENU, limits=TELEGRAM)
    assert [bool(part.buttons) for part in parts] == [False, True]


def test_the_phone_button_leaves_the_menu_as_text() -> None:
    (part,) = plan("Ваш номер?", MENU, limits=TELEGRAM, ask_phone="Отправить номер")
    assert (part.buttons, part.ask_phone) == ((), "Отправить номер")
    assert part.text.endswith("3. Доставка")
    assert plan("Ваш номер?", limits=WHATSAPP, ask_phone="Отправить номер")[0].ask_phone == ""


def test_a_text_that_fits_goes_with_its_picture() -> None:
    photo = Media("photo", "p1")
    assert plan("Вот", MENU, limits=TELEGRAM, media=[photo])[0].media == photo
    assert len(plan("Вот", MENU, limits=TELEGRAM, media=[photo])) == 1
    files = plan("Вот", limits=TELEGRAM, media=[photo, Media("photo", "p2")])
    assert [(part.kind, part.text) for part in files] == [("media", ""), ("media", "Вот")]


@pytest.mark.parametrize(("text", "kind"), [("я" * 1025, "photo"), ("Вот", "voice"), ("Вот", "sticker")])
def test_a_text_that_does_not_fit_a_file_follows_it(text: str, kind: str) -> None:
    parts = plan(text, limits=TELEGRAM, media=[Media(kind, "f")])  # type: ignore[arg-type]
    assert [(part.kind, part.text) for part in parts] == [("media", ""), ("text", text)]


def test_a_file_alone_is_one_part() -> None:
    assert plan("", limits=WHATSAPP, media=[Media("document", "f")]) == (Part("media", media=Media("document", "f")),)


def test_a_part_becomes_a_call_with_its_number_and_address() -> None:
    assert Part("text", "да").outgoing(7, "5001") == Outgoing(7, "5001", text="да")


# -- cutting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("раз два. три\n\nчетыре пять", ["раз два. три", "четыре пять"]),
        ("раз два. три\nчетыре пять", ["раз два. три", "четыре пять"]),
        ("раз два три. четыре пять", ["раз два три.", "четыре пять"]),
        ("раз два три четыре пять", ["раз два три", "четыре пять"]),
        ("развадватричетыре", ["развадватричет", "ыре"]),
    ],
)
def test_a_text_is_cut_where_it_hurts_least(text: str, pieces: list[str]) -> None:
    assert split(text, 14, "chars") == pieces


def test_a_text_that_just_fits_is_not_cut() -> None:
    assert split("я" * 4096, 4096, "utf16") == ["я" * 4096]
    assert [len(piece) for piece in split("😀" * 4096, 4096, "utf16")] == [2048, 2048]


def test_a_space_right_behind_a_full_part_is_the_cut() -> None:
    assert split("я" * 14 + " да", 14, "chars") == ["я" * 14, "да"]


def test_emoji_families_are_never_torn() -> None:
    """A20 4096 ZWJ families, A124 a grapheme edge."""
    pieces = split(FAMILY * 4096, 4096, "utf16")
    assert "".join(pieces) == FAMILY * 4096
    assert all(width(piece, "utf16") <= 4096 and len(piece) % len(FAMILY) == 0 for piece in pieces)


def test_one_grapheme_longer_than_a_part_is_cut_all_the_same() -> None:
    pieces = split("e" + "\u0301" * 5000, 1600, "utf16")
    assert "".join(pieces) == "e" + "\u0301" * 5000
    assert max(map(len, pieces)) <= 1600


texts = st.text(alphabet=st.sampled_from([*"абв .!?\n", "😀", "\u0301", "\u200d", "👩", "🇷", "🇺"]), max_size=200)


@given(texts, st.integers(4, 60), st.sampled_from(["utf16", "chars"]))
def test_whatever_is_cut_nothing_is_lost_and_all_fits(text: str, limit: int, unit: str) -> None:
    pieces = split(text, limit, unit)  # type: ignore[arg-type]
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(0 < width(piece, unit) <= limit for piece in pieces)  # type: ignore[arg-type]


@given(st.lists(st.sampled_from([FAMILY, "🇷🇺", "é", "да"]), max_size=60))
def test_no_visible_character_is_cut_in_two(clusters: list[str]) -> None:
    whole = regex.findall(r"\X", "".join(clusters))
    cut = [cluster for piece in split("".join(clusters), 30, "utf16") for cluster in regex.findall(r"\X", piece)]
    assert cut == whole
