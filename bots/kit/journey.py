"""A run on its way: through steps, until one stops, hands off or ends."""

import zlib
from typing import assert_never

from bots.kit.answers import tells
from bots.kit.conditions import first_holding
from bots.kit.draft import Draft
from bots.kit.effects import (
    AddTag,
    CallWeb,
    CloseDeal,
    CreateTask,
    EndRun,
    HandOff,
    MoveStage,
    Say,
    StartScript,
    WriteNote,
)
from bots.kit.machine import LIFE
from bots.kit.script import (
    MOST_PASSED,
    Ask,
    Call,
    Check,
    End,
    Leave,
    MoveAction,
    NoteAction,
    Prepared,
    RunScript,
    SayAction,
    SetAction,
    Split,
    Step,
    TagAction,
    TaskAction,
    Then,
    Wait,
)
from bots.kit.waits import task_due, wait_until
from bots.kit.words import Said, as_text
from bots.kit.worth import has_order


class Journey(Draft):
    """Made for one event and thrown away after it."""

    __slots__ = ()

    def leave(self, exit_: str) -> None:
        """Go out of the present step by one of its exits, to a step. Endings are the caller's."""
        self.marks.append((self.step, exit_))
        self.because("exit", exit_)
        self.enter(self.script.exits[self.step, exit_])

    def enter(self, name: str) -> None:
        """Go through steps until one stops, hands off or ends."""
        for _ in range(MOST_PASSED):
            here = self.script.steps[name]
            self.step = name
            self.marks.append((name, "reached"))
            if self.why is not None:
                self.because("reached")
            finish = here.finish
            template = here.template if here.template is not None and self.shut() else None
            held = self._do(here, template)
            if isinstance(finish, Ask):
                self._stop()
                if self._answered(finish):
                    self.because("answered_before")
                    self.await_answer(finish)
                else:
                    self.ask(finish, finish.question, template, held)
                return
            if held:
                self.effects.append(Say(held, template=self.instead(template)))
            exit_ = self._go_on(finish)
            if exit_ is None:
                return
            self.marks.append((name, exit_))
            if self.why is not None:
                self.because("exit", exit_)
            name = self.script.exits[name, exit_]
        self.hand_off("too_long", self.script.texts["lost"])

    def stand_again(self, stop: Ask | Wait | Call) -> None:
        """At the present step once more, without what is done on entering it."""
        if isinstance(stop, Ask):
            self._stop()
            self.ask(stop, stop.question)
        elif (exit_ := self._go_on(stop)) is not None:
            self.leave(exit_)

    def _go_on(self, finish: Then | Check | Split | Wait | Call | RunScript | Leave | End) -> str | None:
        """The exit by which the run goes on at once; None: it has stopped or ended."""
        match finish:
            case Then():
                return "then"
            case Check():
                return self._check(finish)
            case Split():
                return self._split(finish)
            case Wait():
                return self._wait(finish)
            case Call():
                self._stop()
                self.heard, self.media = (), ()
                self.set_timers({"call": self.facts.now + finish.patience})
                fields = {field: self.value(field) for field in finish.send}
                self.effects.append(CallWeb(finish.endpoint, fields, self.turn))
            case RunScript():
                self._finish("finish")
                self.effects.append(EndRun("finished", "run"))
                self.effects.append(StartScript(finish.name))
            case Leave():
                self._finish("hand_off")
                self.effects.append(
                    HandOff(
                        finish.reason,
                        self.task(finish.kind, finish.task.fill(self.value), finish.show, ends=finish.ends),
                    )
                )
            case End():
                self._finish("finish")
                self.effects.append(EndRun("finished", finish.reason))
            case _:
                assert_never(finish)
        return None

    def _answered(self, ask: Ask) -> bool:
        """Whether what the customer has begun with is an answer already: then it is heard, and not asked for."""
        return bool(self.opening) and tells(self.first, self.spoken) and any(answer.first for answer in ask.answers)

    def _stop(self) -> None:
        """One stop more. What started the run counts as such at its first stop only."""
        self.turn += 1
        if self.turn > 1:
            self.opening = 0
        self.tries = 0

    def _check(self, check: Check) -> str:
        for case in check.cases:
            holds, seen = first_holding(case.tests, self.subject)
            if holds:
                self.because(case.exit, seen)
                return case.exit
            if self.why is not None:
                self.because(f"not {case.exit}", seen)
        return "else"

    def _split(self, split: Split) -> str:
        """The arm of this run: drawn once, by a number that is handed in, and kept."""
        drawn = self.arms.get(self.step)
        if drawn is None or all(drawn != arm for arm, _ in split.arms):
            place = zlib.crc32(f"{self.step}:{self.facts.seed}".encode("utf-8", "replace")) % 100
            drawn = next((arm for arm, until in split.arms if place < until), split.arms[-1][0])
            self.arms = {**self.arms, self.step: drawn}
        self.because("drawn", drawn)
        return drawn

    def _wait(self, wait: Wait) -> str | None:
        field = self.value(wait.field) if wait.field else None
        until = wait_until(wait, field, self.facts)
        if until is None:
            self.because("no_day", as_text(field))
            return "else"
        if until <= self.facts.now:
            self.because("shop_is_open" if wait.opens else "day_is_over", as_text(field))
            return "then"
        self._stop()
        self.heard, self.media = (), ()
        self.set_timers({"wait": until})
        return None

    def _do(self, here: Step, template: Prepared | None) -> str:
        """Act on entry. What a template takes the place of is handed back unsaid."""
        held = ""
        for action in here.actions:
            match action:
                case SayAction(said):
                    if template is None:
                        self.say(said)
                    else:
                        held = self.words(said)
                case SetAction(field, value):
                    self.keep_written(field, value.fill(self.value))
                case TagAction(tag):
                    self.effects.append(AddTag(tag))
                case MoveAction(stage):
                    self.effects.append(MoveStage(stage))
                case NoteAction(text):
                    if noted := text.fill(self.value):
                        self.effects.append(WriteNote(noted))
                case TaskAction(kind, text, _, show):
                    task = self.task(kind, text.fill(self.value), show, only=True)
                    due = task_due(action, self.facts)
                    self.effects.append(CreateTask(task.kind, task.text, task.details, due, action.ends))
                case _:
                    assert_never(action)
        return held

    def hand_off(self, reason: str, said: Said, last_words: str = "") -> None:
        """Give up or give way: say so, and hand over with all that was gathered."""
        self.say(said)
        labels = self.script.language.labels
        task = self.task("talk", f"{labels['talk']}: {labels.get(reason, reason)}", (), last_words)
        self.marks.append((self.step, reason))
        self._finish("hand_off")
        self.effects.append(HandOff(reason, task))

    def time_out(self, reason: str) -> None:
        """Silence ends an inquiry. Where there is an order, or money has come, a person sees to it."""
        task = self.task("call", self.script.language.labels["silent"], ())
        self._finish("time_out")
        self.effects.append(EndRun("timed_out", reason))
        self.effects.append(task if has_order(self.facts.fields) else CloseDeal(reason))

    def _finish(self, trigger: str) -> None:
        self.status = LIFE[self.status, trigger]
        self.marks.append((self.step, self.status))
        self.heard = ()
        self.media = ()
        self.opening = 0
        self.timers = {}
