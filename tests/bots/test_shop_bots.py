"""The bots that a shop needs can be written in the language alone: offer follow-up, collector, out of hours, clarification."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bots.kit.conversation import Conversation
from bots.kit.events import MessageReceived
from bots.kit.hours import Hours
from bots.kit.linter import lint
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.window import MARGIN_MS
from gateway.channels.limits import LIMITS
from tests.bots.scripts import HOUR

DAY = 24 * HOUR
OFFICE = Hours("Europe/Moscow", (((600, 1140),),) * 5 + ((), ()))

SHOP = """\
playbook: Магазин
zone: Europe/Moscow
funnels:
  retail:
    title: Розница
    stages: {new: Новая, offer_bot: Бот, offer_manager: Менеджер, paying: Оплата}
    won: Выдан
    lost: Не состоялся
bots:
  offline: {on: message}
  offer: {}
  collector: {}
  address: {within: 10h}
reasons: {silence: Молчит}
hours: {week: {mon-fri: 10:00-19:00}}
templates:
  offer: {text: "{1}, предложение ещё в силе?", whatsapp: HX1}
  pay: {text: "Заказ {1} ждёт оплаты: {2}.", whatsapp: HX2}
"""

OFFER = """\
script: После предложения
fields: {wish: Что решил}
close: silence
steps:
  day:
    wait: {for: 24h}
    message: manager
    then: still
  still:
    check:
      - {stage: offer_bot, then: menu}
    else: gone
  menu:
    say: "{name|first|proper or Здравствуйте}, вчера мы прислали вам предложение. Цены и наличие меняются."
    ask: "Что сделать?"
    template: {name: offer, values: ["{name|first|proper or Здравствуйте}"], else: task}
    save: wish
    choices:
      order: {label: Оформить заказ, words: [заказ, беру], then: manager}
      cheaper: {label: Купить дешевле, words: [дешевле, скидка], then: cheaper}
      delivery: {label: Узнать о доставке, words: [доставка], then: manager}
    patience: 2d
    silence: manager
  cheaper:
    say: "Можно подобрать аналог: он дешевле на 10–30 %."
    then: manager
  manager:
    move: offer_manager
    hand_off: {kind: offer, task: "Довести предложение до заказа", show: [wish]}
  gone: {end: moved}
"""

COLLECTOR = """\
script: Напоминания об оплате
fields: {order: Заказ, total: Сумма}
steps:
  at_once:
    say: "Заказ {order or без номера} оформлен. К оплате {total|price or сумма из письма}."
    template: {name: pay, values: ["{order or без номера}", "{total|price or сумма из письма}"]}
    then: one
  one:
    wait: {for: 1d}
    message: asked
    then: second
  second:
    check: [{stage: paying, then: remind}]
    else: paid
  remind:
    say: "Напоминаем: заказ {order or без номера} ждёт оплаты."
    template: {name: pay, values: ["{order or без номера}", "{total|price or сумма из письма}"]}
    then: two
  two:
    wait: {for: 2d}
    message: asked
    then: third
  third:
    check: [{stage: paying, then: last}]
    else: paid
  last:
    say: "Заказ {order or без номера} всё ещё не оплачен. Менеджер свяжется с вами."
    template: {name: pay, values: ["{order or без номера}", "{total|price or сумма из письма}"], else: skip}
    hand_off: {kind: payment, task: "Выяснить, почему заказ не оплачен", show: [order, total]}
  asked:
    hand_off: {kind: payment, task: "Клиент пишет об оплате: ответить", show: [order, total]}
  paid: {end: paid}
"""

OFFLINE = """\
script: Нерабочее время
fields: {way: Как ответить, address: Контакт, need: Что нужно}
steps:
  open: {check: [{hours: open, then: day}], else: night}
  day: {run: qualifier}
  night:
    say: "Сейчас мы не работаем. Запишем, что вам нужно, и ответим утром."
    ask: "Как вам удобнее получить ответ?"
    save: way
    choices:
      here: {label: Здесь же, then: need}
      phone: {label: По телефону, then: phone}
      mail: {label: По электронной почте, words: [почта, почте, почту], then: mail}
  phone: {ask: "Напишите номер.", answer: {phone: {save: address, then: need}}}
  mail: {ask: "Напишите адрес.", answer: {email: {save: address, then: need}}}
  need:
    ask: "Что вам нужно?"
    answer: {text: {save: need, then: done}}
  done:
    say: "Спасибо! Ответим, как только откроемся."
    task: {kind: call, text: "Ответить на ночное обращение", due: 1h, working: yes, show: [way, address, need]}
    end: done
