"""What happens while a run waits for something else than an answer: time that passes, an endpoint that is asked."""

from math import isfinite

from bots.kit.answers import asks_for_person, normalise
from bots.kit.draft import MOST_FILES
from bots.kit.events import MessageReceived, WebAnswered
from bots.kit.hearing import MOST_CHARS, MOST_HEARD, await_more, call_person, words_of
from bots.kit.journey import Journey
from bots.kit.script import ENDINGS, FILES, Call, Wait


def hear_meanwhile(walk: Journey, stop: Wait | Call, message: MessageReceived) -> None:
    """A message that no question asked for. During a wait it is heard out and then leads on; a call is soon over."""
    text = words_of(message)
    files = tuple(one for one in message.media if one.kind != "sticker")
    if not text and not files:
        return
    if text and not files and asks_for_person(normalise(text), walk.spoken):
        call_person(walk, text)
        return
    if walk.opening and walk.facts.now <= walk.opening + _gather_of(stop):
        # The burst that started the run is not a reaction to what the bot does now.
        walk.because("said_before_the_wait", text)
        walk.opening = walk.facts.now or 1
        return
    if isinstance(stop, Call):
        walk.because("said_during_a_call", text)
        return
    walk.heard = (*walk.heard, text) if text else walk.heard
    walk.media = (*walk.media, *files)[:MOST_FILES]
    full = len(walk.heard) >= MOST_HEARD or sum(map(len, walk.heard)) >= MOST_CHARS
    if stop.gather and not full:
        await_more(walk, stop.gather)
    else:
        settle_meanwhile(walk, stop)


def _gather_of(stop: Wait | Call) -> int:
    return stop.gather if isinstance(stop, Wait) else 2_000


def settle_meanwhile(walk: Journey, wait: Wait) -> None:
    """The customer has written while the bot was letting time pass."""
    text = "\n".join(walk.heard)[:MOST_CHARS]
    files = walk.media
    walk.heard, walk.media = (), ()
    if files:
        walk.keep_files(FILES, files)
    if wait.save and text:
        walk.keep(wait.save, text)
    walk.because("wrote_meanwhile", text)
    if walk.script.exits[walk.step, "message"] in ENDINGS:
        walk.hand_off("wrote_meanwhile", walk.script.texts["hand_off"], text)
    else:
        walk.leave("message")


def hear_endpoint(walk: Journey, call: Call, answer: WebAnswered) -> None:
    if answer.turn != walk.turn:
        walk.because("late_answer")
        return
    if not answer.ok:
        give_up(walk, "failed")
        return
    for name, field in call.keep:
        value = answer.fields.get(name)
        if isinstance(value, str):
            walk.keep(field, value[:MOST_CHARS])
        elif isinstance(value, bool) or (isinstance(value, (int, float)) and isfinite(value) and abs(value) < 2**53):
            walk.keep(field, value)
    walk.because("answered", call.endpoint)
    walk.leave("then")


def give_up(walk: Journey, exit_: str) -> None:
    walk.because(exit_)
    if walk.script.exits[walk.step, exit_] in ENDINGS:
        walk.hand_off("call_failed", walk.script.texts["hand_off"])
    else:
        walk.leave(exit_)
