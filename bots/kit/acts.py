"""What a talk is made of besides words, a line each: `/+10h`, `/until monday 9:00`, `/hours closed`, `/fail`.

Talks, the terminal and the console's simulator read them here, so that a line means the same in all three.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast, get_args

from bots.kit.events import Instant, Media, MediaKind, MessageReceived
from bots.kit.hours import at_clock, local_day, zone_of
from bots.kit.problems import did_you_mean, shown
from bots.kit.schema import milliseconds

ActKind = Literal["message", "wait", "until", "now", "start", "stage", "hours", "window", "channel", "fail", "burst"]
Toggle = Literal["auto", "open", "closed"]

HELP: Final[Mapping[str, str]] = {
    "/+10h": "let time pass (s, m, h, d)",
    "/until monday 9:00": "let time pass until then: a weekday, tomorrow, 2025-01-20 or nothing, and a time of day",
    "/now": "the time on the shop's clock",
    "/channel whatsapp": "go on by another channel: telegram, whatsapp, sms, web",
    "/hours closed": "the shop is open, closed, or by its calendar again: auto",
    "/window closed": "the channel takes free text (open), takes none (closed), or by the clock again: auto",
    "/fail": "the next message of the bot does not arrive",
    "/burst": "what follows comes a second apart, until the next /burst",
    "/stage paying": "a person moves the deal to another stage",
    "/start": "the bot is given the conversation before the customer has written",
}
"""Every act with what it does, as it is listed for who asks."""

LONGEST_JUMP: Final = 3_650 * 86_400_000
LAST_YEAR: Final = 2999
"""From here five hundred of the longest jumps still end on a day that a calendar has."""

_SHOWN = re.compile(r"\[(\w+)(?:\s+([^\]]*))?\]\s*(.*)", re.DOTALL)
_TIME = re.compile(r"(?:(\S+)\s+)?(\d{1,2}):(\d{2})")
_STAGE = re.compile(r"[^\W\d][\w-]{0,63}")
_CHANNEL = re.compile(r"[a-z]\w{0,31}")
_DAYS: Final = (
    ("monday", "mon", "понедельник", "пн"), ("tuesday", "tue", "вторник", "вт"), ("wednesday", "wed", "среда", "ср"),
    ("thursday", "thu", "четверг", "чт"), ("friday", "fri", "пятница", "пт"), ("saturday", "sat", "суббота", "сб"),
    ("sunday", "sun", "воскресенье", "вс"),
)  # fmt: skip
_TOMORROW: Final = ("tomorrow", "завтра")


class BadAct(Exception):
    """A line that means nothing; the text says what would."""


@dataclass(frozen=True, slots=True)
class Act:
    kind: ActKind
    about: str = ""
    """The words of a message, the channel, the toggle's position, when."""
    length: int = 0
    """Of `wait`: milliseconds."""


def read_act(line: str) -> Act:
    """What a line is: an act where it begins with `/`, else a message. `//` begins a message that begins with `/`."""
    if not line.startswith("/") or line.startswith("//"):
        said = line.replace("\r\n", "\n").replace("\r", "\n") if "\r" in line else line
        return Act("message", said[1:] if said.startswith("//") else said)
    text = line.strip()
    if text.startswith("/+"):
        length = jump(text)
        if length is None:
            raise BadAct("a jump is written like /+30m, /+10h or /+2d")
        if length > LONGEST_JUMP:
            raise BadAct("a jump is ten years at most")
        return Act("wait", length=length)
    word, _, about = text[1:].partition(" ")
    about = about.strip()
    match word:
        case "now" | "start" | "fail" | "burst" if not about or word == "now":
            return Act(word, about)
        case "hours" | "window" if about in get_args(Toggle):
            return Act(word, about)
        case "hours" | "window":
            raise BadAct(f"/{word} is followed by open, closed or auto")
        case "channel" if _CHANNEL.fullmatch(about):
            return Act("channel", about)
        case "channel":
            raise BadAct("/channel is followed by a channel: telegram, whatsapp, sms or web")
        case "stage" if _STAGE.fullmatch(about):
            return Act("stage", about)
        case "stage":
            raise BadAct("/stage is followed by a stage, as the playbook names it")
        case "until" if until(about, 1, "UTC") is not None:
            return Act("until", about)
        case "until":
            raise BadAct("/until is followed by a time: 9:00, monday 9:00, tomorrow 9:00 or 2025-01-20 9:00")
        case _:
            known = [one.split()[0] for one in HELP]
            advice = did_you_mean(f"/{word}", known)
            end = "" if advice.endswith("?") else "."
            raise BadAct(
                f"there is no '{shown('/' + word)}'. {advice}{end} A message that begins with / is written with //"
            )


def jump(line: str) -> int | None:
    """The milliseconds of a `/+10h`; None where the line is no jump."""
    return milliseconds(line[2:]) if line.startswith("/+") else None


def until(said: str, now: Instant, zone: str) -> Instant | None:
    """The next time that the clock shows this; for a day with its date that day's, even if it is over. None: no time."""
    found = _TIME.fullmatch(said.strip().lower())
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        return None
    day, minute, place = found[1], int(found[2]) * 60 + int(found[3]), zone_of(zone)
    today = local_day(now, place).toordinal()
    if day is None:
        ordinals = [today, today + 1]
    elif day in _TOMORROW:
        ordinals = [today + 1]
    elif (weekday := next((n for n, names in enumerate(_DAYS) if day in names), None)) is not None:
        ahead = (weekday - (today - 1)) % 7
        ordinals = [today + ahead, today + ahead + 7]
    else:
        try:
            named = date.fromisoformat(day)
        except ValueError:
            return None
        return at_clock(named.toordinal(), minute, place) if 1970 <= named.year <= LAST_YEAR else None
    moments = [at_clock(ordinal, minute, place) for ordinal in ordinals]
    return next((at for at in moments if at > now), moments[-1])


def spoken(line: str) -> MessageReceived:
    """What a typed line is: a text, or `[photo sts.jpg] caption`, `[voice]`, `[button key]`, `[phone +7…]`, `[location 55, 37]`."""
    shown_ = _SHOWN.fullmatch(line.strip())
    if shown_ is None:
        return MessageReceived(text=line)
    kind, about, caption = shown_[1], shown_[2] or "", shown_[3]
    if kind in get_args(MediaKind):
        name = about or kind
        return MessageReceived(text=caption, media=(Media(cast("MediaKind", kind), f"{kind}:{name}", name),))
    match kind:
        case "button":
            return MessageReceived(choice=about)
        case "phone":
            return MessageReceived(phone=about)
        case "location":
            parts = about.split(",")
            try:
                return MessageReceived(location=(float(parts[0]), float(parts[1])))
            except (ValueError, IndexError):
                return MessageReceived(text=line)
        case _:
            return MessageReceived(text=line)
