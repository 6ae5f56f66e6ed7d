"""What a customer's message means to the question that is open: an answer, a part of one, a wish for a person, or neither.

Answered at once is what is plain; what may go on is gathered until it has been quiet for a moment.
"""

from collections.abc import Collection
from math import isfinite

from bots.kit.answers import asks_for_person, chosen, guessed, normalise, tells
from bots.kit.draft import MOST_FILES
from bots.kit.effects import SetTimer
from bots.kit.events import Media, MessageReceived
from bots.kit.journey import Journey
from bots.kit.kinds import value_of
from bots.kit.script import ENDINGS, FILES, WHOLE, Answer, Ask

MOST_HEARD = 20
"""Messages of one burst; the next one is answered at once, however fast they come."""
MOST_CHARS = 4_000
"""Of one burst. The timeline has all of it; an answer needs no more."""


def hear(walk: Journey, ask: Ask, message: MessageReceived) -> None:
    """A message while a question is open: answer at once what is plain, gather what may go on, else ask again."""
    if message.choice:
        place = ask.menu.keys.get(message.choice) if ask.menu else None
        if place is not None:
            walk.because("pressed", message.choice)
            _choose(walk, ask, place)
            return
    if message.phone and ask.wants_phone:
        _accept_phone(walk, ask, message.phone)
        return
    text = words_of(message)
    if not text and not message.media:
        return
    if walk.opening:
        walk.opening = (walk.facts.now or 1) if walk.facts.now <= walk.opening + ask.gather else 0
    if text and not message.media:
        spoken = normalise(text)
        if ask.menu is not None and (place := chosen(ask.menu, spoken)) is not None:
            walk.because("named", text)
            _choose(walk, ask, place)
            return
        if asks_for_person(spoken, walk.spoken):
            call_person(walk, text)
            return
        if not ask.gathers and _answer_at_once(walk, ask, text, spoken):
            return
    walk.heard = (*walk.heard, text) if text else walk.heard
    walk.media = (*walk.media, *message.media)[:MOST_FILES]
    full = len(walk.heard) >= MOST_HEARD or sum(map(len, walk.heard)) >= MOST_CHARS
    if ask.gather and not full:
        await_more(walk, ask.gather)
    else:
        _settle(walk, ask)


def await_more(walk: Journey, gather: int) -> None:
    """A burst may go on: take it when it has been quiet for so long."""
    due = walk.facts.now + gather
    walk.because("may_go_on")
    walk.timers = {**walk.timers, "settle": due}
    walk.effects.append(SetTimer("settle", due))


def words_of(message: MessageReceived) -> str:
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
        walk.because("sounds_like", text)
        _choose(walk, ask, place)
        return True
    return any(_try(walk, answer, text) for answer in ask.answers if answer.kind in WHOLE)


def fire_question(walk: Journey, ask: Ask, name: str) -> None:
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
        reminder = ask.silence.reminders[place]
        walk.say(reminder.text, reminder.template)


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
    takes = {answer.kind: _files_of(answer, kinds.keys(), files) for answer in ask.answers if answer.kind in _FILED}
    if files:
        asked: list[Media] = []
        for kind, papers in takes.items():
            if papers and kinds[kind].save:
                walk.keep_files(kinds[kind].save, papers)
                asked.extend(papers)
        others = tuple(one for one in files if one not in asked)
        if others:
            walk.keep_files(FILES, others)
    if ask.menu is not None and text:
        spoken = normalise(text)
        place = chosen(ask.menu, spoken)
        place = guessed(ask.menu, spoken) if place is None else place
        if place is not None:
            walk.because("sounds_like", text)
            _choose(walk, ask, place)
            return
    for answer in ask.answers:
        if answer.kind in _FILED:
            if takes[answer.kind]:
                words = kinds.get("text")
                if words is not None and words.save and text:
                    walk.keep(words.save, text)
                walk.because("sent", answer.kind)
                walk.leave(answer.exit)
                return
        elif walk.opening and answer.kind == "text" and not (answer.first and tells(text, walk.spoken)):
            continue
        elif text and _try(walk, answer, text):
            return
    if files and ask.takes_media:
        walk.leave("media")
        return
    _not_understood(walk, ask, text, files)


_FILED = frozenset({"photo", "document"})


def _files_of(answer: Answer, kinds: Collection[str], files: tuple[Media, ...]) -> tuple[Media, ...]:
    """The files that are an answer of this kind. Where papers are not asked for by themselves, a photo may be one."""
    taken = {"document"} if answer.kind == "document" else {"photo"} if "document" in kinds else _FILED
    return tuple(one for one in files if one.kind in taken)


def _try(walk: Journey, answer: Answer, text: str) -> bool:
    """Whether the text is an answer of this kind; if so it is kept and the run goes on."""
    value = value_of(answer, text, walk.script, walk.facts, walk.spoken)
    if value is None:
        return False
    if answer.save:
        walk.keep_said(answer.save, value)
    walk.because(f"read_{answer.kind}", text)
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


def call_person(walk: Journey, text: str) -> None:
    walk.because("asked_for_person", text)
    if walk.media:
        walk.keep_files(FILES, walk.media)
    if walk.script.exits[walk.step, "person"] in ENDINGS:
        walk.hand_off("asked_for_person", walk.script.texts["person"], "\n".join((*walk.heard, text)))
    else:
        walk.leave("person")


def _not_understood(walk: Journey, ask: Ask, text: str, files: tuple[Media, ...]) -> None:
    if walk.opening:
        # What started the run is not an answer to a question that its sender had not seen.
        walk.because("said_before_the_question", text)
        walk.opening = 0
        if "patience" not in walk.timers:
            walk.await_answer(ask)
        return
    walk.because("not_understood", text)
    walk.missed = text
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
    walk.marks.append((walk.step, "again"))
    walk.ask(ask, ask.hint)
