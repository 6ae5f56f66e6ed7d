"""One step of a conversation: what the bot heard → where it stands now, and what it wants done.

Pure and total: the same input gives the same output, and no event in any state raises. Nothing here reads, parses or
compiles; it looks up what the compiler has prepared.
"""

from math import isfinite
from typing import assert_never

from bots.kit.answers import asks_for_person, chosen, guessed, normalise, number, phone, vin
from bots.kit.effects import (
    AddTag,
    CancelTimer,
    CloseDeal,
    CreateTask,
    Effect,
    EndRun,
    HandOff,
    MoveStage,
    Say,
    SetField,
    SetTimer,
)
from bots.kit.events import Event, Instant, Media, MessageReceived, RunStarted, TimerFired
from bots.kit.machine import LIFE
from bots.kit.run import Facts, RunState, Status
from bots.kit.script import (
    ENDINGS,
    FILES,
    Answer,
    Ask,
    End,
    Leave,
    MoveAction,
    SayAction,
    Script,
    SetAction,
    Step,
    TagAction,
    Then,
)
from bots.kit.words import Text, as_text, capped

__all__ = ["Facts", "RunState", "begin", "step", "stop"]

MOST_HEARD = 20
"""Messages of one burst; the next one is answered at once, however fast they come."""
MOST_CHARS = 4_000
"""Of one burst. The timeline has all of it; an answer needs no more."""
MOST_FILES = 20
_MOST_STEPS = 100
"""On the way from one question to the next. The compiler lets no circle through; this is the second lock."""


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
    walk = _Walk(script, run, facts)
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


class _Walk:
    """The run while it is on its way: what will be the next `RunState`, and the effects so far."""

    __slots__ = (
        "answers",
        "before",
        "effects",
        "facts",
        "heard",
        "media",
        "opening",
        "script",
        "status",
        "step",
        "timers",
        "tries",
        "turn",
    )

    def __init__(self, script: Script, run: RunState, facts: Facts) -> None:
        self.script = script
        self.facts = facts
        self.before = run.timers
        self.step = run.step
        self.status: Status = run.status
        self.turn = run.turn
        self.tries = run.tries
        self.opening = run.opening
        self.heard = run.heard
        self.media = run.media
        self.answers = run.answers
        self.timers = run.timers
        self.effects: list[Effect] = []

    def result(self) -> tuple[RunState, tuple[Effect, ...]]:
        run = RunState(
            self.step,
            self.status,
            self.turn,
            self.tries,
            self.opening,
            self.heard,
            self.media,
            self.answers,
            self.timers,
        )
        if self.timers is not self.before:
            gone: list[Effect] = [CancelTimer(name) for name in self.before if name not in self.timers]
            if gone:
                return run, (*gone, *self.effects)
        return run, tuple(self.effects)

    # -- knowing ---------------------------------------------------------------------------------------------------

    def value(self, field: str) -> object:
        """What a placeholder stands for: an answer of this run, else the deal's field."""
        if field in self.answers:
            return self.answers[field]
        if field == "name":
            return self.facts.name
        if field == "channel":
            return self.facts.channel
        return self.facts.fields.get(field)

    def keep(self, field: str, value: object) -> None:
        self.answers = {**self.answers, field: value}
        self.effects.append(SetField(field, value))

    def keep_files(self, field: str, files: tuple[Media, ...]) -> None:
        """Add to the files of a field. Kept are the channel's handles."""
        had = self.value(field)
        refs = [one for one in had if isinstance(one, str)] if isinstance(had, list) else []
        fresh = [one.ref for one in files if one.ref not in refs]
        if fresh:
            self.keep(field, [*refs, *fresh][-MOST_FILES:])

    # -- speaking --------------------------------------------------------------------------------------------------

    def say(self, text: Text) -> None:
        said = text.plain if text.plain is not None else text.fill(self.value)
        if said:
            self.effects.append(Say(said))

    def ask(self, ask: Ask, text: Text) -> None:
        """Put a question (or its hint) and start its clock anew."""
        said = text.plain if text.plain is not None else text.fill(self.value)
        self.effects.append(Say(said or "…", ask.buttons, ask.wants_phone))
        self.heard = ()
        self.media = ()
        self.await_answer(ask)

    def await_answer(self, ask: Ask) -> None:
        """Start the clock of the open question anew."""
        now = self.facts.now
        silence = ask.silence
        timers: dict[str, Instant] = {"patience": now + silence.patience}
        for place, (after, _) in enumerate(silence.reminders, start=1):
            timers[f"remind:{place}"] = now + after
        self.timers = timers
        self.effects.extend([SetTimer(name, at) for name, at in timers.items()])

    # -- going -----------------------------------------------------------------------------------------------------

    def leave(self, exit_: str) -> None:
        """Go out of the present step by one of its exits, to a step. Endings are the caller's."""
        self.enter(self.script.exits[self.step, exit_])

    def enter(self, name: str) -> None:
        """Go through steps until one asks, hands off or ends."""
        for _ in range(_MOST_STEPS):
            here = self.script.steps[name]
            self.step = name
            self._act(here)
            finish = here.finish
            if isinstance(finish, Then):
                name = self.script.exits[name, "then"]
                continue
            if isinstance(finish, Ask):
                self.turn += 1
                if self.turn > 1:
                    self.opening = 0
                self.tries = 0
                self.ask(finish, finish.question)
            elif isinstance(finish, Leave):
                self._finish("hand_off")
                self.effects.append(
                    HandOff(finish.reason, self._task(finish.kind, finish.task.fill(self.value), finish.show))
                )
            elif isinstance(finish, End):
                self._finish("finish")
                self.effects.append(EndRun("finished", finish.reason))
            else:
                assert_never(finish)
            return
        self.hand_off("too_long", self.script.texts["lost"])

    def _act(self, here: Step) -> None:
        for action in here.actions:
            match action:
                case SayAction(text):
                    self.say(text)
                case SetAction(field, value):
                    self.keep(field, value.fill(self.value))
                case TagAction(tag):
                    self.effects.append(AddTag(tag))
                case MoveAction(stage):
                    self.effects.append(MoveStage(stage))
                case _:
                    assert_never(action)

    def hand_off(self, reason: str, said: Text, last_words: str = "") -> None:
        """Give up or give way: say so, and hand over with all that was gathered."""
        self.say(said)
        labels = self.script.language.labels
        task = self._task("talk", f"{labels['talk']}: {labels.get(reason, reason)}", (), last_words)
        self._finish("hand_off")
        self.effects.append(HandOff(reason, task))

    def time_out(self, reason: str) -> None:
        self._finish("time_out")
        self.effects.append(EndRun("timed_out", reason))
        self.effects.append(CloseDeal(reason))

    def _finish(self, trigger: str) -> None:
        self.status = LIFE[self.status, trigger]
        self.heard = ()
        self.media = ()
        self.opening = 0
        self.timers = {}

    def _task(self, kind: str, text: str, show: tuple[str, ...], last_words: str = "") -> CreateTask:
        """The manager's task: what to do, then a line for each thing that was gathered."""
        script = self.script
        lines = [text]
        details: dict[str, object] = {}
        for field in show or tuple(self.answers):
            value = self.value(field)
            if field in script.files and isinstance(value, list):
                said = script.language.files(len(value))
            else:
                said = as_text(value)
            if said:
                details[field] = value
                lines.append(f"{script.fields.get(field, field)}: {said}")
        if show and FILES in self.answers and FILES not in details:
            details[FILES] = kept = self.answers[FILES]
            lines.append(f"{script.fields[FILES]}: {script.language.files(len(kept) if isinstance(kept, list) else 1)}")
        if last_words:
            lines.append(f"{script.language.labels['last_words']}: {last_words}")
        return CreateTask(kind, capped("\n".join(lines)), details)


