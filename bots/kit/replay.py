"""A conversation that was really held, played again on a script: on its own it must come out as it did; on a draft it may not.

What happened from outside (messages, a person's moves of the deal) is played at its own times, timers in virtual time. Where the
program was late with a timer when it really happened, it is late again, so that the same script says the same.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bots.kit.conversation import WINDOWS, Conversation
from bots.kit.events import Instant, TimerFired, WebAnswered
from bots.kit.fields import Field
from bots.kit.hours import Hours
from bots.kit.lines import Line
from bots.kit.recording import Crossed, Differs, Edited, Happening, Heard, Moved, Record, Recording, Said, Told, visible
from bots.kit.script import Script

MOST_EVENTS: Final = 2_000
"""Of one talk on one script."""
CLOSE_MS: Final = 60_000
"""Said within a minute of each other is said at the same time."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The shop around a conversation, where it is the same for all of them."""

    zone: str
    language: str
    currency: str
    hours: Hours | None
    calendars: Mapping[str, Hours] = field(default_factory=dict)
    kinds: Mapping[str, Field] = field(default_factory=dict)


@dataclass(slots=True)
class Beat:
    """What followed from one thing that happened, until the next one."""

    standing: str
    """The step that it found the run at."""
    said: list[Said] = field(default_factory=list)


@dataclass(slots=True)
class Play:
    """A recording on a script."""

    early: bool = False
    """A timer that is due at the very moment of something else comes before it."""
    beats: list[Beat] = field(default_factory=list)
    asleep: list[tuple[Instant, Instant, bool]] = field(default_factory=list)
    """When the program was late: from, until, and whether what happened then came first. Timers that were due in between came
    when it was over."""

    def awake(self, due: Instant) -> tuple[Instant, bool]:
        """When a timer comes, and whether something else that happens at that moment goes before it."""
        return next(
            ((until, behind) for since, until, behind in self.asleep if since <= due < until), (due, not self.early)
        )


Versions = Sequence[Script]
"""The one that a run began with, then those that it was brought over to, one for each time."""


def reproduce(recording: Recording, versions: Versions, ways: Ways) -> Play:
    """The talk on the versions that it was held on. Raises `Differs` where that is not what happened."""
    try:
        return _reproduce(recording, versions, ways, early=False)
    except Differs:
        # Which of two things of one millisecond came first is not recorded.
        return _reproduce(recording, versions, ways, early=True)


def _reproduce(recording: Recording, versions: Versions, ways: Ways, *, early: bool) -> Play:
    play, talk, later = Play(early), _opened(recording, versions[0], ways), iter(versions[1:])
    told = list(_between(recording))
    for place, (happened, then) in enumerate(_happenings(recording)):
        record = Record(told[place], may_end=recording.stopped and place == len(told) - 1)
        beat = Beat(talk.run.step)
        play.beats.append(beat)
        _happen(talk, happened, beat, later)
        record.take(beat.said)
        while (name := _next_due(talk, then + early)) is not None:
            due = talk.timers[name]
            tried, late = _fork(talk), Beat("")
            at = max(due, talk.now, record.next_at(due))
            _fire(tried, name, at, late)
            if visible(late.said) and not record.fits(late.said):
                # It did not come before what happened next, or never had the time to.
                play.asleep.append((due, then, True))
                break
            if at > due:
                play.asleep.append((due, at, False))
            record.take(late.said)
            beat.said += late.said
            talk = tried
        record.close()
    return play