"""

ADDRESS = """\
script: Уточнение адреса
fields: {city: Город, day: Когда удобно}
steps:
  open: {check: [{window: open, then: city}], else: manager}
  city: {ask: "В какой город доставить?", answer: {text: {save: city, then: day}}}
  day:
    ask: "Когда вам удобно получить заказ?"
    answer:
      words: {list: [всё равно, в любой день], then: done}
      date: {save: day, then: done}
  done:
    say: "Спасибо! Доставим в {city}, {day|date or в удобный нам день}."
    hand_off: {kind: delivery, task: "Оформить доставку", show: [city, day]}
  manager:
    hand_off: {task: "Спросить адрес доставки: бот написать не может"}
"""


@pytest.fixture(scope="module")
def shop() -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": SHOP})
    assert playbook is not None, problems
    return playbook


def talking(text: str, shop: Playbook, bot: str, **facts: object) -> Conversation:
    script, problems = lint(text, bot, shop, LIMITS)
    assert script is not None, problems
    assert [str(problem) for problem in problems] == []
    return Conversation(script, hours=OFFICE, window=DAY - MARGIN_MS, **facts)  # type: ignore[arg-type]


def lines(said: object) -> list[str]:
    return [str(line).splitlines()[0] for line in said]  # type: ignore[attr-defined]


def moscow(*when: int) -> int:
    return round(datetime(*when, tzinfo=ZoneInfo("Europe/Moscow")).timestamp() * 1000)  # type: ignore[arg-type]


def test_a_day_after_the_offer_the_menu_goes_out_as_a_template(shop: Playbook):
    talk = talking(OFFER, shop, "offer", stage="offer_bot", name="иван петров", channel="whatsapp")
    talk.heard_at = talk.now - 3 * HOUR
    assert talk.start() == []
    assert lines(talk.wait(DAY)) == ["template: offer, Иван"]
    assert lines([*talk.hear(MessageReceived(text="2"))]) == [
        "bot: Можно подобрать аналог: он дешевле на 10–30 %.", "stage: offer_manager", "handed off: finished",
    ]  # fmt: skip


def test_an_offer_that_has_been_taken_up_is_left_alone(shop: Playbook):
    talk = talking(OFFER, shop, "offer", stage="offer_bot")
    talk.start()
    talk.stage = "paying"
    assert lines(talk.wait(DAY)) == ["ended: finished, moved"]


def test_the_collector_reminds_at_once_on_day_one_and_three_and_then_calls_a_person(shop: Playbook):
    talk = talking(COLLECTOR, shop, "collector", stage="paying", fields={"order": "48213", "total": 1234500})
    talk.heard_at = talk.now
    assert lines(talk.start()) == ["bot: Заказ 48213 оформлен. К оплате 12\u00a0345\u00a0₽."]
    assert lines(talk.wait(DAY)) == ["template: pay, 48213, 12\u00a0345\u00a0₽"]
    assert lines(talk.wait(2 * DAY)) == ["template: pay, 48213, 12\u00a0345\u00a0₽", "handed off: finished"]


def test_the_collector_falls_silent_when_the_order_is_paid(shop: Playbook):
    talk = talking(COLLECTOR, shop, "collector", stage="paying")
    talk.start()
    talk.stage = "new"
    assert lines(talk.wait(DAY)) == ["ended: finished, paid"]


def test_at_night_the_out_of_hours_bot_takes_down_what_is_needed(shop: Playbook):
    talk = talking(OFFLINE, shop, "offline", now=moscow(2025, 1, 17, 22))
    talk.start()
    talk.wait(60_000)
    assert lines(talk.hear(MessageReceived(text="по почте"))) == ["bot: Напишите адрес."]
    assert lines(talk.hear(MessageReceived(text="anna@example.com"))) == ["bot: Что вам нужно?"]
    talk.hear(MessageReceived(text="фильтр на Рио"))
    task, thanks, _ = talk.settle()
    assert thanks.text == "Спасибо! Ответим, как только откроемся."
    assert task.text.splitlines()[-1] == "до 2025-01-20 11:00:00"


def test_by_day_it_leads_to_the_qualifier(shop: Playbook):
    talk = talking(OFFLINE, shop, "offline", now=moscow(2025, 1, 17, 12))
    assert lines(talk.start()) == ["ended: finished, run", "script: qualifier"]


def test_a_clarification_asks_for_exactly_one_thing(shop: Playbook):
    talk = talking(ADDRESS, shop, "address")
    talk.heard_at = talk.now
    talk.start()
    talk.wait(60_000)
    talk.hear(MessageReceived(text="Тверь"))
    talk.settle()
    said = talk.hear(MessageReceived(text="в пятницу"))
    assert lines(said) == ["bot: Спасибо! Доставим в Тверь, 17.01.2025.", "handed off: finished"]


def test_a_clarification_into_a_shut_window_is_a_persons(shop: Playbook):
    talk = talking(ADDRESS, shop, "address")
    talk.heard_at = talk.now - 2 * DAY
    assert lines(talk.start()) == ["handed off: finished"]
