"""One step of a conversation: what the bot heard → where it stands now, and what it wants done.

Pure and total: the same input gives the same output, and no event in any state raises. Nothing here reads, parses or
compiles; it looks up what the compiler has prepared.
"""

from math import isfinite
from typing import assert_never

from bots.kit.answers import asks_for_person, chosen, guessed, normalise, number, phone, vin
from bots.kit.effects import Effect, SetTimer
from bots.kit.events import Event, Media, MessageReceived, RunStarted, TimerFired
from bots.kit.journey import MOST_FILES, Journey
from bots.kit.machine import LIFE
from bots.kit.run import Facts, RunState
from bots.kit.script import ENDINGS, FILES, Answer, Ask, Script

__all__ = ["Facts", "RunState", "begin", "step", "stop"]

MOST_HEARD = 20
"""Messages of one burst; the next one is answered at once, however fast they come."""
MOST_CHARS = 4_000
"""Of one burst. The timeline has all of it; an answer needs no more."""


def begin(script: Script) -> RunState:
    """A run that has not said anything yet."""
    return RunState(script.start)


def stop(run: RunState) -> RunState:
    """The run after somebody took the conversation over. Its timers are void."""
    if run.status != "running":
        return run
    return RunState(run.step, LIFE[run.status, "stop"], run.turn, answers=run.answers)


def step(script: Script, run: RunState, event: Event, facts: Facts) -> tuple[RunState, tuple[Effect, ...]]:
    """Take one event. An ended run hears nothing more."""
    if run.status != "running":
        return run, ()
    walk = Journey(script, run, facts)
    here = script.steps.get(run.step)
    if here is None or (run.turn and not isinstance(here.finish, Ask)):
        # A run on a version that has lost its step: a person goes on where the bot cannot.
        walk.hand_off("script_changed", script.texts["lost"])
        return walk.result()
    if run.turn == 0 and not isinstance(event, TimerFired):
        walk.opening = facts.now or 1
        walk.enter(script.start)
        if walk.status != "running":
            return walk.result()
        here = script.steps[walk.step]
    match event:
        case RunStarted():
            pass
        case MessageReceived():
            if isinstance(here.finish, Ask):
                _hear(walk, here.finish, event)
        case TimerFired():
            if isinstance(here.finish, Ask):
                _fire(walk, here.finish, event.name)
        case _:
            assert_never(event)
    return walk.result()


# -- hearing ---------------------------------------------------------------------------------------------------------


def _hear(walk: Journey, ask: Ask, message: MessageReceived) -> None:
    """A message while a question is open: answer at once what is plain, gather what may go on, else ask again."""
    if message.choice:
        place = ask.menu.keys.get(message.choice) if ask.menu else None
        if place is not None:
            _choose(walk, ask, place)
            return
    if message.phone and ask.wants_phone:
        _accept_phone(walk, ask, message.phone)
        return
    text = _said(message)
    if not text and not message.media:
        return
    if walk.opening:
        walk.opening = (walk.facts.now or 1) if walk.facts.now <= walk.opening + ask.gather else 0
    if text and not message.media:
        spoken = normalise(text)
        if ask.menu is not None and (place := chosen(ask.menu, spoken)) is not None:
            _choose(walk, ask, place)
            return
        if asks_for_person(spoken, walk.script.language):
            _call_person(walk, text)
            return
        if not ask.gathers and _answer_at_once(walk, ask, text, spoken):
            return
    walk.heard = (*walk.heard, text) if text else walk.heard
    walk.media = (*walk.media, *message.media)[:MOST_FILES]
    full = len(walk.heard) >= MOST_HEARD or sum(map(len, walk.heard)) >= MOST_CHARS
    if ask.gather and not full:
        due = walk.facts.now + ask.gather
        walk.timers = {**walk.timers, "settle": due}
        walk.effects.append(SetTimer("settle", due))
    else:
        _settle(walk, ask)


def _said(message: MessageReceived) -> str:
    """The words of a message: its text, the phone it shares, or the place it shows."""
    if message.text:
        return message.text[:MOST_CHARS].strip()
    if message.phone:
        return message.phone[:40]
    if message.location is not None and all(map(isfinite, message.location)):
        return f"{message.location[0]:.6f}, {message.location[1]:.6f}"
    return ""


def _answer_at_once(walk: Journey, ask: Ask, text: str, spoken: str) -> bool:
    """Whether the text is a plain answer of a kind that needs no gathering."""
    if ask.menu is not None and (place := guessed(ask.menu, spoken)) is not None:
        _choose(walk, ask, place)
        return True
    return any(_try(walk, answer, text) for answer in ask.answers if answer.kind in {"number", "phone"})


