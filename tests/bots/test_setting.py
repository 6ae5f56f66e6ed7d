"""What robots put into fields: values of their kind, and counts; what is wrong at which line."""

import pytest

from bots.kit.playbook import Playbook, load_playbook

BOOK = """\
playbook: Прокат
language: ru
zone: Europe/Berlin
fields:
  come_on: {title: Приедет, kind: date}
  loan_back: {title: Вернёт, kind: date}
  price: {title: Цена, kind: money}
  rest: {title: Осталось, kind: money, is: price - paid_sum}
  bike: {title: Велосипед, choices: [городской, горный]}
  visits: {title: Приезжал, kind: number}
  about: О клиенте
funnels:
  f:
    stages: {a: {title: A, robots: {one: {do: [{set: {about: x}}]}}}}
    won: W
    lost: L
"""


def loaded(do: str) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": BOOK.replace("{set: {about: x}}", do)})
    assert playbook is not None, [str(problem) for problem in problems]
    return playbook


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("{set: {price: много}}", "field 'price' must be a sum of money"),
        ("{set: {price: 100 USD}}", "field 'price' must be a sum of money in RUB"),
        ("{set: {come_on: 31.02.2026}}", "field 'come_on' must be a date"),
        ("{set: {bike: самокат}}", "field 'bike' must be one of: городской, горный"),
        ("{set: {visits: часто}}", "field 'visits' must be a number"),
        ("{set: {rest: 100}}", "field 'rest' is reckoned by itself"),
        ('{set: {rest: "{price}"}}', "field 'rest' is reckoned by itself"),
        ("{count: bike}", "field 'bike' is of kind choice"),
    ],
)
def test_what_a_field_does_not_take_is_told_when_the_playbook_is_read(do: str, said: str):
    playbook, problems = load_playbook("shop", {"playbook.yaml": BOOK.replace("{set: {about: x}}", do)})
    assert playbook is None
    assert any(said in one.what for one in problems), [str(one) for one in problems]
    assert {one.line for one in problems} == {14}
    assert all(one.remedy for one in problems)


@pytest.mark.parametrize(
    "do",
    [
        "{set: {price: 350000}}", '{set: {price: "3 500,50 ₽"}}', '{set: {price: "{total}"}}', '{set: {price: ""}}', "{set: {bike: Горный}}",
        "{set: {come_on: 20.03.2026}}", "{set: {come_on: завтра}}", "{set: {visits: 4}}", "{count: visits}", "{count: about}",
    ],
)  # fmt: skip
def test_what_a_field_takes_passes(do: str):
    assert loaded(do).board.of("f", "a")
