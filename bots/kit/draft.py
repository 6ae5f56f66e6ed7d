"""The next state of a run in the making: what it knows, what it says, what it keeps.

Where it goes is decided in `journey`, what a message means in `hearing`.
"""

import re
from collections.abc import Mapping

from bots.kit.conditions import Test
from bots.kit.effects import (
    AddTag,
    CancelTimer,
    Choice,
    CreateTask,
    Effect,
    Say,
    SetField,
    SetTimer,
    Template,
    WriteNote,
)
from bots.kit.events import Instant, Media
from bots.kit.fields import Locale, Misfit, as_said, as_written, understand
from bots.kit.hours import local_day, zone_of
from bots.kit.languages import Language, language
from bots.kit.run import Facts, Mark, RunState, Status, Why
from bots.kit.script import FILES, Ask, Prepared, Script
from bots.kit.templates import shortened
from bots.kit.words import CURRENCY, Said, Text, as_text, capped

MOST_FILES = 20
_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")


class Draft:
    """The next `RunState` in the making. Made for one step and thrown away after it."""

    __slots__ = (
        "answers",
        "arms",
        "before",
        "effects",
        "facts",
        "first",
        "heard",
        "marks",
        "media",
        "missed",
        "opening",
        "script",
        "status",
        "step",
        "timers",
        "tries",
        "turn",
        "why",
    )

    def __init__(self, script: Script, run: RunState, facts: Facts, why: list[Why] | None = None) -> None:
        self.script = script
        self.facts = facts
        self.before = run.timers
        self.step = run.step
        self.status: Status = run.status
        self.turn = run.turn
        self.tries = run.tries
        self.opening = run.opening
        self.first = ""
        self.heard = run.heard
        self.media = run.media
        self.answers = run.answers
        self.timers = run.timers
        self.arms = run.arms
        self.marks: list[Mark] = []
        self.missed: str | None = None
        self.effects: list[Effect] = []
        self.why = why

    def result(self) -> tuple[RunState, tuple[Effect, ...]]:
        run = RunState(
            self.step,
            self.status,
            self.turn,
            self.tries,
            self.opening,
            self.heard,
            self.media,
            self.answers,
            self.timers,
            self.arms,
            tuple(self.marks),
            self.missed,
        )
        if self.timers is self.before:
            return run, tuple(self.effects)
        # Of a step that passes two questions only the last one's clock is set: one that the first had started would
        # outlive it, for nobody would cancel what was neither set before the step nor is set after it.
        return run, (
            *[CancelTimer(name) for name in self.before if name not in self.timers],
            *[
                effect
                for effect in self.effects
                if not isinstance(effect, SetTimer) or self.timers.get(effect.name) == effect.at
            ],
        )

    # -- knowing ---------------------------------------------------------------------------------------------------

    def value(self, field: str) -> object:
        """What a placeholder stands for: an answer of this run, else the deal's field."""
        if field in self.answers:
            return self.answers[field]
        if field == "name":
            return self.facts.name
        if field == "channel":
            return self.facts.channel
        if field == CURRENCY and field not in self.script.fields:
            return self.facts.currency
        return self.facts.fields.get(field)

    def subject(self, test: Test) -> object:
        """What a condition is about: a field, or something of the deal and the moment."""
        if not test.of_deal:
            return self.value(test.subject)
        facts = self.facts
        match test.subject:
            case "tags":
                own = [effect.tag for effect in self.effects if isinstance(effect, AddTag)]
                return [*facts.tags, *own]
            case "stage":
                return facts.stage
            case "language":
                return self.tongue or self.script.language.name
            case "hours":
                return facts.hours is None or facts.hours.is_open(facts.now)
            case "window":
                return not self.shut()
            case _:
                return None

    @property
    def tongue(self) -> str:
        """The language that this customer reads: as they have just told (a field called `language`), else as we know."""
        told = self.answers.get("language")
        return told if isinstance(told, str) and told in self.script.languages else self.facts.language

    @property
    def spoken(self) -> Language:
        """The language that this customer is understood in: their own, where the script speaks it and we know it."""
        name = self.tongue
        own = language(name) if name and name in self.script.languages else None
        return own or self.script.language

    def shut(self) -> bool:
        """Whether the channel takes no free text any more, because the customer wrote too long ago."""
        return self.facts.window is not None and self.facts.now > self.facts.window

    def because(self, reason: str, seen: str = "") -> None:
        if self.why is not None:
            done = sum(not isinstance(effect, (SetTimer, CancelTimer)) for effect in self.effects)
            self.why.append(Why(self.step, reason, seen, done))

    def keep(self, field: str, value: object) -> None:
        """An answer, in the form in which the deal's field takes it. One that it cannot take stays an answer of this
        run, and managers read it in a note.
        """
        declared = self.facts.kinds.get(field)
        if declared is not None:
            facts, spoken = self.facts, self.spoken
            locale = Locale(spoken.name, facts.zone, facts.currency, self.script.country)
            found = understand(declared, value, locale, local_day(facts.now, zone_of(facts.zone)))
            if isinstance(found, Misfit):
                self.answers = {**self.answers, field: value}
                self.effects.append(WriteNote(found.told(value, self.script.language)))
                return
            value = found
        self.answers = {**self.answers, field: value}
        self.effects.append(SetField(field, value))

    def keep_said(self, field: str, value: object) -> None:
        """What the customer has said; a sum of money as they call it."""
        self.keep(field, as_said(self.facts.kinds.get(field), value))

    def keep_written(self, field: str, text: str) -> None:
        """What the script says, filled in."""
        self.keep(field, as_written(self.facts.kinds.get(field), text))

    def keep_files(self, field: str, files: tuple[Media, ...]) -> None:
        """Add to the files of a field. Kept are the channel's handles."""
        had = self.value(field)
        refs = [one for one in had if isinstance(one, str)] if isinstance(had, list) else []
        fresh = [one.ref for one in files if one.ref not in refs]
        if fresh:
            self.keep(field, [*refs, *fresh][-MOST_FILES:])

    # -- speaking --------------------------------------------------------------------------------------------------

    def words(self, said: Said) -> str:
        """A text in the customer's language and for their channel, filled in."""
        text = said if isinstance(said, Text) else said.pick(self.tongue, self.facts.channel)
        return text.plain if text.plain is not None else text.fill(self.value)

    def say(self, said: Said, template: Prepared | None = None) -> None:
        words = self.words(said)
        if words:
            self.effects.append(Say(words, template=self.instead(template)))

    def ask(self, ask: Ask, said: Said, template: Prepared | None = None, before: str = "") -> None:
        """Put a question (or its hint) and start its clock anew. `before` is what goes out in one message with it."""
        words = self.words(said) or "…"
        if before:
            words = f"{before}\n\n{words}"
        buttons = self._buttons(ask) if ask.worded else ask.buttons
        self.effects.append(Say(words, buttons, ask.wants_phone, self.instead(template)))
        self.heard = ()
        self.media = ()
        self.await_answer(ask)

    def _buttons(self, ask: Ask) -> tuple[Choice, ...]:
        return tuple(
            Choice(button.key, self.words(option.worded) or button.label) if option.worded else button
            for button, option in zip(ask.buttons, ask.options, strict=True)
        )

    def instead(self, template: Prepared | None) -> Template | None:
        """The template that must go out in place of free text, filled in; None: free text may.

        A value is one line and a short one: providers refuse the whole message over anything else.
        """
        if template is None or not self.shut():
            return None
        values = (_BLANKS.sub(" ", value.fill(self.value)) for value in template.values)
        return Template(template.name, tuple(map(shortened, values)), template.otherwise)

    def await_answer(self, ask: Ask) -> None:
        """Start the clock of the open question anew."""
        now = self.facts.now
        silence = ask.silence
        timers: dict[str, Instant] = {"patience": now + silence.patience}
        for place, reminder in enumerate(silence.reminders, start=1):
            timers[f"remind:{place}"] = now + reminder.after
        self.set_timers(timers)

    def set_timers(self, timers: Mapping[str, Instant]) -> None:
        """These and no others."""
        self.timers = timers
        self.effects.extend([SetTimer(name, at) for name, at in timers.items()])

    # -- telling a person ------------------------------------------------------------------------------------------

    def task(
        self, kind: str, text: str, show: tuple[str, ...], last_words: str = "", *, only: bool = False, ends: str = "",
    ) -> CreateTask:  # fmt: skip
        """The manager's task: what to do, then a line for each thing that was gathered. `only`: what `show` names."""
        script = self.script
        lines = [text]
        details: dict[str, object] = {}
        for field in show or (() if only else tuple(self.answers)):
            value = self.value(field)
            if field in script.files and isinstance(value, list):
                said = script.language.files(len(value))
            else:
                said = as_text(value, script.language.name)
            if said:
                details[field] = value
                lines.append(f"{script.fields.get(field, field)}: {'; '.join(said.splitlines())}")
        if show and FILES in self.answers and FILES not in details:
            details[FILES] = kept = self.answers[FILES]
            lines.append(f"{script.fields[FILES]}: {script.language.files(len(kept) if isinstance(kept, list) else 1)}")
        if last_words:
            lines.append(f"{script.language.labels['last_words']}: {'; '.join(last_words.splitlines())}")
        return CreateTask(kind, capped("\n".join(lines)), details, ends=ends)