def perform(recording: Recording, versions: Versions, ways: Ways, first: Play) -> Play:
    """The same talk with another script in place of its last version: what happens is the same, and the program is late where it was."""
    play, later = Play(first.early, asleep=first.asleep), iter(versions[1:])
    talk = _opened(recording, versions[0], ways)
    for happened, then in _happenings(recording):
        beat = Beat(talk.run.step)
        play.beats.append(beat)
        _happen(talk, happened, beat, later)
        while (name := _next_due(talk, then + first.early)) is not None:
            at, behind = first.awake(talk.timers[name])
            if at > then or (at == then and behind):
                break
            _fire(talk, name, max(at, talk.now), beat)
    return play


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two plays of one talk first differ."""

    step: str
    """Of the script that it was held on."""
    before: tuple[Line, ...]
    now: tuple[Line, ...]
    shifted: int = 0
    """Milliseconds by which the same is said later (or, below 0, earlier)."""


def compare(first: Play, second: Play) -> Divergence | None:
    """The first thing that happened upon which the bot says or does something else now."""
    for one, other in zip(first.beats, second.beats, strict=True):
        place = next(
            (
                place
                for place in range(max(len(one.said), len(other.said)))
                if place >= min(len(one.said), len(other.said))
                or one.said[place].line != other.said[place].line
                or abs(one.said[place].at - other.said[place].at) > CLOSE_MS
            ),
            None,
        )
        if place is None:
            continue
        before, now = one.said[place:], other.said[place:]
        shifted = now[0].at - before[0].at if before and now and before[0].line == now[0].line else 0
        step = (before[0].line.step if before else "") or one.standing
        return Divergence(step, tuple(said.line for said in before), tuple(said.line for said in now), shifted)
    return None


# -- what happens ------------------------------------------------------------------------------------------------------


def _happenings(recording: Recording) -> Iterator[tuple[Happening | None, Instant]]:
    """The beginning (None, or the message that it began with) and all that came from outside, each with when the next does."""
    outside: list[Happening | None] = [
        recording.opening, *(scene for scene in recording.scenes if not isinstance(scene, Told))
    ]  # fmt: skip
    for place, one in enumerate(outside):
        following = outside[place + 1] if place + 1 < len(outside) else None
        yield one, following.at if following is not None else recording.until


def _between(recording: Recording) -> Iterator[list[Told]]:
    """What the bot is recorded to have said after each of the happenings."""
    told: list[Told] = []
    for scene in recording.scenes:
        if isinstance(scene, Told):
            told.append(scene)
        else:
            yield told
            told = []
    yield told


def _opened(recording: Recording, script: Script, ways: Ways) -> Conversation:
    talk = Conversation(
        script, name=recording.name, channel=recording.channel, zone=ways.zone, now=recording.began, fields=dict(recording.fields),
        tags=list(recording.tags), stage=recording.stage, language=ways.language, currency=ways.currency, hours=ways.hours, calendars=ways.calendars,
        kinds=ways.kinds, window=WINDOWS.get(recording.channel, 0), seed=recording.run, most=MOST_EVENTS,
    )  # fmt: skip
    if recording.opening is None and recording.channel not in WINDOWS:
        talk.heard_at = recording.began
    return talk


def _happen(talk: Conversation, happened: Happening | None, beat: Beat, later: Iterator[Script]) -> None:
    match happened:
        case None:
            _say(talk, beat, talk.start())
        case Moved(at, stage):
            talk.now, talk.stage = max(talk.now, at), stage
        case Edited(at, fields, tags, missing):
            talk.now = max(talk.now, at)
            talk.fields.update({name: value for name, value in fields.items() if not (missing and name in talk.fields)})
            talk.tags = talk.tags if tags is None else list(tags)
        case Crossed(at, to):
            talk.now = max(talk.now, at)
            if talk.run.status == "running":
                _say(talk, beat, talk.adopt(next(later), to))
        case Heard(at, message, channel):
            talk.now = max(talk.now, at)
            talk.channel, talk.window = channel, WINDOWS.get(channel, 0)
            if talk.run.status == "running":
                _say(talk, beat, talk.hear(message))
            # Messages are heard before the timers that are due at the same moment.
            while (name := _next_due(talk, talk.now + 1)) is not None:
                _fire(talk, name, talk.now, beat)


def _fire(talk: Conversation, name: str, at: Instant, beat: Beat) -> None:
    talk.timers.pop(name)
    talk.now = max(talk.now, at)
    _say(talk, beat, talk.take(TimerFired(name)))


def _say(talk: Conversation, beat: Beat, lines: list[Line]) -> None:
    beat.said += [Said(talk.now, line) for line in lines]
    if lines and lines[-1].speaker == "call" and talk.run.status == "running":
        # The gateway cannot ask endpoints: every call fails at once.
        _say(talk, beat, talk.take(WebAnswered(talk.run.turn, ok=False)))


def _next_due(talk: Conversation, before: Instant) -> str | None:
    if not talk.timers:
        return None
    name = min(talk.timers, key=lambda one: (talk.timers[one], one))
    return name if talk.timers[name] < before else None


def _fork(talk: Conversation) -> Conversation:
    """The same conversation once more: what is tried on it leaves this one as it is."""
    other = copy.copy(talk)
    other.fields, other.tags, other.timers = dict(talk.fields), list(talk.tags), dict(talk.timers)
    return other
