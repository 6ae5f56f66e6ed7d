"""Which bot begins, when, and when it must not: decided here for the gateway and for talks alike, so that they never differ.

What was to begin on a stage does so only in the very stay in the stage that it was set for.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from bots.kit.business import BotRule, Playbook
from bots.kit.events import Instant
from bots.kit.hours import Hours

STARTS: Final = "start:"
"""How the name of a timer begins that belongs to no run: it begins one, of the bot named, if the deal has not moved since."""

Verdict = Literal["begin", "gone", "later", "busy", "mute"]
"""A stage's bot begins; nothing is left of what it was set for; it waits until the shop opens; another bot is speaking; there is
nowhere to write."""


def meets(playbook: Playbook, *, is_open: bool) -> str | None:
    """The bot that meets a new inquiry; None: a person does."""
    return playbook.bot_on("message", at="open" if is_open else "closed")


def on_stage(playbook: Playbook, funnel: str, stage: str) -> tuple[BotRule, ...]:
    """The bots that begin because a deal has entered this stage."""
    return tuple(rule for rule in playbook.bots if rule.stage and (rule.funnel, rule.stage) == (funnel, stage))


def expected(rules: Iterable[BotRule], entered: Instant, hours: Hours | None) -> Iterator[tuple[BotRule, str, Instant]]:
    """What a deal that enters a stage makes of its rules: the rule, the timer's name, and when it comes due."""
    for rule in rules:
        at = entered + rule.after
        at = hours.next_open(at) if rule.working and hours is not None else at
        yield rule, f"{STARTS}{rule.bot}:{entered}", at


def bot_of(timer: str) -> str:
    """Which bot a timer was set for."""
    return timer.removeprefix(STARTS).rpartition(":")[0]


def called(timer: str) -> str:
    """A timer as people read its name: without the moment that it is bound to."""
    return STARTS + bot_of(timer) if timer.startswith(STARTS) else timer


def due(
    rules: Iterable[BotRule], timer: str, entered: Instant, *, is_open: bool, speaking: bool, reachable: bool
) -> Verdict:
    """What becomes of a stage's bot whose hour has come, in a deal that entered its stage at `entered`."""
    stays = timer.rpartition(":")[2] == str(entered)
    rule = next((rule for rule in rules if rule.bot == bot_of(timer)), None) if stays else None
    if rule is None:
        return "gone"
    if rule.working and not is_open:  # the program was late, or the calendar is another by now
        return "later"
    return "busy" if speaking else "begin" if reachable else "mute"


def of_stage(rules: Iterable[BotRule], bot: str) -> bool:
    """Whether a bot is there because of a stage: when somebody moves the deal on, what it says is true no more."""
    return any(rule.bot == bot for rule in rules)
