"""Small scripts for tests, and the short way to compile them."""

from textwrap import dedent

from bots.kit.compiler import read_script
from bots.kit.problems import Problem
from bots.kit.script import Script

NOW = 1_700_000_000_000
HOUR = 3_600_000


def compiled(text: str, name: str = "probe") -> Script:
    script, problems = read_script(dedent(text), name)
    assert script is not None, [str(problem) for problem in problems]
    return script


def problems_of(text: str) -> list[Problem]:
    return read_script(dedent(text), "probe")[1]


def errors_of(text: str) -> list[str]:
    return [str(problem) for problem in problems_of(text) if problem.severity == "error"]


PROBE = """
script: Probe
fields: {car: Car, count: Count, papers: Papers, tel: Phone, vin: VIN, picked: Picked}
steps:
  menu:
    say: Hello
    ask: Pick one
    save: picked
    choices:
      car: {label: Автомобиль, words: [машина], then: car}
      count: {label: Количество, then: count}
      tel: {label: Телефон, then: tel}
      vin: {label: Номер кузова, then: vin}
  car:
    ask: Which car?
    answer:
      text: {save: car, then: done}
      photo: {save: papers, then: done}
    remind: [{after: 1h, say: Still there?}]
  count:
    ask: How many?
    answer:
      number: {save: count, min: 1, max: 100, then: done}
  tel:
    ask: Your number?
    answer:
      phone: {save: tel, then: done}
  vin:
    ask: Your VIN?
    answer:
      vin: {save: vin, then: done}
  done:
    say: Thanks
    hand_off: {task: Call back}
"""
