"""One step of a conversation: what the bot heard → where it stands now, and what it wants done.

Pure and total: the same input gives the same output, and no event in any state raises. Nothing here reads, parses or
compiles; it looks up what the compiler has prepared.
"""

from typing import assert_never

from bots.kit.effects import Effect, SetTimer
from bots.kit.events import Event, MessageReceived, RunStarted, TimerFired, WebAnswered
from bots.kit.hearing import MOST_HEARD, fire_question, hear, words_of
from bots.kit.journey import Journey
from bots.kit.machine import LIFE
from bots.kit.meanwhile import give_up, hear_endpoint, hear_meanwhile, settle_meanwhile
from bots.kit.run import Facts, RunState, Why
from bots.kit.script import Ask, Call, Script, Stop, Wait

__all__ = ["MOST_HEARD", "Facts", "RunState", "begin", "resume", "step", "stop"]


def begin(script: Script) -> RunState:
    """A run that has not said anything yet."""
    return RunState(script.start)


def stop(run: RunState) -> RunState:
    """The run after somebody took the conversation over. Its timers are void."""
    if run.status != "running":
        return run
    return RunState(run.step, LIFE[run.status, "stop"], run.turn, answers=run.answers, arms=run.arms)


def resume(script: Script, run: RunState, facts: Facts) -> tuple[RunState, tuple[Effect, ...]]:
    """A run that was stopped goes on where it stood: its open question is asked again, and nothing before it is said again."""
    fresh = RunState(run.step, turn=run.turn, answers=run.answers, arms=run.arms)
    here = script.steps.get(run.step)
    if run.turn == 0 or here is None or not isinstance(here.finish, Stop):
        return step(script, fresh, RunStarted(), facts)
    walk = Journey(script, fresh, facts)
    walk.stand_again(here.finish)
    return walk.result()


def step(
    script: Script, run: RunState, event: Event, facts: Facts, why: list[Why] | None = None
) -> tuple[RunState, tuple[Effect, ...]]:
    """Take one event. An ended run hears nothing more. Reasons are written into `why` where there is one."""
    if run.status != "running":
        return run, ()
    walk = Journey(script, run, facts, why)
    here = script.steps.get(run.step)
    if here is None or (run.turn and not isinstance(here.finish, Stop)):
        # A run on a version that has lost its step: a person goes on where the bot cannot.
        walk.hand_off("script_changed", script.texts["lost"])
        return walk.result()
    if run.turn == 0 and not isinstance(event, TimerFired):
        walk.opening = facts.now or 1
        walk.first = _begun_with(event)
        walk.enter(script.start)
        if walk.status != "running":
            return walk.result()
        here = script.steps[walk.step]
    stop = here.finish
    if not isinstance(stop, Stop):  # not begun, and nothing has begun it
        return walk.result()
    match event:
        case RunStarted():
            pass
        case MessageReceived():
            if isinstance(stop, Ask):
                hear(walk, stop, event)
            else:
                hear_meanwhile(walk, stop, event)
        case TimerFired():
            _fire(walk, stop, event.name)
        case WebAnswered():
            if isinstance(stop, Call):
                hear_endpoint(walk, stop, event)
        case _:
            assert_never(event)
    return walk.result()


def _begun_with(event: Event) -> str:
    match event:
        case RunStarted(words):
            return words
        case MessageReceived():
            return words_of(event)
        case _:
            return ""


def _fire(walk: Journey, stop: Stop, name: str) -> None:
    """A timer came due. One that is not set does nothing; one that comes early is set again, never lost."""
    due = walk.timers.get(name)
    if due is None:
        walk.because("not_set", name)
        return
    if walk.facts.now < due:
        walk.because("too_early", name)
        walk.effects.append(SetTimer(name, due))
        return
    walk.because("came_due", name)
    walk.timers = walk.before = {other: at for other, at in walk.timers.items() if other != name}
    if isinstance(stop, Ask):
        fire_question(walk, stop, name)
    elif isinstance(stop, Wait):
        # Words that are waiting to settle win over the end of the wait.
        if name == "settle" or walk.heard or walk.media:
            settle_meanwhile(walk, stop)
        elif name == "wait":
            walk.leave("then")
    elif name == "call":
        give_up(walk, "timeout")
