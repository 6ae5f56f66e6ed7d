"""What is wrong with a script as a graph: steps nobody can reach, and circles in which nobody is asked anything."""

from collections.abc import Iterable, Iterator, Mapping

from bots.kit.reader import Scalar
from bots.kit.schema import Findings
from bots.kit.script import Ask, Call, Step, Wait


def check(
    start: str,
    exits: Mapping[str, Iterable[tuple[str, str]]],
    stops: frozenset[str],
    keys: Mapping[str, Scalar],
    found: Findings,
) -> None:
    """`exits`: step → its (exit, step) pairs; `stops`: steps in which a run waits for something to happen; `keys`: where steps begin."""
    reached = _reached(start, exits)
    for name, key in keys.items():
        if name not in reached:
            remedy = f"Lead to it from another step ('then: {name}'), or remove it"
            found.error(key, f"step '{name}' cannot be reached", remedy, "unreachable")
    for circle in _circles(exits, stops, keys):
        path = " → ".join([*circle[:6], circle[0]])
        found.error(
            keys[circle[0]],
            f"a circle in which nothing is asked: {path}",
            "Ask something or wait on the way, or end one of the steps",
            "circle",
        )


def stopping(steps: Mapping[str, Step]) -> frozenset[str]:
    """Where a run surely stops: a wait until a day that may be over does not, nor one until the shop is open."""
    return frozenset(
        name
        for name, step in steps.items()
        if isinstance(step.finish, (Ask, Call)) or (isinstance(step.finish, Wait) and _lasts(step.finish))
    )


def _lasts(wait: Wait) -> bool:
    return not wait.field and not (wait.opens and not wait.span)


def _reached(start: str, exits: Mapping[str, Iterable[tuple[str, str]]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(dest for _, dest in exits.get(name, ()))
    return seen


def _circles(
    exits: Mapping[str, Iterable[tuple[str, str]]], stops: frozenset[str], keys: Mapping[str, Scalar]
) -> list[list[str]]:
    """Circles that pass no stop, each once. Every step is walked through once: linear, however the graph is made."""
    done: set[str] = set()
    circles: list[list[str]] = []
    for first in keys:
        if first in done:
            continue
        path: list[str] = [first]
        on_path = {first: 0}
        waiting = [_onward(first, exits, stops)]
        while path:
            here = path[-1]
            following = next(waiting[-1], None)
            if following is None:
                done.add(here)
                del on_path[here]
                path.pop()
                waiting.pop()
            elif following in on_path:
                circles.append(path[on_path[following] :])
            elif following not in done and following in exits:
                on_path[following] = len(path)
                path.append(following)
                waiting.append(_onward(following, exits, stops))
    return circles


def _onward(name: str, exits: Mapping[str, Iterable[tuple[str, str]]], stops: frozenset[str]) -> Iterator[str]:
    return iter(()) if name in stops else iter([dest for _, dest in exits.get(name, ())])
