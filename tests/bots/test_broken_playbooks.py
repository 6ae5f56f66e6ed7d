"""Mistakes that people make in playbooks: each is told once, at its line, with what is wrong and what to write instead."""

import pytest

from bots.kit.playbook import FILE, load_playbook
from bots.kit.problems import did_you_mean
from bots.robots.acting import ACTIONS

SHOP = """\
playbook: Цветы
language: ru
zone: Europe/Moscow
hours: {week: {mon-sat: 9:00-20:00}}
about: {place: "Садовая, 7"}
funnels:
  orders:
    title: Заказы
    stages:
      asked:
        title: Спросили
        robots:
          call: {in: 15m, do: [{tag: новый}]}
      making: Собираем
    won: Вручён
    lost: Не состоялся
    triggers:
      paid: {on: order paid, do: [{move: making}]}
reasons: {price: Дорого}
fields:
  flowers: Какие цветы
  wrap: {title: Обёртка, choices: [бумага, лента]}
  bouquet_on: {title: Когда, kind: date}
  budget: {title: Стоимость, kind: money}
  advance: {title: Аванс, kind: money}
  roses: {title: Сколько роз, kind: number}
  callback: {title: Куда звонить, kind: phone}
team:
  lena: {name: Лена, groups: [sales]}
  rita: {name: Рита, groups: [florists]}
assign:
  by_turns: {how: in order, among: [sales]}
"""


def findings(old: str, new: str) -> list[str]:
    assert old in SHOP
    _, problems = load_playbook("flowers", {FILE: SHOP.replace(old, new, 1)})
    return [str(problem) for problem in problems]


def test_the_shop_that_is_broken_here_is_sound():
    playbook, problems = load_playbook("flowers", {FILE: SHOP})
    assert problems == []
    assert playbook is not None


def test_what_is_known_is_listed_whole_and_what_is_left_out_is_counted():
    (finding,) = findings("{tag: новый}", "{прозвонить: новый}")
    assert finding == f"13:33: error: robots cannot 'прозвонить'. Known here: {', '.join(ACTIONS)}."
    many = [f"field{n}" for n in range(45)]
    assert did_you_mean("??", many).endswith("field39 and 5 more")
    assert did_you_mean("??", many[:40]).endswith("field38, field39")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("in: 15 min working", "13:22: error: 'in' is '15 min working': no length of time. Did you mean '15m working'?"),
        ("in: 2 часа", "13:22: error: 'in' is '2 часа': no length of time. Did you mean '2h'?"),
        ("in: 1 неделя", "13:22: error: 'in' is '1 неделя': no length of time. Did you mean '7d'?"),
        ("in: 15", "13:22: error: 'in' is '15': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 366d)."),
        ("in: 15 fortnights", "13:22: error: 'in' is '15 fortnights': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 366d)."),
        ("in: 400d", "13:22: error: 'in' is '400d': too long. At most 366d."),
        ("in: 2 weeks working", "13:22: error: 'in' is '2 weeks working': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 366d)."),
        ("every: 7d working", "13:25: error: 'every' is '7d working', and working time is not counted here. Write '7d'."),
        ("working: true", "13:27: error: 'working' is 'true'. Write yes or no."),
        ("in: [15m]", "13:22: error: 'in' must be a text. Put it in quotes: \"…\"."),
    ],
)  # fmt: skip
def test_a_length_or_a_word_that_is_none_is_told_with_the_key_in_quotes(written: str, told: str):
    assert findings("in: 15m", written) == [told]


def test_a_task_that_is_due_in_no_length_of_time_is_told_so():
    (finding,) = findings("{tag: новый}", "{task: {text: Позвонить, due: 1 час}}")
    assert finding == "13:62: error: 'due' is '1 час': no length of time. Did you mean '1h'?"
    (finding,) = findings("title: Спросили", "title: Спросили\n        age: 3 days")
    assert finding == "12:14: error: 'age' is '3 days': no length of time. Did you mean '3d'?"
    (finding,) = findings("reasons:", "audit: {at: noon}\nreasons:")
    assert finding == "19:13: error: 'at' is 'noon': no time of day. Write it like 8:00."
