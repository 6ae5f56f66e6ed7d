"""How a sight holds or not, and how texts are compared: broken into lines and capitalised however they are."""

from collections.abc import Awaitable, Callable, Sequence

from gateway.stories.scene import Scene, Unseen

Sight = Callable[[Scene, bool], Awaitable[None]]
"""`True`: it must be so; `False`: it must not."""


def must(holds: bool, wanted: bool, instead: str) -> None:
    if holds != wanted:
        raise Unseen(instead)


def flat(text: str) -> str:
    """As it is compared: however its lines are broken."""
    return " ".join(text.split())


def has(text: str, part: str) -> bool:
    return flat(part).casefold() in flat(text).casefold()


def listed(lines: Sequence[str]) -> str:
    return "; ".join(f"«{flat(line)}»" for line in lines) or "nothing"
