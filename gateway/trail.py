"""What a step of a run came to, noted in its trail: reached, answered, left, handed off, not understood.

Every step that a run enters is one note, with one result; words that were not understood are a note each.
"""

from typing import Any, Final

from bots.kit.answers import normalise
from bots.kit.run import RunState
from bots.kit.script import Ask, Script, Split
from gateway.clock import Instant
from state.records import Run
from state.steps import FULL, Trail, move

LONGEST_PHRASE: Final = 80
_HEARD: Final = 400
_DIGITS_OF_SOMEBODY: Final = 4
"""A text with so many digits may be a phone, a VIN, the number of an order or of a card."""
_RESULTS: Final = {"silence": "left", "timed_out": "left", "person": "handed_off", "not_understood": "misunderstood"}


def follow(run: Run, trail: Trail, script: Script, state: RunState, now: Instant) -> list[dict[str, Any]]:
    """Note what one step of the walk brought about; the answer is what is to be kept for good, if it is time."""
    if not state.marks and state.missed is None:  # words that are still gathered, a reminder
        return []
    at = now - run.started_at
    if state.missed is not None and trail[3]:
        trail[2] += f"{trail[3]}|{at}||missed|{phrase(state.missed)};"
    marks = state.marks
    for n, (step, what) in enumerate(marks, 1):
        if what == "reached":
            trail[3], trail[4] = step, at
        elif what != "again" and trail[3]:
            handed = what == "handed_off" or marks[n : n + 1] == ((step, "handed_off"),)
            result = "handed_off" if handed else _result(script, step, what)
            took = at - trail[4] if result == "answered" else ""
            trail[2] += f"{step}|{trail[4]}|{took}|{result}|{what};"
            trail[3] = ""
    return move(run, trail, now) if len(trail[2]) > FULL else []


def _result(script: Script, step: str, what: str) -> str:
    """What an exit means to those who count; where a person takes over is seen by what follows it."""
    here = script.steps.get(step)
    finish = here.finish if here is not None else None
    if isinstance(finish, Split):  # its exits are called like the steps that they lead to, which may be `silence`
        return "split"
    if what in _RESULTS:
        return _RESULTS[what]
    return "answered" if isinstance(finish, Ask) else "passed"


def phrase(text: str) -> str:
    """Words that were not understood, as they are counted; empty for those that may be about a person."""
    if "@" in text or sum(map(str.isdigit, text)) >= _DIGITS_OF_SOMEBODY:
        return ""
    return normalise(text[:_HEARD])[:LONGEST_PHRASE].rstrip()
