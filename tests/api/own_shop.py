"""A small shop in a folder of its own, and the command `parley` as an operator calls it there."""

import click
from click.testing import CliRunner, Result

from gateway.commands import COMMANDS

SHOP = """\
playbook: Магазин
zone: Europe/Moscow
funnels: {retail: {title: Розница, stages: {new: Новая}, won: Выдан, lost: Не состоялся}}
bots: {meets: {on: message}, night: {}}
reasons: {silence: Молчит}
hours: {week: {mon-fri: 10:00-19:00}}
"""
MEETS = """\
script: Встреча
fields: {topic: Тема, count: Штук}
steps:
  menu:
    ask: "Что нужно?"
    save: topic
    choices: {parts: {label: Запчасти, then: count}, other: {label: Другое, then: count}}
  count: {ask: "Сколько?", answer: {number: {save: count, then: done}}}
  done: {tag: готово, say: "Спасибо, {count} шт.", end: done}
"""
NIGHT = "script: Ночь\nsteps:\n  a: {check: [{hours: open, then: b}], else: c}\n  b: {say: День, end: day}\n  c: {say: Ночь, end: night}\n"


def parley(*args: str, input: str | bytes | None = None) -> Result:
    return CliRunner().invoke(click.Group("parley", commands=COMMANDS), args, input=input)


def trying(*lines: str, bot: str = "meets") -> Result:
    return parley("chat", bot, "--playbook", "shop", input="\n".join(lines) + "\n")
