"""Random scripts made from the whole grammar, random lives to lead them through, and the rules that they keep to; the same seed gives the same."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bots.kit.compiler import read_script
from bots.kit.effects import CallWeb, CancelTimer, Effect, EndRun, HandOff, Say, SetTimer, StartScript
from bots.kit.events import Event, Media, MediaKind, MessageReceived, RunStarted, TimerFired, WebAnswered
from bots.kit.hours import Hours
from bots.kit.run import CLOCKS, Facts, RunState
from bots.kit.script import Script, Stop

OFFICE = Hours("Europe/Berlin", (((600, 780), (840, 1140)),) * 5 + (((1260, 1560),), ()))
FIELDS = ("f", "g", "day", "sum")
LENGTHS = ("5s", "90s", "30m", "3h", "1d", "1d 12h", "30d")
WORDS = (
    "1", "2", "3", "икс", "игрек", "да", "нет", "менеджер", "позовите человека", "привет", "завтра", "15.12", "30.02", "через неделю",
    "8 912 345-67-89", "XTA210990Y1234567", "anna@example.com", "55.751244, 37.618423", "4 шт.", "срочно", "АБ-123", "", " ", "?!", "ё" * 300,
    "{name}", "\ud800", "\x00", "не икс", "2️⃣", "1 500,5", "а б в г д е ж з и к л м н о п",
)  # fmt: skip
ANSWERS = {
    "text": "", "number": ", min: 1, max: 9", "phone": "", "email": "", "vin": "", "location": "", "photo": "", "document": "",
    "date": ", past: yes", "words": ", list: [срочно, сегодня же]", "pattern": ", match: '[а-я]{2}-\\d{3}'",
}  # fmt: skip
KINDS: tuple[MediaKind, ...] = ("photo", "document", "voice", "audio", "video", "sticker")


# -- scripts -----------------------------------------------------------------------------------------------------------


def script_text(rng: Random) -> str:
    """A script of random steps. Most are good; the rest the compiler refuses."""
    names = [f"s{place}" for place in range(rng.randint(2, 9))]
    lines = [
        "script: R",
        "languages: [ru, uk]",
        "fields: {f: F, g: G, day: D, sum: S}",
        f"gather: {rng.choice(['0s', '2s'])}",
    ]
    if rng.random() < 0.3:
        lines.append(f"{rng.choice(['person', 'silence', 'not_understood'])}: {rng.choice(names)}")
    lines.append("steps:")
    for place, name in enumerate(names):
        lines.append(f"  {name}:")
        lines.extend(f"    {line}" for line in _step(rng, names, names[place + 1 :] or names))
    return "\n".join(lines) + "\n"


def _step(rng: Random, names: list[str], later: list[str]) -> Iterator[str]:
    if rng.random() < 0.4:
        yield f"say: {rng.choice(['Текст {f or нет} {name|first|proper or вы}', 'Просто текст', '{f}', '{sum|price} к {day|date}'])!r}"
        if rng.random() < 0.3:
            yield f"template: {{name: t, values: ['{{f or ?}}'], else: {rng.choice(['task', 'skip'])}}}"
    elif rng.random() < 0.2:
        yield "say: {ru: {default: Да, sms: Д}, uk: Так}"
    if rng.random() < 0.2:
        yield f"set: {{{rng.choice(FIELDS)}: '{rng.choice(['', 'было {f or нет}', '2025-12-15', '77']) or 'x'}'}}"
    for line in (
        "tag: [a, b]",
        "move: work",
        "note: 'Заметка {g or нет}'",
        "task: {kind: call, text: Позвонить, due: 2h, working: yes, show: [f]}",
        "task: {text: Позвонить, due: 2h working, calendar: gone}",
    ):
        if rng.random() < 0.15:
            yield line
    to = lambda: rng.choice(names if rng.random() < 0.5 else later)  # noqa: E731 - shorter than a function of two lists
    kind = rng.choice(["ask"] * 4 + ["check", "wait", "wait", "split", "call", "then", "hand_off", "end", "run"])
    match kind:
        case "ask":
            yield from _ask(rng, to)
        case "check":
            cases = [f"{{{_condition(rng)}, then: {to()}}}" for _ in range(rng.randint(1, 3))]
            yield f"check: [{', '.join(cases)}]"
            yield f"else: {to()}"
        case "wait":
            yield f"wait: {_wait(rng)}"
            yield f"then: {to()}"
            if rng.random() < 0.6:
                yield f"message: {to()}"
            if rng.random() < 0.4:
                yield "save: f"
        case "split":
            one, other = rng.sample(names, 2) if len(set(names)) > 1 else (names[0], names[0])
            share = rng.randint(0, 100)
            yield f"split: {{{one}: {share}, {other}: {100 - share}}}"
        case "call":
            yield f"call: {{endpoint: e, send: [f, g], keep: {{a: f, b: sum}}, patience: {rng.choice(LENGTHS)}}}"
            yield f"then: {to()}"
            if rng.random() < 0.5:
                yield f"failed: {to()}"
        case "then":
            yield f"then: {to()}"
        case "hand_off":
            yield "hand_off: {task: 'Ответить {name or клиенту}', show: [f, sum]}"
        case "run":
            yield "run: other"
        case _:
            yield "end: done"


def _ask(rng: Random, to: Any) -> Iterator[str]:
    yield f"ask: {rng.choice(['Вопрос', 'Вопрос про {f or что-то}?'])!r}"
    yield f"tries: {rng.randint(0, 2)}"
    yield f"patience: {rng.choice(LENGTHS[2:])}"
    if rng.random() < 0.4:
        yield "remind: [{after: 5s, say: Ау}, {after: 10m, say: '{f}', template: t}]"
    if rng.random() < 0.5:
        yield f"choices: {{x: {{label: {{ru: Икс, uk: Ікс}}, words: [первый вариант], then: {to()}}}, yes: {{label: Игрек, then: {to()}}}}}"
        if rng.random() < 0.5:
            yield "save: g"
    kinds = rng.sample(sorted(ANSWERS), rng.randint(1, 4))
    yield (
        "answer: {"
        + ", ".join(f"{kind}: {{save: {rng.choice(FIELDS)}, then: {to()}{ANSWERS[kind]}}}" for kind in kinds)
        + "}"
    )
    for exit_ in ("silence", "person", "not_understood", "media"):
        if rng.random() < 0.25:
            yield f"{exit_}: {to()}"


def _condition(rng: Random) -> str:
    return rng.choice([
        "f: икс", "f: [да, нет]", "sum: {over: 5}", "sum: {under: 5, over: 1}", "g: empty", "day: not empty", "tags: {has: a}", "hours: open",
        "window: closed", "channel: {is not: sms}", "name: {has: анна}", "stage: work", "language: uk", "f: {has not: срочно}",
    ])  # fmt: skip


def _wait(rng: Random) -> str:
    return rng.choice([
        rng.choice(LENGTHS), "{for: 2h, working: yes}", "{until: 10:00}", "{until: 10:00, working: yes}", "{until: day}", "{until: open}", "{for: 3h, until: open}",
        "{until: day, at: 9:00, before: 1d, working: yes}", "3h working",
        "{until: day, calendar: gone}",
    ])  # fmt: skip


def scripts(rng: Random) -> Iterator[Script]:
    """Good ones without end."""
    while True:
        script, _ = read_script(script_text(rng), "random")
        if script is not None:
            yield script


# -- lives -------------------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """What happens to one run: now a message, now time that passes, now a timer, due or not."""

    rng: Random
    now: int = 1_700_000_000_000
    fields: dict[str, object] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    seed: int = 0

    def facts(self) -> Facts:
        rng = self.rng
        return Facts(
            self.now, rng.choice(["", "анна ПЕТРОВА", "{name} <b>"]), rng.choice(["chat", "sms", "whatsapp"]),
            rng.choice(["UTC", "Europe/Moscow", "nowhere"]), dict(self.fields), tuple(self.tags), rng.choice(["", "work"]),
            rng.choice(["", "ru", "uk", "en"]), "RUB", rng.choice([None, OFFICE]), rng.choice([None, self.now + 1, self.now - 1]), self.seed,
        )  # fmt: skip

    def event(self, run: RunState) -> Event:
        """The next thing that happens; time passes before it."""
        rng = self.rng
        dice = rng.random()
        if dice < 0.35 and run.timers:
            name = min(run.timers, key=lambda one: (run.timers[one], one))
            self.now = max(self.now, run.timers[name])
            return TimerFired(name)
        self.now += rng.choice([0, 1, 500, 2_000, 60_000, 3_600_000, 36_000_000, -5_000])
        if dice < 0.45:
            return TimerFired(
                rng.choice(["settle", "patience", "wait", "call", "remind:1", "remind:2", "remind:x", "", *run.timers])
            )
        if dice < 0.5:
            return RunStarted()
        if dice < 0.6:
            value = rng.choice(["текст", 7, True, float("nan"), float("inf"), 2**70, None, [1], {"a": 1}])
            return WebAnswered(
                run.turn if rng.random() < 0.7 else rng.randint(0, 9),
                ok=rng.random() < 0.6,
                fields={"a": value, "b": 5},
            )
        return self.message()

    def message(self) -> MessageReceived:
        rng = self.rng
        text = rng.choice(WORDS)
        if rng.random() < 0.15:
            text = " ".join(rng.choice(WORDS) for _ in range(3))
        media = (
            tuple(Media(rng.choice(KINDS), f"m{rng.randint(0, 5)}") for _ in range(rng.randint(1, 3)))
            if rng.random() < 0.15
            else ()
        )
        place = rng.choice([(55.0, 37.0), (float("nan"), 1.0)]) if rng.random() < 0.05 else None
        return MessageReceived(
            text, rng.choice(["", "", "", "x", "yes", "nope"]), media, rng.choice(["", "", "", "+79123456789"]), place
        )


# -- rules that hold for all of them -----------------------------------------------------------------------------------


def saved(run: RunState) -> RunState:
    return RunState.from_json(json.loads(json.dumps(run.to_json())))


def waits(script: Script, run: RunState) -> bool:
    """Before its first word a run waits to be started; after it, at a stop with a clock."""
    here = script.steps[run.step].finish
    return run.turn == 0 or (isinstance(here, Stop) and any(name in run.timers for name in CLOCKS))


def clocks(known: dict[str, int], effects: tuple[Effect, ...], run: RunState, event: Event) -> None:
    """What the shell was told to set is what the run believes to be set (a timer that has fired is gone by itself)."""
    if isinstance(event, TimerFired):
        known.pop(event.name, None)
    for effect in effects:
        if isinstance(effect, SetTimer):
            known[effect.name] = effect.at
        elif isinstance(effect, CancelTimer):
            known.pop(effect.name, None)
    assert known == run.timers


def endings(before: RunState, run: RunState, effects: tuple[Effect, ...]) -> None:
    ends = [place for place, effect in enumerate(effects) if isinstance(effect, (HandOff, EndRun))]
    assert len(ends) == (1 if before.status == "running" != run.status else 0)
    if ends:
        assert not any(isinstance(effect, (Say, SetTimer, CallWeb)) for effect in effects[ends[0] :]), (
            "nothing after the end"
        )
    started = [place for place, effect in enumerate(effects) if isinstance(effect, StartScript)]
    assert all(place > ends[0] for place in started), "another script begins when this one has ended"
    assert all(effect.text.strip() for effect in effects if isinstance(effect, Say)), "nothing empty is said"
