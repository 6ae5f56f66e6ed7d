"""A script's graph, and the life of a run, as Mermaid state diagrams: drawn from the machines themselves."""

from collections.abc import Mapping
from typing import Any, cast

from transitions import Machine

from bots.kit.machine import LIFE_EDGES, build
from bots.kit.run import STATUSES
from bots.kit.script import ENDINGS, Ask, Script


def script_diagram(script: Script) -> str:
    """The steps of a script, its exits named as a marketer knows them."""
    labels: dict[tuple[str, str], str] = {}
    for name, step in script.steps.items():
        if isinstance(step.finish, Ask):
            labels |= {(name, option.exit): option.label for option in step.finish.options}
    reached = {dest for _, _, dest in script.edges}
    states = [*script.steps, *(ending for ending in ENDINGS if ending in reached)]
    return _mermaid(build(states, script.edges, script.start), labels)


def life_diagram() -> str:
    """What can become of a run."""
    return _mermaid(build(STATUSES, LIFE_EDGES, "running"), {})


def _mermaid(machine: Machine, labels: Mapping[tuple[str, str], str]) -> str:
    """States are numbered, because Mermaid takes neither brackets nor dashes in a name."""
    ids = {state: f"s{place}" for place, state in enumerate(machine.states)}
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{_safe(state)}" as {short}' for state, short in ids.items()]
    lines.append(f"    [*] --> {ids[str(machine.initial)]}")
    arrows: dict[tuple[str, str], list[str]] = {}
    for trigger, event in cast("Mapping[str, Any]", machine.events).items():
        for source, moves in event.transitions.items():
            said = labels.get((source, trigger), trigger.replace("_", " "))
            arrows.setdefault((source, moves[0].dest), []).append(_safe(said))
    lines += [f"    {ids[source]} --> {ids[dest]}: {', '.join(said)}" for (source, dest), said in arrows.items()]
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """A label that cannot end its line or its quotes."""
    return "".join(char if char.isalnum() or char in " _-.,()?!№" else " " for char in text).strip() or "…"
