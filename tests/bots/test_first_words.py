"""What a customer begins with may be the answer to the first question already: then it is not asked for."""

import json

import pytest

from bots.kit.answers import tells
from bots.kit.conversation import Conversation
from bots.kit.events import Media, MessageReceived
from bots.kit.languages import language
from bots.kit.linter import lint
from bots.kit.run import RunState
from tests.bots.scripts import compiled

SHOP = """
script: Shop
language: ru
gather: 3s
fields: {need: Need}
steps:
  hello:
    say: Здравствуйте!
    ask: Что нужно?
    choices:
      order: {label: Мой заказ, then: order}
    answer:
      photo: {then: order}
      text: {save: need, first: yes, then: done}
  order: {say: Номер?, end: order}
  done: {say: "Записал: {need or …}", end: done}
"""


def shop(text: str = SHOP) -> Conversation:
    return Conversation(compiled(text))


def said(talk: Conversation, *texts: str, apart: int = 0) -> list[str]:
    lines = []
    for text in texts:
        lines += talk.hear(MessageReceived(text)) + talk.wait(apart)
    return [line.text for line in (*lines, *talk.settle()) if line.speaker == "bot"]


def test_what_the_customer_begins_with_is_taken_and_not_asked_for() -> None:
    talk = shop()
    assert said(talk, "нужна обложка на паспорт") == ["Здравствуйте!", "Записал: нужна обложка на паспорт"]
    assert talk.fields["need"] == "нужна обложка на паспорт"


def test_without_the_word_the_question_is_put_and_waits_for_its_answer() -> None:
    talk = shop(SHOP.replace("first: yes, ", ""))
    assert said(talk, "нужна обложка на паспорт")[0] == "Здравствуйте!"
    assert talk.run.step == "hello"
    assert "need" not in talk.fields


@pytest.mark.parametrize(
    "greeting", ["Здравствуйте", "Добрый день!!! 👋", "привет, есть кто-нибудь?", "?", "1234", "/start from_ad"]
)
def test_a_mere_greeting_is_no_answer(greeting: str) -> None:
    talk = shop()
    assert said(talk, greeting) == ["Здравствуйте!", "Что нужно?\n1. Мой заказ"]
    assert said(talk, "ремень") == ["Записал: ремень"]


def test_a_greeting_and_what_follows_in_the_same_breath_are_one_answer() -> None:
    talk = shop()
    heard = said(talk, "Здравствуйте", "нужен ремень", apart=1_000)
    assert heard == ["Здравствуйте!", "Что нужно?\n1. Мой заказ", "Записал: Здравствуйте\nнужен ремень"]


def test_a_burst_that_begins_with_the_answer_is_taken_as_a_whole() -> None:
    assert said(shop(), "нужен ремень", "коричневый", apart=1_000) == [
        "Здравствуйте!",
        "Записал: нужен ремень\nкоричневый",
    ]


def test_first_words_that_name_a_choice_or_ask_for_a_person_do_as_ever() -> None:
    assert said(shop(), "где мой заказ")[-1] == "Номер?"
    assert "менеджер" in said(shop(), "позовите менеджера")[-1]


def test_a_photo_with_words_goes_the_photos_way_and_keeps_the_words() -> None:
    talk = shop()
    talk.hear(MessageReceived("такой же ремень", media=(Media("photo", "f1"),)))
    talk.settle()
    assert talk.run.step == "order"
    assert talk.fields["need"] == "такой же ремень"


def test_a_shop_that_writes_first_asks() -> None:
    assert [line.text for line in shop().start()] == ["Здравствуйте!", "Что нужно?\n1. Мой заказ"]


def test_a_question_that_was_not_put_survives_between_two_messages_as_any_other() -> None:
    talk = shop()
    talk.hear(MessageReceived("нужен ремень"))
    saved = RunState.from_json(json.loads(json.dumps(talk.run.to_json())))
    assert saved.heard == ("нужен ремень",)
    assert "settle" in saved.timers


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        ("ru", "Хочу спросить", False),
        ("ru", "Хочу ремень", True),
        ("uk", "Доброго дня, є питання", False),
        ("uk", "Чи є чохол?", True),
    ],
)
def test_what_tells_more_than_a_greeting(name: str, text: str, *, more: bool) -> None:
    spoken = language(name)
    assert spoken is not None
    assert tells(text, spoken) is more


def test_at_a_later_question_the_word_says_nothing_and_the_checker_says_so() -> None:
    late = SHOP.replace(
        "order: {say: Номер?, end: order}", "order:\n    ask: Номер?\n    answer:\n      text: {first: yes, then: done}"
    )
    found = [str(one) for one in lint(late, "shop")[1] if one.code == "unused"]
    assert len(found) == 1
    assert "other questions come before it" in found[0]
    assert not [one for one in lint(SHOP, "shop")[1] if one.code == "unused"]
