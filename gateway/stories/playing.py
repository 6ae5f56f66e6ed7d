"""Plays a story: the same for the test suite, `parley story` and `parley check`."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bots.kit.problems import Problem
from gateway.channels.base import Channel, Outcome, Outgoing
from gateway.channels.endpoints import NAME as ENDPOINT
from gateway.channels.limits import LIMITS
from gateway.channels.paper import PaperChannel, paper_channels
from gateway.playbooks import BadPlaybook, read_house_again
from gateway.rehearsal import Rehearsal, Restless
from gateway.stories.reading import begins
from gateway.stories.scene import Denied, Scene, Step, Story, Unseen
from gateway.stories.shelf import load
from state import schema
from state.database import Database

_MOST_WRONG = 10


async def play(story: Story, folder: Path, url: str) -> list[Problem]:
    """What was not as the story has it. `folder`: the playbook's; `url`: a database with its tables and nothing in them."""
    house = read_house_again(str(folder))
    scenes: list[Scene] = []
    channels: dict[str, Channel] = dict(paper_channels(story.channels, lambda name, out: scenes[0].note(name, "", out)))
    for name in house.playbook.endpoints:
        answer = partial(_called, scenes, name)
        channels[f"{ENDPOINT}:{name}"] = PaperChannel(ENDPOINT, name, limits=LIMITS["web"], answer=answer)
    rehearsal = Rehearsal(url, house, channels, begins(story, house.playbook.zone))
    try:
        staff = await rehearsal.hire(house.playbook, dict(story.people))  # type: ignore[arg-type]  # roles: the reading refuses others
        scene = Scene(rehearsal, folder, staff)
        scenes.append(scene)
        return await _play(story, scene)
    finally:
        await rehearsal.close()


async def _play(story: Story, scene: Scene) -> list[Problem]:
    wrong: list[Problem] = []
    for place, step in enumerate(story.steps):
        expected = place + 1 < len(story.steps) and story.steps[place + 1].kind == "refusal"
        try:
            await _do(step, scene)
        except Denied as refusal:
            scene.refused = str(refusal)
            if not expected:
                wrong.append(_problem(step, f"it was refused: {refusal}", "If it is meant so, go on with: see refused"))
        except Unseen as instead:
            wrong.append(_problem(step, f"not so: {step.said}. {_one_line(instead)}", _MEND))
            if step.kind == "act":
                return wrong  # what follows would only follow from it
        except Restless as why:
            return [*wrong, _problem(step, str(why), "Look for robots that lead to one another")]
        if len(wrong) >= _MOST_WRONG:
            break
    return wrong


def _called(scenes: list[Scene], endpoint: str, out: Outgoing) -> Outcome | None:
    return scenes[0].note(ENDPOINT, endpoint, out)


_MEND = "Mend the playbook; or the story, if it is meant so"


async def _do(step: Step, scene: Scene) -> None:
    if step.kind == "act":
        scene.sent.clear()
        scene.told.clear()
        scene.refused = ""
    await step.do(scene)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _problem(step: Step, what: str, remedy: str) -> Problem:
    return Problem(step.line, 1, "error", _one_line(what), remedy, "story")


def tell(file: Path, place: "Stage") -> tuple[str, list[Problem]]:
    """The story's title, and what is wrong with it or was not so."""
    story, folder, problems = load(file)
    if story is None:
        return "", problems
    try:
        return story.title, [*problems, *asyncio.run(play(story, folder, place.fresh()))]
    except BadPlaybook as bad:
        first, problem = bad.problems[0]
        what = f"the playbook has mistakes, the first in {first}, line {problem.line}: {problem.what}"
        return story.title, [*problems, Problem(1, 1, "error", what, "Mend it first: see parley check", "story")]


@contextmanager
def stage() -> Iterator["Stage"]:
    """Databases to play in, one after the other, each empty; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="parley-story-") as folder:
        made = Stage(Path(folder))
        db = Database(f"sqlite:///{made.template}", lasting=False)
        schema.upgrade(db)
        db.engine.dispose()
        yield made


class Stage:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.template = folder / "template.db"
        self._n = 0

    def fresh(self) -> str:
        self._n += 1
        file = self._folder / f"{self._n}.db"
        shutil.copy(self.template, file)
        return f"sqlite:///{file}"
