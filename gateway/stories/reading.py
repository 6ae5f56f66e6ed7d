"""A story's text → steps that can be played, and everything in it that means nothing, with line and remedy."""

import re
from typing import Final, cast

from bots.kit.acts import until
from bots.kit.problems import Problem, did_you_mean, has_errors, shown
from gateway.channels.paper import ACCOUNTS
from gateway.stories.acts import ACTS, read_wait
from gateway.stories.managers import read_manager
from gateway.stories.scene import Do, Step, Story
from gateway.stories.sights import read_bot, read_sight
from gateway.stories.words import BadLine, Words
from state.people import ROLES

_HEAD: Final = ("playbook", "covers", "people", "channels")
_PAIR: Final = re.compile(rf"\s{{2,}}(?=(?:{'|'.join(_HEAD)}):)")
_FIRST_WORDS: Final = ("at", *ACTS, "manager", "see", "bot:")
MOST_BYTES: Final = 200_000


def read_story(text: str) -> tuple[Story | None, list[Problem]]:
    """The story of a file; none where something in it cannot be read."""
    title, head = "", dict[str, str]()
    steps, problems = list[Step](), list[Problem]()
    for number, line in _lines(text):
        try:
            if line.startswith("#"):
                title = title or line.lstrip("# ").strip()
            elif not steps and (told := _head(line)):
                head |= told
            else:
                steps.append(_step(number, line, first=not steps))
        except BadLine as bad:
            problems.append(Problem(number, 1, "error", bad.what, bad.remedy, "story"))
            steps.append(_step(number, "see open", first=False))  # what stands below is read as if this were right
    if not steps:
        problems.append(
            Problem(1, 1, "error", "nothing happens in the story", "Begin with at 2026-03-02 12:00", "story")
        )
    try:
        story = _story(title, head, steps)
    except BadLine as bad:
        problems.append(Problem(1, 1, "error", bad.what, bad.remedy, "story"))
        story = None
    return (None if has_errors(problems) else story), problems


def _lines(text: str) -> list[tuple[int, str]]:
    """Each line with what is indented below it."""
    found: list[tuple[int, str]] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.rstrip()
        if line[:1].isspace() and found and not found[-1][1].startswith("#"):
            found[-1] = found[-1][0], f"{found[-1][1]}\n{line.strip()}"
        elif line.strip():
            found.append((number, line.strip()))
    return found


def _head(line: str) -> dict[str, str]:
    """`playbook: x        covers: y`, on one line or several."""
    pairs = [one.partition(":") for one in _PAIR.split(line)]
    return {name: value.strip() for name, _, value in pairs} if pairs[0][0] in _HEAD and pairs[0][1] else {}


def _story(title: str, head: dict[str, str], steps: list[Step]) -> Story:
    people = []
    for one in _listed(head.get("people", "")):
        name, _, role = one.rpartition(" ")
        name, role = (name, role) if name and role in ROLES else (one, "manager")
        people.append((name.strip().strip('"'), role))
    channels = tuple(_listed(head.get("channels", ""))) or tuple(ACCOUNTS)
    for channel in channels:
        if channel not in ACCOUNTS:
            raise BadLine(f"there is no channel '{shown(channel)}'", did_you_mean(channel, ACCOUNTS))
    return Story(
        title, head.get("playbook", ""), tuple(_listed(head.get("covers", ""))), people, channels, tuple(steps)
    )


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _step(number: int, line: str, *, first: bool) -> Step:
    word = line.split(maxsplit=1)[0]
    if word == "at" or first:
        if word != "at":
            raise BadLine("it is not said when the story begins", "Begin with at 2026-03-02 12:00")
        return Step(number, line, _at(line.partition(" ")[2].strip()), "act")
    if line.startswith("+"):
        return Step(number, line, _wait(line), "act")
    if word == "bot:":
        return Step(number, line, read_bot(line), "sight")
    if word == "see":
        return Step(number, line, read_sight(line), "refusal" if line.split()[1:2] == ["refused"] else "sight")
    if word == "manager":
        return Step(number, line, read_manager(line), "act")
    read = ACTS.get(word)
    if read is None:
        raise BadLine(f"'{shown(line)}' is nothing that happens or is seen", did_you_mean(word, _FIRST_WORDS))
    return Step(number, line, read(line), "act")


def _wait(line: str) -> Do:
    words = Words(line)
    do = read_wait(words)
    words.end()
    return do


def _at(said: str) -> Do:
    """The first line sets the clock; further ones let time pass."""
    if until(said, 1, "UTC") is None or not said[:4].isdecimal():
        raise BadLine(f"'{shown(said)}' is no date and time", "Write at 2026-03-02 12:00")
    return ACTS["until"](f"until {said}")


def begins(story: Story, zone: str) -> int:
    """When the clock stands at the beginning."""
    said = story.steps[0].said.partition(" ")[2].strip()
    return cast("int", until(said, 1, zone))
