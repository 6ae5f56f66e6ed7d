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
