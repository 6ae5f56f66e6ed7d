"""A run on its way through one step: what it has become so far, and what it wants done.

Going and speaking live here; what a message means is decided in `walk`.
"""

from typing import assert_never

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
from bots.kit.events import Instant, Media
from bots.kit.machine import LIFE
from bots.kit.run import Facts, RunState, Status
from bots.kit.script import (
    FILES,
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

MOST_FILES = 20
_MOST_STEPS = 100
"""On the way from one question to the next. The compiler lets no circle through; this is the second lock."""


class Journey:
    """The next `RunState` in the making. Made for one step and thrown away after it."""

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
        if self.timers is self.before:
            return run, tuple(self.effects)
        # Of a step that passes two questions only the last one's clock is set: one that the first had started would
        # outlive it, for nobody would cancel what was neither set before the step nor is set after it.
        return run, (
            *[CancelTimer(name) for name in self.before if name not in self.timers],
            *[
                effect
                for effect in self.effects
                if not isinstance(effect, SetTimer) or self.timers.get(effect.name) == effect.at
            ],
        )

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
            self._do(here)
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

    def _do(self, here: Step) -> None:
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
                lines.append(f"{script.fields.get(field, field)}: {'; '.join(said.splitlines())}")
        if show and FILES in self.answers and FILES not in details:
            details[FILES] = kept = self.answers[FILES]
            lines.append(f"{script.fields[FILES]}: {script.language.files(len(kept) if isinstance(kept, list) else 1)}")
        if last_words:
            lines.append(f"{script.language.labels['last_words']}: {'; '.join(last_words.splitlines())}")
        return CreateTask(kind, capped("\n".join(lines)), details)
