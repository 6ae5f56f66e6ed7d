"""One customer and the whole shop: its playbook says which bot meets them at this hour, and which begins on a stage.

What begins when is decided by the same functions as in the gateway (bots/kit/beginnings.py).
"""

from dataclasses import dataclass, field
from typing import Final

from bots.kit import effects as fx
from bots.kit.acts import Act, BadAct
from bots.kit.beginnings import STARTS, bot_of, due, expected, meets, of_stage, on_stage
from bots.kit.business import BotRule, Funnel, Playbook, Source
from bots.kit.conversation import Conversation, TooLong
from bots.kit.events import Instant, MessageReceived, RunStarted
from bots.kit.hearing import words_of
from bots.kit.lines import Line
from bots.kit.problems import did_you_mean, shown
from bots.kit.script import Script
from bots.kit.walk import begin, stop

MOST_BEGUN: Final = 20
"""Bots that begin at one moment: more of them lead each other round."""


@dataclass(slots=True, kw_only=True)
class Inquiry(Conversation):
    """A conversation with whichever bots the playbook begins. `script` is only what it is called after until one has."""

    playbook: Playbook
    deal_open: bool = field(init=False, default=False)
    met: str = field(init=False, default="")
    """The first bot that began."""
    _entered: Instant = field(init=False, default=0)
    _funnel: str = field(init=False, default="")
    _begun: tuple[Instant, int] = field(init=False, default=(0, 0))

    def __post_init__(self) -> None:
        Conversation.__post_init__(self)
        self.run = stop(self.run)
        if self.stage:
            self._open(self.playbook.entrance(self.channel), self.stage)

    def start(self, words: str = "") -> list[Line]:
        """A manager opens a deal and gives it to the bot that meets customers by day."""
        if not self.deal_open:
            self._open(self.playbook.entrance("manual"))
        return self._go(self.playbook.bot_on("message"), words) if self.run.status != "running" else []

    def hear(self, message: MessageReceived) -> list[Line]:
        """The customer's message; the first one of an inquiry is met by the bot of the hour, else by a person."""
        self.heard_at = self.now
        opening: list[Line] = []
        if not self.deal_open:
            self._open(self.playbook.entrance(self.channel))
            opening = self._go(meets(self.playbook, is_open=self.is_open), words_of(message))
        return [*opening, *(self.take(message) if self.run.status == "running" else [])]

    def write(self, message: MessageReceived) -> list[Line]:
        lines = Conversation.write(self, message)
        return lines if self.burst else [*lines, *self.wait(0)]

    def act(self, act: Act) -> list[Line]:
        if act.kind == "stage":
            return [*self._move(act.about), *self.wait(0)]
        if act.kind == "start":
            return [*self.start(), *self.wait(0)]
        return Conversation.act(self, act)

    def fire(self, name: str) -> list[Line]:
        if not name.startswith(STARTS):
            return Conversation.fire(self, name)
        speaking = self.run.status == "running"
        verdict = due(self._rules(), name, self._entered, is_open=self.is_open, speaking=speaking, reachable=True)
        if verdict == "later":
            hours = self.facts().hours
            self.timers[name] = hours.next_open(self.now) if hours is not None else self.now
        if verdict == "busy":
            return [Line("task", f"busy, {bot_of(name)}")]
        return self._go(bot_of(name)) if verdict == "begin" else []

    def forget_timers(self) -> None:
        self.timers = {name: at for name, at in self.timers.items() if name.startswith(STARTS)}

    def speaks(self) -> str:
        return self.script.name if self.met else ""

    # -- the deal --------------------------------------------------------------------------------------------------

    def _open(self, entrance: Source, stage: str = "") -> None:
        self.deal_open, self._funnel = True, entrance.funnel
        if not stage:  # another inquiry than the one that the head tells of
            self.fields = {} if self.met else self.fields
            self.tags = [*([] if self.met else self.tags), *([entrance.tag] if entrance.tag else [])]
        self._enter(stage or entrance.stage)

    def _enter(self, stage: str) -> None:
        """What the stage before would have begun is off, what this one begins is set."""
        self.stage, self._entered = stage, self.now
        self._cut_starts()
        for _, name, at in expected(self._rules(), self._entered, self.facts().hours):
            self.timers[name] = at

    def _move(self, stage: str) -> list[Line]:
        """A person moves the deal: a bot that is there because of the stage falls silent."""
        if not self.deal_open:
            self._open(self.playbook.entrance("manual"))
        path = self._path()
        if path.stage(stage) is None:
            known = [one.name for one in path.stages]
            raise BadAct(f"there is no stage '{shown(stage)}'. {did_you_mean(stage, known)}")
        if stage == self.stage:
            return []
        lines = self._silence("moved") if of_stage(self._rules(), self.script.name) else []
        return [*lines, *self._arrive(stage)]

    def _arrive(self, stage: str) -> list[Line]:
        self._enter(stage)
        target = self._path().stage(stage)
        if target is None or not target.outcome:
            return []
        self._close()
        return self._silence("closed")

    def _close(self) -> None:
        self.deal_open = False
        self._cut_starts()

    def _silence(self, why: str) -> list[Line]:
        if self.run.status != "running":
            return []
        self.run = stop(self.run)
        self.forget_timers()
        return [Line("stopped", why, self.run.step)]

    # -- bots ------------------------------------------------------------------------------------------------------

    def _go(self, bot: str | None, words: str = "") -> list[Line]:
        """A bot is given the conversation; where there is none, a person has to answer."""
        script: Script | None = self.others.get(bot or "")
        if script is None:
            return [Line("task", "answer")]
        at, n = self._begun
        self._begun = (self.now, n + 1 if at == self.now else 1)
        if self._begun[1] > MOST_BEGUN:
            raise TooLong("bots begin each other without end")
        self.script, self.run = script, begin(script)
        self.met = self.met or script.name
        return [Line("script", script.name), *self.take(RunStarted(words))]

    def _obey(self, effect: fx.Effect) -> Line | None:
        before = self.stage
        line = Conversation._obey(self, effect)  # noqa: SLF001 - its own kind
        if isinstance(effect, fx.CloseDeal):
            self._close()
        elif isinstance(effect, fx.MoveStage) and effect.stage != before:
            if self._path().stage(effect.stage) is None:
                self.stage = before
            else:
                self._arrive(effect.stage)
        return line

    def _rules(self) -> tuple[BotRule, ...]:
        return on_stage(self.playbook, self._funnel, self.stage)

    def _path(self) -> Funnel:
        return self.playbook.funnel(self._funnel) or self.playbook.funnels[0]

    def _cut_starts(self) -> None:
        self.timers = {name: at for name, at in self.timers.items() if not name.startswith(STARTS)}
