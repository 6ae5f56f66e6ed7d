"""Talks: dialogues in plain text that a marketer can read and a test can run, in virtual time.

    # What it shows
    script: qualifier
    name: иван
    channel: whatsapp
    stage: paying
    tags: оптовик, срочно
    fields: order=48213, total=1234500

    customer: здравствуйте
    bot: Здравствуйте, Иван!…
    /+10h
    ended: timed_out, silence
    closed: silence

Messages that follow each other come a second apart; then the burst settles. A text that ends in `…` may go on. The other
lines of a message are indented, its empty ones may be. `/now 2025-01-15 11:00:00` checks the clock; the other lines that begin with `/` are acts
(bots/kit/acts.py): the shop shuts, a message does not arrive. With `rules: yes` in the head the whole shop answers: its playbook says which
bot begins, and `script` only whose talk it is. Of the head only the script must be named; on WhatsApp
the window is shut a day after the customer's last message, and a talk that the bot begins has not been written in yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from bots.kit.acts import BadAct, read_act, spoken
from bots.kit.business import Playbook
from bots.kit.conversation import BETWEEN_MESSAGES, WINDOWS, Conversation
from bots.kit.inquiry import Inquiry
from bots.kit.lines import Line, Speaker
from bots.kit.problems import Problem, did_you_mean, has_errors, shown
from bots.kit.script import Script

_HEADER = ("script", "rules", "name", "channel", "language", "stage", "tags", "fields")
_SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a talk with what is indented under it. `speaker` is `/` for the clock, `#` for what is only read."""

    speaker: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Talk:
    script: str
    name: str
    entries: tuple[Entry, ...]
    header: tuple[str, ...] = field(default=())
    given: Mapping[str, str] = field(default_factory=dict)
    """What the head says of the customer and the deal."""


class Departure(NamedTuple):
    """A line of a talk at which the script goes another way."""

    line: int
    what: str


def read_talk(text: str) -> tuple[Talk | None, list[Problem]]:
    """The talk of a file, or everything that cannot be read in it."""
    entries: list[Entry] = []
    header: dict[str, str] = {}
    kept: list[str] = []
    problems: list[Problem] = []
    for number, raw in enumerate(_lines(text.removeprefix("\ufeff")), start=1):
        line = raw.rstrip()
        word, colon, rest = line.partition(":")
        if line[:1].isspace() and line.strip() and (said := _open_entry(entries)) is not None:
            gap = "\n" * (len(entries) - said)
            last = entries[said]
            entries[said:] = [Entry(last.speaker, f"{last.text}{gap}{line.removeprefix('  ')}", last.line)]
        elif not line or line.startswith("#"):
            (entries.append(Entry("#", line, number)) if header and "script" in header else kept.append(line))
        elif line.startswith("/"):
            entries.append(Entry("/", line, number))
        elif colon and word in _HEADER and not any(entry.speaker != "#" for entry in entries):
            header[word] = rest.strip()
            kept.append(line)
        elif colon and word in _SPEAKERS:
            entries.append(Entry(word, rest.strip(), number))
        else:
            what = f"'{shown(line)}' is nobody's line"
            problems.append(Problem(number, 1, "error", what, did_you_mean(word, (*_SPEAKERS, *_HEADER))))
    if "script" not in header:
        problems.append(Problem(1, 1, "error", "the talk does not name its script", "Begin with 'script: name'"))
    if has_errors(problems):
        return None, problems
    return Talk(header["script"], header.get("name", ""), tuple(entries), tuple(kept), header), problems


def _open_entry(entries: list[Entry]) -> int | None:
    """The place of the message that an indented line goes on with; empty lines between are its own."""
    place = len(entries) - 1
    while place >= 0 and entries[place].speaker == "#" and not entries[place].text:
        place -= 1
    return place if place >= 0 and entries[place].speaker not in "/#" else None


def opened(
    talk: Talk, script: Script, shop: Playbook | None = None, others: Mapping[str, Script] | None = None
) -> Conversation:
    """The conversation that a talk's head describes, in the shop whose playbook it is."""
    channel = talk.given.get("channel", "chat")
    given: dict[str, Any] = {
        "name": talk.name, "channel": channel, "window": WINDOWS.get(channel, 0), "others": others or {},
        "language": talk.given.get("language", ""), "stage": talk.given.get("stage", ""),
        "tags": [tag.strip() for tag in talk.given.get("tags", "").split(",") if tag.strip()],
        "fields": _fields(talk.given.get("fields", "")),
    }  # fmt: skip
    if shop is not None and talk.given.get("rules") == "yes":
        conversation: Conversation = Inquiry(script, playbook=shop, **given)
    else:
        conversation = Conversation(script, **given)
    if shop is not None:
        conversation.zone, conversation.currency, conversation.kinds = shop.zone, shop.currency, shop.kinds
        conversation.hours, conversation.calendars = shop.working(shop.home(script.name)), shop.calendars
    return conversation


def _fields(said: str) -> dict[str, object]:
    """`order=48213, city=Тверь`; whole numbers are numbers."""
    pairs = (part.partition("=") for part in said.split(",") if part.strip())
    return {
        name.strip(): int(value) if value.strip().isdecimal() and len(value) < 19 else value.strip()
        for name, _, value in pairs
    }


