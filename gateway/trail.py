"""What a step of a run came to, noted in its trail: reached, answered, left, handed off, not understood.

Every step that a run enters is one note, with one result; words that were not understood are a note each.
"""

from typing import Any, Final

from bots.kit.answers import normalise
from bots.kit.run import RunState
from bots.kit.script import Ask, Script, Split
from gateway.clock import Instant
from state.records import Run
from state.steps import FULL, WAITING, Note, Trail, move, standing

LONGEST_PHRASE: Final = 80
_HEARD: Final = 400
_DIGITS_OF_SOMEBODY: Final = 4
"""A text with so many digits may be a phone, a VIN, the number of an order or of a card."""
_RESULTS: Final = {"silence": "left", "person": "handed_off", "not_understood": "misunderstood"}


def follow(run: Run, trail: Trail, script: Script, state: RunState, now: Instant) -> list[dict[str, Any]]:
    """Note what one step of the walk brought about; the answer is what is to be kept for good, if it is time."""
    at, notes = now - run.started_at, trail[2]
    here: Note | None = standing(notes)
    if state.missed is not None and here is not None:
        notes.append([here[0], at, None, "missed", phrase(state.missed)])
    for step, what in state.marks:
        if what == "reached":
            here = [step, at, None, WAITING, ""]
            notes.append(here)
        elif here is None or what == "again":
            continue
        elif what == "handed_off":
            here[2:] = [None, what, here[4] or "hand_off"]
        elif here[3] == WAITING:
            _close(here, what, script, at)
    return move(run, trail) if len(notes) >= FULL else []


def _close(note: Note, what: str, script: Script, at: int) -> None:
    here = script.steps.get(note[0])
    finish = here.finish if here is not None else None
    if what == "timed_out":
        note[3], note[4] = "left", "silence"
        return
    note[4] = what
    if isinstance(finish, Split):
        note[3] = "split"
    elif what in _RESULTS:
        note[3] = _RESULTS[what]
    elif isinstance(finish, Ask):
        note[2], note[3] = at - note[1], "answered"
    else:
        note[3] = "passed"


def phrase(text: str) -> str:
    """Words that were not understood, as they are counted; empty for those that may be about a person."""
    if "@" in text or sum(map(str.isdigit, text)) >= _DIGITS_OF_SOMEBODY:
        return ""
    return normalise(text[:_HEARD])[:LONGEST_PHRASE].rstrip()