# -- hearing ---------------------------------------------------------------------------------------------------------


def _hear(walk: _Walk, ask: Ask, message: MessageReceived) -> None:
    """A message while a question is open: answer at once what is plain, gather what may go on, else ask again."""
    if walk.opening:
        now = walk.facts.now
        early = now <= walk.opening + ask.gather
        walk.opening = now or 1 if early else 0
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


def _answer_at_once(walk: _Walk, ask: Ask, text: str, spoken: str) -> bool:
    """Whether the text is a plain answer of a kind that needs no gathering."""
    if ask.menu is not None and (place := guessed(ask.menu, spoken)) is not None:
        _choose(walk, ask, place)
        return True
    return any(_try(walk, answer, text) for answer in ask.answers if answer.kind in {"number", "phone"})


def _fire(walk: _Walk, ask: Ask, name: str) -> None:
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


def _settle(walk: _Walk, ask: Ask) -> None:
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


def _try(walk: _Walk, answer: Answer, text: str) -> bool:
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


def _accept_phone(walk: _Walk, ask: Ask, shared: str) -> None:
    """A phone that the channel vouches for needs no reading."""
    for answer in ask.answers:
        if answer.kind == "phone":
            if answer.save:
                walk.keep(answer.save, shared[:40])
            walk.leave(answer.exit)
            return


def _choose(walk: _Walk, ask: Ask, place: int) -> None:
    option = ask.options[place]
    if ask.save:
        walk.keep(ask.save, option.label)
    walk.leave(option.exit)


def _call_person(walk: _Walk, text: str) -> None:
    if walk.media:
        walk.keep_files(FILES, walk.media)
    if walk.script.exits[walk.step, "person"] in ENDINGS:
        walk.hand_off("asked_for_person", walk.script.texts["person"], "\n".join((*walk.heard, text)))
    else:
        walk.leave("person")


def _not_understood(walk: _Walk, ask: Ask, text: str, files: tuple[Media, ...]) -> None:
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
