"""A conversation tried out line by line, with what each line brought about and why, and the talk that it makes.

The same lines give the same conversation, always: that is how the console plays one again from its beginning, and why
a talk that is saved here holds when it is played.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bots.kit.acts import Act, read_act, spoken
from bots.kit.business import Playbook
from bots.kit.conversation import Conversation
from bots.kit.events import Instant
from bots.kit.inquiry import Inquiry
from bots.kit.lines import Line
from bots.kit.run import Why
from bots.kit.script import Script
from bots.kit.talk import check, read_talk, written


@dataclass(frozen=True, slots=True)
class Played:
    """One line, and what came of it."""

    line: str
    at: Instant
    """When it was over."""
    lines: tuple[Line, ...]
    why: tuple[Why, ...]
    act: Act
    burst: bool
    """A message of a burst that goes on."""
    channel: str


@dataclass(slots=True)
class Simulator:
    """Mutable: a conversation in the making. `make` begins one; it is called again when all is begun anew."""

    make: Callable[[], Conversation]
    first: tuple[str, ...] = ()
    """Lines that are played by themselves: a bot that waits for no customer is given the conversation."""
    now: Conversation = field(init=False)
    played: list[Played] = field(default_factory=list)
    _first: Conversation = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> tuple[Line, ...]:
        """From the beginning; what the bot says first, where it does."""
        self.now, self._first = self.make(), self.make()
        self.played = []
        return tuple(line for act in self.first for line in self.play(act).lines)

    def play(self, line: str) -> Played:
        """Let the customer write, or something else happen. Raises `BadAct` where the line means nothing."""
        act, why = read_act(line), list[Why]()
        self.now.why = why
        burst = self.now.burst
        lines = self.now.write(spoken(act.about)) if act.kind == "message" else self.now.act(act)
        played = Played(line, self.now.now, tuple(lines), tuple(why), act, burst, self.now.channel)
        self.played.append(played)
        return played

    # -- as a talk -------------------------------------------------------------------------------------------------

    def talk(self, about: str = "") -> str:
        """The whole of it as the text of a `.talk` file."""
        told = [f"# {line}".rstrip() for line in about.splitlines()]
        return "\n".join([*told, *self._head(), "", *self._scenes()]).rstrip() + "\n"

    def holds(self, text: str, shop: Playbook | None, others: Mapping[str, Script]) -> list[str]:
        """What a talk says otherwise than the script does in the shop; empty: it holds."""
        talk, problems = read_talk(text)
        if talk is None:
            return [str(problem) for problem in problems]
        return check(talk, others.get(talk.script, self._first.script), shop, others)

    def _head(self) -> list[str]:
        first = self._first
        given = {
            "script": self.whose(),
            "rules": "yes" if isinstance(first, Inquiry) else "",
            "name": first.name,
            "channel": "" if first.channel == "chat" else first.channel,
            "language": "" if first.language == first.script.language.name else first.language,
            "stage": first.stage,
            "tags": ", ".join(first.tags),
            "fields": ", ".join(f"{name}={value}" for name, value in first.fields.items()),
        }
        return [f"{name}: {' '.join(value.split())}" for name, value in given.items() if value]

    def whose(self) -> str:
        """The script that the talk is of: of a whole shop, the first that began."""
        return (isinstance(self.now, Inquiry) and self.now.met) or self._first.script.name

    def _scenes(self) -> list[str]:
        lines: list[str] = []
        for place, one in enumerate(self.played):
            kind = one.act.kind
            if kind == "start" and place == 0 and one.lines and not isinstance(self._first, Inquiry):
                pass  # a talk that begins with the bot says so by itself
            elif kind == "now":
                lines.append(f"/now {self.now.clock(one.at)}")
            elif kind != "message":
                lines.append(one.line.strip())
            else:
                if place and not one.burst and not self.played[place - 1].lines and lines[-1].startswith("customer:"):
                    lines.append("/+0s")  # else the two would be read as one burst
                lines.append(written(Line("customer", one.act.about)))
            lines += [written(line) for line in one.lines]
        return lines


# -- why ---------------------------------------------------------------------------------------------------------------

_TOLD: Final[Mapping[str, str]] = {
    "reached": "comes to this step",
    "exit": "goes on by '{}'",
    "pressed": "the button '{}' is pressed",
    "named": "'{}' names a choice",
    "sounds_like": "'{}' sounds like a choice",
    "sent": "a {} is sent",
    "may_go_on": "more may come: waits a moment",
    "asked_for_person": "'{}' asks for a person",
    "not_understood": "'{}' is no answer to this",
    "answered_before": "the customer began with the answer: the question is not put",
    "said_before_the_question": "'{}' was said before the question was seen",
    "said_before_the_wait": "'{}' was said before the wait began",
    "said_during_a_call": "'{}' was said while an endpoint was asked",
    "wrote_meanwhile": "'{}' was written during the wait",
    "came_due": "the timer '{}' has come due",
    "not_set": "the timer '{}' is not set any more",
    "too_early": "the timer '{}' is early",
    "drawn": "the lot falls on '{}'",
    "no_day": "'{}' is no day",
    "day_is_over": "'{}' is over",
    "shop_is_open": "the shop is open",
    "late_answer": "the endpoint's answer is too late",
    "answered": "the endpoint '{}' has answered",
    "timeout": "the endpoint has not answered in time",
    "failed": "the endpoint could not answer",
}


def told(why: Why) -> str:
    """One reason as a person reads it: the step, what happened, what was looked at."""
    seen = " ".join(why.seen.split())[:100]
    if why.because in _TOLD:
        said = (_TOLD[why.because] if seen else _TOLD[why.because].replace("'{}'", "what was sent")).format(seen)
    elif why.because.startswith("read_"):
        said = f"'{seen}' is read as {why.because[5:]}"
    elif why.because.startswith("not "):
        said = f"'{why.because[4:]}' does not hold: {seen}"
    else:
        said = f"'{why.because}' holds: {seen}"
    return f"{why.step}: {said}"
