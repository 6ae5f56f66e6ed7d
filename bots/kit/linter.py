"""All that is wrong or doubtful with a script, at once: its form, its graph, its shop, its channels.

What `parley check` and an editor call. A function of texts: nothing is opened, and the same text gives the same findings.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from bots.kit.business import BotRule, Playbook
from bots.kit.compiler import read_script
from bots.kit.flow import empties, outward, reached, too_far, unfirst, unheard
from bots.kit.graph import stopping
from bots.kit.playbook import check_script
from bots.kit.problems import Problem, did_you_mean, in_order, pointed, shown
from bots.kit.rooms import Room, too_much
from bots.kit.script import Ask, RunScript, Script, Wait
from bots.kit.waiting import UNCERTAIN
from bots.kit.window import NEVER, outside


def lint_alone(text: str, name: str) -> tuple[Script | None, list[Problem]]:
    """The script of a playbook that has mistakes: only errors, and only those that are there whatever the playbook says."""
    script, found = read_script(text, name, UNCERTAIN)
    more = list(too_far(script, stopping(script.steps))) if script is not None else []
    return (None if more else script), in_order(one for one in (*found, *more) if one.severity == "error")


def lint(
    text: str, name: str, playbook: Playbook | None = None, rooms: Mapping[str, Room] | None = None, funnel: str = ""
) -> tuple[Script | None, list[Problem]]:
    """Read a script and look for everything; the script where it can be used.

    Without a playbook only what the text itself says is looked at; without `rooms` nothing of channels is. `funnel` is
    that of the bot which leads to this script, where the playbook does not name it.
    """
    script, found = read_script(text, name, playbook.asks if playbook else None)
    if script is None:
        return None, found
    far = list(too_far(script, stopping(script.steps)))
    if far:
        return None, in_order([*found, *far])
    rule = next((rule for rule in playbook.bots if rule.bot == name), None) if playbook else None
    more = [*empties(script), *unheard(script), *unfirst(script)]
    if playbook is not None:
        more += check_script(script, playbook, rule.funnel if rule else funnel)
    if rule is not None:
        more += _outlasting(script, rule)
    if rooms:
        more += too_much(script, rooms)
        windows = [room.window_hours for room in rooms.values() if room.window_hours]
        if windows:
            asked = any(one.script == name for one in playbook.clarifications.values()) if playbook else False
            # A message has just come; a script by itself is taken for such a one.
            met = rule.on == "message" if rule else not asked
            hours = playbook.working((rule.funnel if rule else funnel) or playbook.home(name)) if playbook else None
            more += outside(script, min(windows), 0 if met else NEVER, hours, playbook.calendars if playbook else {})
    # A text that is told of with its column needs no second finding of the same kind on its line.
    told = {(one.line, one.code) for one in found}
    fresh = {one for one in more if (one.line, one.code) not in told}
    kept = in_order([*found, *fresh])  # a hostile line may be long, and only so many findings are kept
    lines = text.splitlines() if fresh else []
    return script, in_order(pointed(one, lines) if one in fresh else one for one in kept)


def _outlasting(script: Script, rule: BotRule) -> Iterator[Problem]:
    """Waits that are longer than the time after which the stage's robot acts."""
    for name, step in script.steps.items():
        finish = step.finish
        long, line = 0, step.line
        if isinstance(finish, Ask):
            long, line = finish.silence.patience, finish.silence.line
        elif isinstance(finish, Wait):
            long = finish.span.least
        if rule.within and long > rule.within:
            what = f"step '{name}' waits longer than the robot of its stage: {_length(long)}, and it acts after {_length(rule.within)}"
            yield Problem(
                line, 1, "warning", what, "Wait less, or give the bot more time in the playbook", "outlasts_robot"
            )


def _length(ms: int) -> str:
    hours, rest = divmod(ms // 60_000, 60)
    return f"{hours}h {rest}m" if rest else f"{hours}h"


# -- several scripts together ------------------------------------------------------------------------------------------


def lint_together(
    scripts: Mapping[str, Script], besides: Collection[str] = frozenset()
) -> Iterator[tuple[str, Problem]]:
    """What only shows when all scripts of a shop are seen: leading to none, leading round. As (script, finding).

    `besides`: scripts that are there, but cannot be read.
    """
    for name, problem in _together(scripts, besides):
        yield name, pointed(problem, scripts[name].source.splitlines())


def _together(scripts: Mapping[str, Script], besides: Collection[str]) -> Iterator[tuple[str, Problem]]:
    for name, script in scripts.items():
        for finish in _led(script):
            if finish.name not in scripts and finish.name not in besides:
                what = f"there is no script '{shown(finish.name)}'"
                yield name, Problem(finish.line, 1, "error", what, did_you_mean(finish.name, scripts), "unknown_script")
    for circle, silent in _circles(scripts):
        script = scripts[circle[0]]
        following = circle[1 % len(circle)]
        line = next(finish.line for finish in _led(script) if finish.name == following)
        path = " → ".join([*circle, circle[0]])
        if silent:
            what = f"scripts lead to each other in a circle in which nothing is waited for: {path}"
            yield (
                circle[0],
                Problem(line, 1, "error", what, "Ask something on the way, or let one of them end", "script_circle"),
            )
        else:
            what = f"scripts lead to each other in a circle: {path}"
            yield (
                circle[0],
                Problem(line, 1, "warning", what, "Make sure that the customer can get out of it", "script_circle"),
            )


def _led(script: Script) -> Iterable[RunScript]:
    return [step.finish for step in script.steps.values() if isinstance(step.finish, RunScript)]


def _circles(scripts: Mapping[str, Script]) -> Iterator[tuple[list[str], bool]]:
    """Circles of scripts, each once, and whether one may go round without a stop."""
    told: set[frozenset[str]] = set()
    for silent, graph in ((True, {name: _silently(one) for name, one in scripts.items()}),
                          (False, {name: set(one.runs) for name, one in scripts.items()})):  # fmt: skip
        for start in graph:
            circle = _back_to(start, graph)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                yield circle, silent


def _silently(script: Script) -> set[str]:
    """The scripts that may be led to before anything is waited for."""
    passed = reached([script.start], outward(script), stopping(script.steps))
    finishes = [step.finish for name, step in script.steps.items() if name in passed]
    return {finish.name for finish in finishes if isinstance(finish, RunScript)}


def _back_to(start: str, graph: Mapping[str, set[str]]) -> list[str]:
    """The shortest way from a script back to itself."""
    came: dict[str, str] = {}
    waiting = [start]
    for name in waiting:  # grows
        for following in sorted(graph.get(name, ())):
            if following == start:
                path = [name]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if following not in came and following in graph:
                came[following] = name
                waiting.append(following)
    return []
