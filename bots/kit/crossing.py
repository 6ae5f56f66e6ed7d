"""A run that crosses over to another version of its script, or is given to a person because it cannot.

Pure, like the walk. What the customer was asked is asked again only where it reads differently there; what the step
does on entry is not done again, for the run does not arrive at it: it stands there.
"""

from dataclasses import replace

from bots.kit.effects import Effect
from bots.kit.journey import Journey
from bots.kit.run import Facts, RunState
from bots.kit.script import FILES, Ask, Script, Step


def waits_to_settle(run: RunState) -> bool:
    """Words of an answer are still coming in: they belong to the question that they answer."""
    return bool(run.heard or run.media)


def cross(old: Script, new: Script, run: RunState, to: str, facts: Facts) -> tuple[RunState, tuple[Effect, ...]]:
    """The run in the new version, at step `to`; its answers stay. `to` must be there."""
    target = new.steps[to]
    if _reads_alike(old.steps.get(run.step), target):
        return replace(run, step=to, marks=()), ()
    walk = Journey(new, run, facts)
    if isinstance(target.finish, Ask):
        walk.step = to
        walk.turn += 1  # so that the buttons of the old question are good no more
        walk.tries = 0
        walk.opening = 0
        walk.ask(target.finish, target.finish.question, target.template)
    else:
        walk.enter(to)
    return walk.result()


def hand_over(script: Script, run: RunState, facts: Facts) -> tuple[RunState, tuple[Effect, ...]]:
    """To a person, with all that was gathered and what was still being said."""
    walk = Journey(script, run, facts)
    if run.media:
        walk.keep_files(FILES, run.media)
    walk.hand_off("script_changed", script.texts["hand_off"], "\n".join(run.heard))
    return walk.result()


def _reads_alike(old: Step | None, new: Step) -> bool:
    """Whether who stands at the one may stand at the other without noticing."""
    if old is None:
        return False
    was, now = old.finish, new.finish
    if isinstance(was, Ask) and isinstance(now, Ask):
        return (was.question, was.buttons, was.wants_phone) == (now.question, now.buttons, now.wants_phone)
    return was == now