def check(
    talk: Talk, script: Script, shop: Playbook | None = None, others: Mapping[str, Script] | None = None
) -> list[str]:
    """Where the script says something else than the talk, as `line N: …`. Empty: the talk holds."""
    return [f"line {one.line}: {one.what}" for one in departures(talk, script, shop, others)]


def departures(
    talk: Talk, script: Script, shop: Playbook | None = None, others: Mapping[str, Script] | None = None
) -> list[Departure]:
    """Where the script says something else than the talk, in order: what comes after the first may only follow from it."""
    wrong: list[Departure] = []
    waiting: list[Line] = []

    def nothing_left(number: int) -> None:
        wrong.extend(Departure(number, f"before it, not in the talk: {line}") for line in waiting)
        waiting.clear()

    conversation = opened(talk, script, shop, others)
    scenes = [entry for entry in talk.entries if entry.speaker != "#"]
    for place, entry in enumerate(scenes):
        if entry.speaker in ("customer", "/"):
            nothing_left(entry.line)
            followed = place + 1 < len(scenes) and scenes[place + 1].speaker == "customer"
            waiting += _play(conversation, entry, wrong, burst=followed)
            continue
        if place == 0:
            waiting += _given(conversation)
        if not waiting:
            what = f"nothing was said where the talk has {entry.speaker}: {shown(entry.text)}"
            wrong.append(Departure(entry.line, what))
        elif not _fits(said := waiting.pop(0), entry):
            wrong.append(Departure(entry.line, f"expected {entry.speaker}: {entry.text}\n  but got {said}"))
    nothing_left(scenes[-1].line + 1 if scenes else 1)
    return wrong


def lines_of(conversation: Conversation, talk: Talk) -> list[Line]:
    """All that the bot says and does in a talk, held as this conversation."""
    lines: list[Line] = []
    scenes = [entry for entry in talk.entries if entry.speaker in ("customer", "/")]
    for place, entry in enumerate(scenes):
        followed = place + 1 < len(scenes) and scenes[place + 1].speaker == "customer"
        lines += _play(conversation, entry, [], burst=followed)
    return lines


def retell(talk: Talk, script: Script, shop: Playbook | None = None, others: Mapping[str, Script] | None = None) -> str:
    """The talk with its other side written anew: how a talk is brought up to date after a script was changed."""
    conversation = opened(talk, script, shop, others)
    scenes = [entry for entry in talk.entries if entry.speaker in ("customer", "/", "#")]
    lines = list(talk.header)
    first = next((entry for entry in talk.entries if entry.speaker != "#"), None)
    begun = first is None or first.speaker in ("customer", "/")
    for place, entry in enumerate(scenes):
        if not begun and entry.speaker != "#":
            lines += [written(line) for line in _given(conversation)]
            begun = True
        lines.append(entry.text if entry.speaker in "/#" else written(Line("customer", entry.text)))
        if entry.speaker != "#":
            followed = place + 1 < len(scenes) and scenes[place + 1].speaker == "customer"
            lines += [written(line) for line in _play(conversation, entry, [], burst=followed)]
    if not begun:
        lines += [written(line) for line in _given(conversation)]
    return "\n".join(lines).rstrip() + "\n"


def _given(conversation: Conversation) -> list[Line]:
    """A talk that does not begin with the customer: the bot is given the conversation, or what its stage begins comes due."""
    return (
        conversation.wait(0) if isinstance(conversation, Inquiry) and conversation.deal_open else conversation.start()
    )


def written(line: Line) -> str:
    """As it stands in a talk's file: nothing but the line's end at the end of a line."""
    return "\n".join(part.rstrip() for part in str(line).split("\n"))


def _play(conversation: Conversation, entry: Entry, wrong: list[Departure], *, burst: bool) -> list[Line]:
    """What the customer's line or the clock's brings about. After the last message of a burst, it settles."""
    if entry.speaker != "/":
        message = spoken(entry.text)
        if conversation.burst or not burst:
            return conversation.write(message)
        return [*conversation.hear(message), *conversation.wait(BETWEEN_MESSAGES)]
    try:
        act = read_act(entry.text)
        if act.kind == "now" and act.about != conversation.clock():
            wrong.append(Departure(entry.line, f"the clock shows {conversation.clock()}, not {shown(entry.text)}"))
        return conversation.act(act)
    except BadAct as bad:
        wrong.append(Departure(entry.line, str(bad)))
        return []


def _fits(said: Line, entry: Entry) -> bool:
    if said.speaker != entry.speaker:
        return False
    expected, whole = entry.text.strip(), _ends_of_lines(said.text).strip()
    return whole.startswith(expected[:-1].rstrip()) if expected.endswith("…") else whole == expected


def _ends_of_lines(text: str) -> str:
    """Without the blanks before them, which no file keeps."""
    return "\n".join(line.rstrip() for line in _lines(text))


def _lines(text: str) -> list[str]:
    """As editors count them: what else Python takes for a line's end may stand in a customer's message."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
