"""Talks: dialogues in plain text that a marketer can read and a test can run, in virtual time.

    # What it shows
    script: qualifier
    name: иван

    customer: здравствуйте
    bot: Здравствуйте, Иван!…
    /+10h
    ended: timed_out, silence
    closed: silence

Messages that follow each other come a second apart; then the burst settles. A text that ends in `…` may go on. The other
lines of a message are indented. `/now 2025-01-15 11:00:00` checks the clock.
"""

from dataclasses import dataclass, field
from typing import get_args

from bots.kit.conversation import Conversation, Line, Speaker, jump, spoken
from bots.kit.problems import Problem, did_you_mean, has_errors, shown
from bots.kit.script import Script

_BETWEEN_MESSAGES = 1_000
_HEADER = ("script", "name")
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


def read_talk(text: str) -> tuple[Talk | None, list[Problem]]:
    """The talk of a file, or everything that cannot be read in it."""
    entries: list[Entry] = []
    header: dict[str, str] = {}
    kept: list[str] = []
    problems: list[Problem] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = raw.rstrip()
        word, colon, rest = line.partition(":")
        if line[:1].isspace() and line.strip() and entries and entries[-1].speaker not in "/#":
            last = entries.pop()
            entries.append(Entry(last.speaker, f"{last.text}\n{line.removeprefix('  ')}", last.line))
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
    return Talk(header["script"], header.get("name", ""), tuple(entries), tuple(kept)), problems


def check(talk: Talk, script: Script) -> list[str]:
    """Where the script says something else than the talk, as `line N: …`. Empty: the talk holds."""
    wrong: list[str] = []
    waiting: list[Line] = []

    def nothing_left(number: int) -> None:
        wrong.extend(f"line {number}: before it, not in the talk: {line}" for line in waiting)
        waiting.clear()

    conversation = Conversation(script, name=talk.name)
    scenes = [entry for entry in talk.entries if entry.speaker != "#"]
    for place, entry in enumerate(scenes):
        if entry.speaker in ("customer", "/"):
            nothing_left(entry.line)
            followed = place + 1 < len(scenes) and scenes[place + 1].speaker == "customer"
            waiting += _play(conversation, entry, wrong, burst=followed)
            continue
        if place == 0:
            waiting += conversation.start()
        if not waiting:
            wrong.append(f"line {entry.line}: nothing was said where the talk has {entry.speaker}: {shown(entry.text)}")
        elif not _fits(said := waiting.pop(0), entry):
            wrong.append(f"line {entry.line}: expected {entry.speaker}: {entry.text}\n  but got {said}")
    nothing_left(scenes[-1].line + 1 if scenes else 1)
    return wrong


def retell(talk: Talk, script: Script) -> str:
    """The talk with its other side written anew: how a talk is brought up to date after a script was changed."""
    conversation = Conversation(script, name=talk.name)
    scenes = [entry for entry in talk.entries if entry.speaker in ("customer", "/", "#")]
    lines = list(talk.header)
    for place, entry in enumerate(scenes):
        lines.append(entry.text if entry.speaker in "/#" else str(Line("customer", entry.text)))
        if entry.speaker != "#":
            followed = place + 1 < len(scenes) and scenes[place + 1].speaker == "customer"
            lines += [str(line) for line in _play(conversation, entry, [], burst=followed)]
    return "\n".join(lines).rstrip() + "\n"


def _play(conversation: Conversation, entry: Entry, wrong: list[str], *, burst: bool) -> list[Line]:
    """What the customer's line or the clock's brings about. After the last message of a burst, it settles."""
    if entry.speaker == "/":
        length = jump(entry.text)
        if length is not None:
            return conversation.wait(length)
        if entry.text.removeprefix("/now").strip() != conversation.clock():
            wrong.append(f"line {entry.line}: the clock shows {conversation.clock()}, not {shown(entry.text)}")
        return []
    said = conversation.hear(spoken(entry.text))
    return [*said, *(conversation.wait(_BETWEEN_MESSAGES) if burst else conversation.settle())]


def _fits(said: Line, entry: Entry) -> bool:
    if said.speaker != entry.speaker:
        return False
    expected, whole = entry.text.strip(), said.text.strip()
    return whole.startswith(expected[:-1].rstrip()) if expected.endswith("…") else whole == expected
