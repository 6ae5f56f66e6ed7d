"""Conversations tried out with lines that nobody sane would write: an answer or a refusal, never a breakdown."""

import pytest

from bots.kit.conversation import Conversation
from bots.kit.simulator import Simulator
from bots.kit.talk import check, read_talk
from tests.bots.scripts import compiled

ECHO = compiled(
    "script: Echo\nfields: {said: Said}\nsteps:\n  a: {ask: 'Q {said or none}', answer: {text: {save: said, then: a}}}\n",
    "echo",
)


@pytest.mark.parametrize(
    "said",
    ["one\u2028two", "one\u2029two", "one\x85two", "one\x0btwo", "one\x1ctwo", "one\rtwo", "one\r\ntwo", "bot: x"],
)
def test_whatever_a_customer_pastes_is_saved_as_a_talk_that_holds(said: str):
    simulator = Simulator(lambda: Conversation(ECHO, name="Анна\nbot: Q", stage="a\x0bb"))
    for line in ("hi", said, "end"):
        simulator.play(line)
    talk, problems = read_talk(simulator.talk())
    assert talk is not None, problems
    assert check(talk, ECHO) == []


def test_a_number_of_thousands_of_digits_in_a_talks_head_is_a_text():
    talk, _ = read_talk(f"script: echo\nfields: said={'9' * 5_000}\n\nbot: Q 99…\n")
    assert talk is not None
    assert check(talk, ECHO) == []
