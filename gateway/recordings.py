"""A run as it really went, made of the rows that it left: what the customer did, what the bot said, and what was known when it began.

What no row keeps (a name that the customer was given in between) is not guessed: such a talk does not come out as it did, and is told apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from bots.kit.events import Media, MessageReceived
from bots.kit.recording import Crossed, Edited, Happening, Heard, Moved, Recording, Told
from bots.kit.script import Script, Step, TagAction
from gateway.clock import Instant
from gateway.house import House
from gateway.wording import WORDINGS
from state.records import Entry
from state.talks import MOST_LINES, Held

Scene = Happening | Told

UNPLAYABLE: Final[Mapping[str, str]] = {
    "differs": "does not come out as it did on its own version: something that is not in the timeline was at work",
    "no_script": "the version that it was held on is not kept, or is no script any more",
    "no_beginning": "its beginning is not in the timeline",
    "too_long": "it is too long",
    "masked": "with what is about the customer masked it does not go as it went",
}


class Unplayable(Exception):
    """A talk that cannot be played; `reason` is a machine word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def record(talk: Held, house: House, scripts: Iterable[Script], now: Instant) -> Recording:
    """The run as it can be played. `scripts` are those that it will be played on."""
    run = talk.run
    begins = next((place for place, entry in enumerate(talk.lines) if _begins(entry, talk)), None)
    if begins is None:
        raise Unplayable("no_beginning")
    if len(talk.lines) > MOST_LINES:
        raise Unplayable("too_long")
    opening = _heard(talk.lines[begins - 1]) if begins else None
    if opening is not None and opening.at != run.started_at:
        opening = None
    edits = _edits_since(talk, talk.lines[begins])
    scenes = _ended(list(_scenes(talk.lines[begins + 1 :])))
    given_away = any(entry.data.get("reason") == "script_changed" for entry in talk.lines if entry.kind == "bot")
    spoken = [entry.channel for entry in talk.lines if entry.channel]
    return Recording(
        deal=talk.deal.id, run=run.id, began=run.started_at, until=(now if run.ended_at is None else run.ended_at) + 1,
        stopped=run.status == "stopped" or given_away, opening=opening, scenes=scenes, channel=spoken[0] if spoken else "", name=talk.name,
        stage=_stage(talk, house, talk.lines[begins]), tags=_tags(talk, scripts, edits), fields=_fields(talk, edits),
    )  # fmt: skip


def _begins(entry: Entry, talk: Held) -> bool:
    data = entry.data
    return entry.kind == "bot" and data.get("event") == "started" and data.get("bot") == talk.run.bot and (
        entry.at == talk.run.started_at
    )  # fmt: skip


def _ended(scenes: list[Scene]) -> list[Scene]:
    """Without what was said when a publisher had the run given to a person: nobody in the talk has brought that about."""
    last = scenes[-1] if scenes else None
    if not (isinstance(last, Told) and last.speaker == "handed off" and last.text.startswith("script_changed\n")):
        return scenes
    return [one for one in scenes if not (isinstance(one, Told) and one.at == last.at)]


def _scenes(lines: Iterable[Entry]) -> Iterator[Scene]:
    handed_off = ""
    for entry in lines:
        event, reason = str(entry.data.get("event", "")), str(entry.data.get("reason", ""))
        match entry.kind, entry.author:
            case "message", "customer" if "form" in entry.data:
                yield Edited(entry.at, entry.data.get("kept", entry.data.get("fields") or {}), missing=True)
            case "system", "manager" if event == "changed" and ("fields" in entry.data or "tags" in entry.data):
                tags = entry.data.get("tags")
                yield Edited(entry.at, entry.data.get("fields") or {}, None if tags is None else tuple(tags))
            case "message", "customer":
                if (heard := _heard(entry)) is not None:
                    yield heard
            case "message", "bot":
                menu = [f"{place}. {label}" for place, (_, label) in enumerate(entry.data.get("choices", ()), start=1)]
                yield Told(entry.at, "bot", "\n".join([entry.text, *menu]))
            case "stage", "bot":
                yield Told(entry.at, "stage", str(entry.data.get("to", "")))
            case "stage", _:
                yield Moved(entry.at, str(entry.data.get("to", "")))
            case "task", "bot":
                speaker, text = ("handed off", f"{handed_off}\n{entry.text}") if handed_off else ("task", entry.text)
                handed_off = ""
                yield Told(entry.at, speaker, text)
            case "note", "bot":
                yield Told(entry.at, "note", entry.text)
            case "bot", _ if event == "handed_off":
                handed_off = reason
            case "bot", _ if event == "moved":
                yield Crossed(entry.at, str(entry.data.get("to", "")))
            case "bot", _ if event in ("finished", "timed_out"):
                yield Told(entry.at, "ended", f"{event}, {reason}")
            case "bot", _ if event in ("stopped", "started"):
                return  # the end of this one, or another's beginning
            case "system", "bot" if event == "closed":
                yield Told(entry.at, "closed", reason)
            case _:
                pass


