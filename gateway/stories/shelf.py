"""Where stories lie, and reading one from its file: `stories/*.story` beside a playbook, or anywhere with `playbook:`."""

from pathlib import Path

from bots.kit.playbook import FILE
from bots.kit.problems import Problem
from bots.kit.reader import decode
from gateway.playbooks import find_folder
from gateway.stories.reading import MOST_BYTES, read_story
from gateway.stories.scene import Story


def stories_of(folder: Path) -> list[Path]:
    """Those of a playbook's folder."""
    return sorted(folder.glob("stories/**/*.story"))


def load(file: Path) -> tuple[Story | None, Path, list[Problem]]:
    """The story, the folder of its playbook, and what is wrong with the file."""
    raw = file.read_bytes()
    if len(raw) > MOST_BYTES:
        return None, file.parent, [Problem(1, 1, "error", "the story is too large", "Split it", "too_large")]
    text, problems = decode(raw)
    if text is None:
        return None, file.parent, problems
    story, more = read_story(text)
    if story is None:
        return None, file.parent, [*problems, *more]
    folder = _playbook(story, file)
    if not (folder / FILE).is_file():
        what = f"there is no playbook '{story.playbook or folder}'"
        return None, folder, [Problem(1, 1, "error", what, "Name it in the story's head: playbook: autoparts", "story")]
    return story, folder, [*problems, *more]


def _playbook(story: Story, file: Path) -> Path:
    """The one that is named; a path counts from the story's own folder."""
    if not story.playbook:
        return next((one for one in file.resolve().parents if (one / FILE).is_file()), file.parent)
    beside = file.parent / story.playbook
    return beside if (beside / FILE).is_file() else find_folder(story.playbook)
