"""Plays a story: the same for the test suite, `parley story` and `parley check`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bots.kit.problems import Problem
from gateway.channels.base import Channel
from gateway.channels.endpoints import NAME as ENDPOINT
from gateway.channels.paper import PaperChannel, paper_channels
from gateway.rehearsal import Rehearsal, Restless, furnished
from gateway.stories.reading import begins
from gateway.stories.scene import Denied, Scene, Step, Story, Unseen
from state import schema
from state.database import Database

_MOST_WRONG = 10


async def play(story: Story, folder: Path, url: str) -> list[Problem]:
    """What was not as the story has it. `folder`: the playbook's; `url`: a database with its tables and nothing in them."""
    house = furnished(str(folder))
    scenes: list[Scene] = []
    channels: dict[str, Channel] = dict(paper_channels(story.channels, lambda name, out: scenes[0].note(name, "", out)))
    channels |= {
        f"{ENDPOINT}:{name}": PaperChannel(
            ENDPOINT, name, limits=paper_channels()["web:site"].limits, answer=lambda out, name=name: scenes[0].note(ENDPOINT, name, out)
        )
        for name in house.playbook.endpoints
    }  # fmt: skip
    rehearsal = Rehearsal(url, house, channels, begins(story, house.playbook.zone), lasting=False)
    try:
        staff = await rehearsal.hire(house.playbook, dict(story.people))  # type: ignore[arg-type]
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