def _heard(entry: Entry) -> Heard | None:
    """A customer's message as the bot heard it; None where the line is none (a form, a call)."""
    data = entry.data
    if entry.kind != "message" or entry.author != "customer" or "form" in data:
        return None
    choice, phone, place = str(data.get("button", "")), str(data.get("phone", "")), data.get("location")
    shown = {data.get("subject", "")} if entry.media else set()
    for words in WORDINGS.values():  # whichever the shop's people read when it was written
        shown |= {words.line("phone_shared", phone=phone)} if phone else set()
        shown |= {words.line("location")} if place else set()
    media = tuple(
        Media(one["kind"], f"/api/v1/entries/{entry.id}/media/{n}", one["name"], one["mime"], one["size"])
        for n, one in enumerate(entry.media)
    )
    text = "" if choice or entry.text in shown else entry.text
    location = (float(place[0]), float(place[1])) if isinstance(place, list) else None
    return Heard(entry.at, MessageReceived(text, choice, media, phone, location), entry.channel)


def _fields(talk: Held, edits: Sequence[Entry]) -> Mapping[str, object]:
    """What the deal knew when the run began: what it knows now, without what this run and those after it found out."""
    fields = dict(talk.deal.fields)
    for run in [talk.run, *talk.others]:
        for name in run.state.get("answers") or {}:
            fields.pop(name, None)
    for run in talk.others:
        if run.id < talk.run.id:
            fields |= run.state.get("answers") or {}
    own = talk.run.state.get("answers") or {}
    known = {name for run in talk.others if run.id < talk.run.id for name in run.state.get("answers") or {}}
    for entry in edits:
        for name in entry.data.get("fields") or {}:
            if "form" not in entry.data or name not in known:  # a form sets only what was not there
                fields.pop(name, None)
        were = entry.data.get("fields_were") or {}
        fields |= {name: was for name, was in were.items() if was != own.get(name)}
    return fields


def _edits_since(talk: Held, begins: Entry) -> list[Entry]:
    """What was changed by hand or by a form since the run began, the newest first."""
    return [entry for entry in reversed(talk.edits) if (entry.at, entry.id) > (begins.at, begins.id)]


def _tags(talk: Held, scripts: Iterable[Script], edits: Sequence[Entry]) -> tuple[str, ...]:
    """The deal's tags without those that the scripts themselves would give."""
    own = {action.tag for script in scripts for step in script.steps.values() for action in _tagging(step)}
    tags = list(talk.deal.tags)
    for entry in edits:
        tags = entry.data.get("tags_were", tags)
    return tuple(tag for tag in tags if tag not in own)


def _tagging(step: Step) -> list[TagAction]:
    return [action for action in step.actions if isinstance(action, TagAction)]


def _stage(talk: Held, house: House, begins: Entry) -> str:
    """Where the deal was moved last before the run, else where its inquiries enter."""
    before = [entry for entry in talk.moves if (entry.at, entry.id) < (begins.at, begins.id)]
    if before:
        return str(before[-1].data.get("to", ""))
    if not talk.moves and talk.deal.closed_at is None:
        return talk.deal.stage
    kind, _, name = talk.deal.source.partition(":")
    names = (name, "form") if kind == "form" else (f"link_{name}", kind) if name else (kind,)
    path = house.funnel(talk.deal.funnel)
    stage = path.stage(house.entrance(*names).stage)
    return (stage or path.stages[0]).name
