"""What is wrong with a script as a graph: steps nobody can reach, and circles in which nobody is asked anything."""

from collections.abc import Iterable, Mapping

from bots.kit.reader import Scalar
from bots.kit.schema import Findings


def check(
    start: str,
    exits: Mapping[str, Iterable[tuple[str, str]]],
    asks: frozenset[str],
    keys: Mapping[str, Scalar],
    found: Findings,
) -> None:
    """`exits`: step → its (exit, step) pairs; `asks`: steps that wait for the customer; `keys`: where steps begin."""
    reached = _reached(start, exits)
    for name, key in keys.items():
        if name not in reached:
            found.error(
                key, f"step '{name}' cannot be reached", f"Lead to it from another step ('then: {name}'), or remove it"
            )
    told: set[str] = set()
    for name in keys:
        circle = _circle(name, exits, asks)
        if circle and not told.intersection(circle):
            told.update(circle)
            path = " → ".join([*circle[:6], circle[0]])
            found.error(
                keys[name],
                f"a circle in which nothing is asked: {path}",
                "Ask something on the way, or end one of the steps",
            )


def _reached(start: str, exits: Mapping[str, Iterable[tuple[str, str]]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(dest for _, dest in exits.get(name, ()))
    return seen


def _circle(name: str, exits: Mapping[str, Iterable[tuple[str, str]]], asks: frozenset[str]) -> list[str]:
    """The steps of the circle that begins and ends at `name`, all of them without a question; else nothing."""
    path = [name]
    here = name
    while here not in asks and here in exits:
        onward = [dest for exit_, dest in exits[here] if exit_ == "then"]
        if not onward:
            return []
        here = onward[0]
        if here == name:
            return path
        if here in path:
            return []
        path.append(here)
    return []