def _fire(walk: Journey, ask: Ask, name: str) -> None:
    """A timer came due. One that is not set does nothing; one that comes early is set again, never lost."""
    due = walk.timers.get(name)
    if due is None:
        return
    if walk.facts.now < due:
        walk.effects.append(SetTimer(name, due))
        return
    walk.timers = walk.before = {other: at for other, at in walk.timers.items() if other != name}
    if name == "settle" or walk.heard or walk.media:
        # Words that are waiting to settle win over any nudge they were racing.
        _settle(walk, ask)
        return
    if name == "patience":
        if walk.script.exits[walk.step, "silence"] in ENDINGS:
            walk.time_out(ask.silence.reason)
        else:
            walk.leave("silence")
        return
    place = int(name[7:]) - 1 if name.startswith("remind:") and name[7:].isdecimal() else -1
    if 0 <= place < len(ask.silence.reminders):
        walk.say(ask.silence.reminders[place][1])


def _settle(walk: Journey, ask: Ask) -> None:
    """Take everything heard since the question as one answer."""
    text = "\n".join(walk.heard)[:MOST_CHARS]
    media = walk.media
    if "settle" in walk.timers:
        walk.timers = {name: at for name, at in walk.timers.items() if name != "settle"}
    walk.heard = ()
    walk.media = ()
    kinds = {answer.kind: answer for answer in ask.answers}
    files = tuple(one for one in media if one.kind != "sticker")
    if files:
        photo = kinds.get("photo")
        papers = tuple(one for one in files if one.kind in {"photo", "document"}) if photo and photo.save else ()
        if photo and papers:
            walk.keep_files(photo.save, papers)
        others = tuple(one for one in files if one not in papers)
        if others:
            walk.keep_files(FILES, others)
    if ask.menu is not None and text:
        spoken = normalise(text)
        place = chosen(ask.menu, spoken)
        place = guessed(ask.menu, spoken) if place is None else place
        if place is not None:
            _choose(walk, ask, place)
            return
    for answer in ask.answers:
        if answer.kind == "photo":
            if any(one.kind in {"photo", "document"} for one in files):
                words = kinds.get("text")
                if words is not None and words.save and text:
                    walk.keep(words.save, text)
                walk.leave(answer.exit)
                return
        elif walk.opening and answer.kind == "text":
            continue
        elif text and _try(walk, answer, text):
            return
    if files and ask.takes_media:
        walk.leave("media")
        return
    _not_understood(walk, ask, text, files)


def _try(walk: Journey, answer: Answer, text: str) -> bool:
    """Whether the text is an answer of this kind; if so it is kept and the run goes on."""
    value: object
    match answer.kind:
        case "text":
            value = text or None
        case "number":
            value = number(text, walk.script.language, answer.low, answer.high)
        case "phone":
            value = phone(text, walk.script.country)
        case "vin":
            value = vin(text)
        case "photo":
            value = None
        case _:
            assert_never(answer.kind)
    if value is None:
        return False
    if answer.save:
        walk.keep(answer.save, value)
    walk.leave(answer.exit)
    return True


def _accept_phone(walk: Journey, ask: Ask, shared: str) -> None:
    """A phone that the channel vouches for needs no reading."""
    for answer in ask.answers:
        if answer.kind == "phone":
            if answer.save:
                walk.keep(answer.save, shared[:40])
            walk.leave(answer.exit)
            return


def _choose(walk: Journey, ask: Ask, place: int) -> None:
    option = ask.options[place]
    if ask.save:
        walk.keep(ask.save, option.label)
    walk.leave(option.exit)


def _call_person(walk: Journey, text: str) -> None:
    if walk.media:
        walk.keep_files(FILES, walk.media)
    if walk.script.exits[walk.step, "person"] in ENDINGS:
        walk.hand_off("asked_for_person", walk.script.texts["person"], "\n".join((*walk.heard, text)))
    else:
        walk.leave("person")


def _not_understood(walk: Journey, ask: Ask, text: str, files: tuple[Media, ...]) -> None:
    if walk.opening:
        # What started the run is not an answer to a question that its sender had not seen.
        walk.opening = 0
        if "patience" not in walk.timers:
            walk.await_answer(ask)
        return
    walk.tries += 1
    if walk.tries > ask.tries:
        if walk.script.exits[walk.step, "not_understood"] in ENDINGS:
            walk.hand_off("not_understood", walk.script.texts["lost"], text)
        else:
            walk.leave("not_understood")
        return
    if files:
        voice = any(one.kind == "voice" for one in files)
        walk.say(walk.script.texts["voice" if voice else "media"])
    walk.ask(ask, ask.hint)
