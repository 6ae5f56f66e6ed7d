"""A real conversation as a talk, so that it is a test from then on: what the customer did, masked; what the bot says, said anew.

Nothing of the timeline is copied but the customer's masked words, and only where the bot still understands them as it did.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bots.kit.conversation import TooLong
from bots.kit.events import Instant, MessageReceived
from bots.kit.lines import Line
from bots.kit.masking import Mask
from bots.kit.recording import Heard, Moved, Recording
from bots.kit.script import Script
from bots.kit.talk import Talk, lines_of, opened, read_talk, retell, written
from gateway.house import House
from gateway.recordings import Unplayable, record
from state.talks import Held

_SETTLES_MS = 2_000
_MOST_EVENTS = 2_000
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ABOUT = "A real conversation; what is about the customer is masked"


@dataclass(frozen=True, slots=True)
class Saved:
    script: str
    text: str
    """Of the `.talk` file. It holds."""


def save(talk: Held, house: House, now: Instant, about: str = ABOUT) -> Saved:
    """The run as a talk of its script as it is now. Raises `Unplayable`."""
    script = house.scripts.get(talk.run.bot)
    if script is None:
        raise Unplayable("no_script")
    recording = record(talk, house, (script,), talk.lines[-1].at if talk.run.ended_at is None and talk.lines else now)
    mask = Mask([talk.name, *_names(talk)], script.country)
    plain = _held(recording, script, house, None)
    real = _steps(plain, script, house, at=recording.began)
    for head in _heads(recording, house):
        masked = _held(recording, script, house, mask, about, head)
        if _steps(masked, script, house) == real:
            return Saved(script.name, retell(masked, script, house.playbook, house.scripts))
    raise Unplayable("masked")


def _names(talk: Held) -> Iterator[str]:
    """What the deal knows the customer by, besides the channel's name for them."""
    for name, value in talk.deal.fields.items():
        if isinstance(value, str) and any(word in name.lower() for word in ("name", "fio", "имя", "фио", "contact")):
            yield value


def _heads(recording: Recording, house: House) -> Iterator[tuple[str, ...]]:
    """How the hour of the real one may be told: not at all, the weekday and the hour, or that it was a day off, too."""
    moment = datetime.fromtimestamp(recording.began / 1000, ZoneInfo(house.playbook.zone))
    until = f"/until {_DAYS[moment.weekday()]} {moment:%H:%M}"
    hours = house.playbook.hours
    is_open = hours is None or hours.is_open(recording.began)
    yield ()
    yield (until,)
    yield (until, f"/hours {'open' if is_open else 'closed'}")


def _held(
    recording: Recording, script: Script, house: House, mask: Mask | None, about: str = "", head: tuple[str, ...] = ()
) -> Talk:
    """What the customer and the clock did, as a talk in which nobody has answered yet."""
    lines = [*(f"# {line}".rstrip() for line in about.splitlines()), *_given(recording, script, house, mask), ""]
    lines += head
    if recording.opening is None:
        lines.append("/start")
    lines += _scenes(recording, mask)
    talk, problems = read_talk("\n".join(lines) + "\n")
    if talk is None:
        raise Unplayable("masked") from ValueError("; ".join(map(str, problems)))
    return talk


def _given(recording: Recording, script: Script, house: House, mask: Mask | None) -> Iterator[str]:
    yield f"script: {script.name}"
    if recording.name:
        yield f"name: {mask.name(recording.name) if mask else _flat(recording.name)}"
    if recording.channel:
        yield f"channel: {recording.channel}"
    language = script.language_for(recording.fields, house.playbook.language)
    if language != script.language.name:
        yield f"language: {language}"
    if recording.stage:
        yield f"stage: {recording.stage}"
    if recording.tags:
        yield f"tags: {', '.join(_flat(tag, mask) for tag in recording.tags)}"
    known = {
        name: _flat(str(value), mask)
        for name, value in recording.fields.items()
        if name in script.fields
        and isinstance(value, (str, int))
        and not isinstance(value, bool)
        and str(value).strip()
    }
    if known:
        yield f"fields: {', '.join(f'{name}={value}' for name, value in known.items())}"


def _flat(text: str, mask: Mask | None = None) -> str:
    """As it may stand in a talk's head."""
    return " ".join((mask.text(text) if mask else text).replace(",", " ").replace("=", " ").split())


def _scenes(recording: Recording, mask: Mask | None) -> Iterator[str]:
    """With the time between them. Of messages that come within a moment the next one only: they are a burst."""
    last, burst = recording.began, False
    happened: list[Heard | Moved] = [
        *([recording.opening] if recording.opening is not None else []),
        *(
            scene for scene in recording.scenes if isinstance(scene, Heard | Moved)
        ),  # a talk knows nothing of the others
    ]
    for scene in happened:
        gap = scene.at - last
        apart = not (burst and isinstance(scene, Heard) and gap < _SETTLES_MS)
        if apart and (burst or gap > 0):  # the talk lets a burst settle by itself
            yield f"/+{_length(gap - (_SETTLES_MS if burst else 0))}"
        if isinstance(scene, Moved):
            yield f"/stage {scene.stage}"
        else:
            yield written(Line("customer", _typed(scene.message, mask)))
        last, burst = scene.at, isinstance(scene, Heard)
    if not recording.stopped and recording.until - last > 2 * _SETTLES_MS:  # silence ended it
        yield f"/+{_length(recording.until - last)}"


def _length(ms: int) -> str:
    """Whole seconds, as a jump of the clock is written."""
    left, said = max(-(-ms // 1000), 0), []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            said.append(f"{count}{unit}")
    return " ".join(said) or "0s"


def _typed(message: MessageReceived, mask: Mask | None) -> str:
    """As a customer's line of a talk. Files lose their names, places are somewhere in the sea."""
    if message.choice:
        return f"[button {message.choice}]"
    if message.phone:
        return f"[phone {mask.phone(message.phone) if mask else message.phone}]"
    if message.location is not None:
        return "[location 43.5, 34.5]"
    text = mask.text(message.text) if mask else message.text
    kinds = "".join(f"[{media.kind}] " for media in message.media[:1])
    return (kinds + "\n".join(line.strip() for line in text.splitlines() if line.strip())).strip() or "…"


def _steps(talk: Talk, script: Script, house: House, at: Instant | None = None) -> list[tuple[str, str]]:
    """Who said or did something at which step: what a mask must not change."""
    conversation = opened(talk, script, house.playbook, house.scripts)
    conversation.most = _MOST_EVENTS
    if at is not None:
        conversation.now = at
    try:
        return [(line.speaker, line.step) for line in lines_of(conversation, talk)]
    except TooLong:
        raise Unplayable("too_long") from None
