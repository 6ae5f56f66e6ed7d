"""What robots put into fields: values of their kind, dates so long after others, counts; and what is wrong at which line."""

from datetime import datetime
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest

from bots.kit.json_schema import playbook_schema
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.reader import read
from bots.robots import effects as fx
from bots.robots.facts import DealFacts
from bots.robots.machine import effects
from tests.bots.test_json_schema import value

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


def done(do: str, at: str = "2026-03-10T14:05", **fields: object) -> list[fx.Effect]:
    now = round(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)
    (robot,) = loaded(do).board.of("f", "a")
    return list(effects(robot.actions, DealFacts(now, "f", "a", now, zone="Europe/Berlin", fields=fields)))


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
        ("{set: {about: {in: 7d}}}", "field 'about' is no date"),
        ("{set: {loan_back: {from: price, in: 7d}}}", "field 'price' is no date"),
        ("{set: {loan_back: {from: phone, in: 7d}}}", "field 'phone' is no date"),
        ("{set: {loan_back: {from: come_onn, in: 7d}}}", "no field is called 'come_onn'"),
        ("{set: {loan_back: {from: come_on}}}", "'loan_back' needs one of 'in' and 'before'"),
        ("{set: {loan_back: {in: 1d, before: 2d}}}", "'loan_back' needs one of 'in' and 'before'"),
        ("{set: {loan_back: {before: 2d}}}", "'before' says before what"),
        ("{set: {loan_back: {in: soon}}}", "'in' is 'soon': no length of time"),
        ("{set: {loan_back: {in: 2d working}}}", "'in' is '2d working': no length of time"),
        ("{set: {loan_back: {in: 0d}}}", "'in' is '0d': no length of time"),
        ("{set: {loan_back: {in: 367d}}}", "'in' is '367d': no length of time"),
        ("{set: {loan_back: {inn: 7d}}}", "'inn' is not known in the date of 'loan_back'"),
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


@pytest.mark.parametrize(
    ("do", "day"),
    [
        ("{set: {loan_back: {in: 7d}}}", "2026-03-17T14:05"),
        ("{set: {loan_back: {in: 90m}}}", "2026-03-10T15:35"),
        ("{set: {loan_back: {in: 20d}}}", "2026-03-30T14:05"),  # summer time has begun
        ("{set: {loan_back: {from: come_on, in: 2d}}}", "2026-03-22"),
        ("{set: {loan_back: {from: come_on, before: 1d}}}", "2026-03-19"),
        ("{set: {loan_back: {from: come_on, in: 1d 2h}}}", "2026-03-21T12:00"),
    ],
)
def test_a_date_is_reckoned_from_now_or_from_another_on_the_shops_clock(do: str, day: str):
    assert done(do, come_on="2026-03-20") == [fx.SetField("loan_back", day)]


@pytest.mark.parametrize("come_on", [None, "", "как-нибудь"])
def test_without_the_other_date_nothing_is_written(come_on: object):
    assert done("{set: {loan_back: {from: come_on, in: 2d}}}", come_on=come_on) == [fx.MissDate("loan_back", "come_on")]


@pytest.mark.parametrize(
    ("do", "right"),
    [
        ("{set: {loan_back: {in: 7d}}}", True),
        ("{set: {loan_back: {from: come_on, before: 2d}}}", True),
        ("{set: {about: x}}", True),
        ("{set: {loan_back: {before: 2d}}}", False),
        ("{set: {loan_back: {from: come_on}}}", False),
        ("{set: {loan_back: {in: 7d, after: come_on}}}", False),
        ("{set: {loan_back: {in: 7d}, about: x}}", False),
    ],
)
def test_editors_know_how_such_a_date_is_written(do: str, right: bool):
    node, problems = read(BOOK.replace("{set: {about: x}}", do))
    assert problems == []
    assert (list(jsonschema_rs.validator_for(playbook_schema()).iter_errors(value(node))) == []) is right
