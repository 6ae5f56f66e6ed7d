"""What `parley check` says of robots and triggers that may write when WhatsApp takes only what it has approved."""

import pytest

from bots.kit.board_window import too_late
from bots.kit.playbook import FILE, load_playbook
from gateway.channels.limits import LIMITS

SHOP = """\
playbook: Цветы
language: ru
zone: Europe/Moscow
hours: {week: {mon-fri: 9:00-18:00}}
funnels:
  orders:
    title: Заказы
    stages:
      asked:
        title: Спросили
        robots:
          %s
      making:
        title: Собираем
        robots:
          %s
    won: Вручён
    lost: Не состоялся
    triggers:
      %s
fields:
  on_day: {title: Когда, kind: date}
  wish: {title: Как писать, choices: [WhatsApp, SMS]}
sources:
  message: {funnel: orders, stage: asked}
templates:
  approved: {text: {ru: Ждём, uk: Чекаємо}, whatsapp: {ru: HX1, uk: HX2}}
  pending: {text: {ru: Ждём, uk: Чекаємо}, whatsapp: {ru: {id: HX3, state: pending}, uk: HX4}}
  halfway: {text: {ru: Ждём, uk: Чекаємо}, whatsapp: {ru: HX5}}
"""
NONE = ("r: {do: [{tag: a}]}", "s: {do: [{tag: a}]}", "t: {on: payment, do: [{tag: a}]}")
WRITES = "do: [{message: {text: Ждём, by: [whatsapp, telegram]}}]"


def told(asked: str = NONE[0], making: str = NONE[1], trigger: str = NONE[2], shop: str = SHOP) -> list[str]:
    playbook, problems = load_playbook("flowers", {FILE: shop % (asked, making, trigger)})
    assert (playbook is not None, problems) == (True, [])
    assert playbook is not None
    return [str(one) for one in too_late(playbook, LIMITS)]


def test_a_message_a_day_after_the_inquiry_is_told_with_its_line_and_what_to_do():
    (found,) = told(f"r: {{in: 1d, {WRITES}}}")
    what = "12:1: warning: 'r' may write outside the 24-hour window of whatsapp: up to 24 h after their last message."
    assert found == f"{what} Add 'template: …' that is approved for whatsapp, or 'sms' to 'by:' for when it is shut."


@pytest.mark.parametrize(
    ("when", "late"),
    [
        ("", False),
        ("in: 23h, ", False),
        ("in: 24h, ", True),
        ("in: 1h working, ", True),  # a week-end lies between
        ("working: yes, ", True),
        ("at: on_day, ", True),
        ("at: on_day, before: 1d, ", True),
        ("every: 1h, ", True),
    ],
)
def test_a_robot_of_the_stage_where_inquiries_enter_counts_from_the_customers_message(when: str, late: bool):
    assert len(told(f"r: {{{when}{WRITES}}}")) == late


def test_robots_behind_one_another_add_up():
    first = f"r: {{in: 20h, do: [{{tag: a}}]}}\n          r2: {{after: previous, in: %s, {WRITES}}}"
    assert [len(told(first % span)) for span in ("3h", "5h")] == [0, 1]


def test_of_a_deal_that_is_moved_nobody_knows_how_long_ago_the_customer_wrote():
    (found,) = told(making=f"s: {{{WRITES}}}")
    assert found.startswith("16:1: warning: 's' may write outside")
    assert "nobody knows how long ago the customer wrote" in found


@pytest.mark.parametrize(("on", "late"), [("message", 0), ("payment", 1), ("call missed", 1), ("field wish", 1)])
def test_a_trigger_is_in_time_only_on_a_message(on: str, late: int):
    assert len(told(trigger=f"t: {{on: {on}, {WRITES}}}")) == late


@pytest.mark.parametrize(
    ("message", "late"),
    [
        ("text: a", True),
        ("text: a, by: [here]", True),
        ("text: a, by: [wish]", True),
        ("text: a, by: [telegram], also: [whatsapp]", True),
        ("text: a, by: [telegram, email]", False),
        ("text: a, by: [whatsapp, sms]", False),  # it goes by SMS then
        ("template: approved", False),
        ("text: a, template: approved", False),
        ("template: pending", True),
        ("template: halfway", True),
    ],
)
def test_only_a_message_is_told_of_that_may_go_by_whatsapp_alone_and_has_no_approved_template(message: str, late: bool):
    assert len(told(making=f"s: {{do: [{{message: {{{message}}}}}]}}")) == late


def test_a_template_that_is_not_approved_is_named_with_the_languages_that_lack_it():
    (pending,) = told(making="s: {do: [{message: {template: pending}}]}")
    (halfway,) = told(making="s: {do: [{message: {template: halfway}}]}")
    assert "and template 'pending' is not approved there in ru. Add 'whatsapp: …'" in pending
    assert "and template 'halfway' is not approved there in uk. Add 'whatsapp: …'" in halfway


@pytest.mark.parametrize(
    ("condition", "late"),
    [("telegram", False), ("whatsapp", True), ("{is not: whatsapp}", False), ("{is not: email}", True)],
)
def test_a_robot_for_conversations_on_other_channels_is_not_told_of(condition: str, late: bool):
    assert len(told(making=f"s: {{if: {{channel: {condition}}}, do: [{{message: a}}]}}")) == late


def test_a_shop_that_does_not_speak_of_whatsapp_hears_nothing_of_its_window():
    plain = SHOP[: SHOP.index("templates:")].replace("WhatsApp, ", "Звонок, ")
    assert told(making="s: {in: 2d, do: [{message: a}]}", shop=plain) == []
    assert len(told(making="s: {in: 2d, do: [{message: {text: a, by: [whatsapp]}}]}", shop=plain)) == 1
