"""A split's ways are called like the steps that they lead to, and those may be called like the exits of a question."""

import pytest

from bots.kit.events import RunStarted
from bots.kit.run import Facts
from bots.kit.walk import begin, step
from gateway.trail import follow
from state.records import Run
from state.steps import new_trail
from tests.bots.scripts import NOW, compiled


@pytest.mark.parametrize("arm", ["silence", "person", "not_understood", "timed_out", "done"])
def test_whatever_a_way_is_called_who_goes_it_has_been_drawn(arm: str) -> None:
    script = compiled(
        f"script: S\nsteps:\n  lot: {{split: {{{arm}: 100, z: 0}}}}\n  {arm}: {{end: done}}\n  z: {{end: done}}\n"
    )
    state, _ = step(script, begin(script), RunStarted(), Facts(NOW))
    trail = new_trail("chat")
    run = Run(1, 1, 1, "s", script.hash, {"trail": trail}, "running", None, NOW, None, "")
    assert follow(run, trail, script, state, NOW) == []
    assert trail[2].split(";")[0] == f"lot|0||split|{arm}"
