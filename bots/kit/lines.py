"""What a conversation shows: who said or did it, the words, and at which step of the script."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bots.kit import effects as fx
from bots.kit.run import Why

Speaker = Literal[
    "customer", "bot", "stage", "tag", "task", "note", "handed off", "closed", "ended", "script", "call", "template",
    "failed", "stopped",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    speaker: Speaker
    text: str
    step: str = field(default="", compare=False)
    """Where in the script it was said or done."""
    said: fx.Say | None = field(default=None, compare=False)
    """Of a message: what a channel makes parts and buttons of."""

    def __str__(self) -> str:
        """`bot: first line`, the others indented."""
        first, *others = self.text.split("\n")
        return "\n".join([f"{self.speaker}: {first}", *(f"  {line}" if line else "" for line in others)])


class Steps:
    """Which step each effect is of, by how many others came before it."""

    def __init__(self, first: str, why: Sequence[Why]) -> None:
        entered = [(0, first), *((one.done, one.step) for one in why if one.because == "reached")]
        self._from = [done for done, _ in entered]
        self._steps = [step for _, step in entered]

    def at(self, done: int) -> str:
        return self._steps[bisect_right(self._from, done) - 1]
