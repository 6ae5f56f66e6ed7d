"""A script that is walked in tests: with a run that is kept as JSON between its steps, and a clock."""

import json

from bots.kit.effects import Effect, Say, SetField
from bots.kit.events import Event, Media, MessageReceived, RunStarted, TimerFired
from bots.kit.script import Script
from bots.kit.walk import Facts, RunState, begin, step
from tests.bots.scripts import HOUR, NOW, PROBE, compiled


class Bot:
    """A script, a run and a clock: shorter than passing them along."""

    def __init__(self, script: Script | str = PROBE, *, started: bool = True) -> None:
        self.script = compiled(script) if isinstance(script, str) else script
        self.run = begin(self.script)
        self.now = NOW
        self.fields: dict[str, object] = {}
        if started:
            self.take(RunStarted())
            self.now += HOUR

    def take(self, event: Event) -> tuple[Effect, ...]:
        facts = Facts(self.now, "Иван", "chat", "Europe/Moscow", self.fields)
        self.run, effects = step(
            self.script, RunState.from_json(json.loads(json.dumps(self.run.to_json()))), event, facts
        )
        self.fields |= {effect.name: effect.value for effect in effects if isinstance(effect, SetField)}
        return effects

    def says(self, text: str = "", **more: object) -> tuple[Effect, ...]:
        return self.take(MessageReceived(text=text, **more))

    def fires(self, name: str, after: int = 0) -> tuple[Effect, ...]:
        self.now += after
        return self.take(TimerFired(name))

    def settled(self, *texts: str, media: tuple[Media, ...] = ()) -> tuple[Effect, ...]:
        for text in texts or ("",):
            self.says(text, media=media)
        return self.fires("settle", 2_000)


def said(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Say)]
