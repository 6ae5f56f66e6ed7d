"""`parley init`: what it prints is taken by a shell, and the copied page is about the copy."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from gateway.commands import init
from tests.api.own_shop import parley


@pytest.mark.parametrize("like", ["starter", "school"])
def test_a_folder_with_a_blank_is_named_so_that_a_shell_takes_it(home: Path, like: str) -> None:
    begun = parley("init", "мой магазин", "--like", like)
    assert "parley check './мой магазин'" in begun.output
    said = (home / "мой магазин" / "README.md").read_text(encoding="utf-8")
    assert "parley check './мой магазин'" in said
    assert f"parley check {like}" not in said  # that would be the shipped one


def test_links_of_a_begun_playbook_lead_where_they_led_also_out_of_a_folder_that_lies_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a link of the file system, and with a blank in the way: the one changes what `..` means, the other ends a link."""
    far = tmp_path / "far away" / "shelf"
    far.mkdir(parents=True)
    (home / "near").symlink_to(far)
    program = tmp_path / "the program"
    for page in ("docs/write-a-playbook.md", "bots/qualifier/README.md"):
        (program / page).parent.mkdir(parents=True)
        (program / page).touch()
    monkeypatch.setattr(init, "ROOT", program)
    assert parley("init", "near/shop").exit_code == 0
    copied = home / "near" / "shop" / "README.md"
    links = re.findall(r"\]\(([^)#]+)\)", copied.read_text(encoding="utf-8"))
    assert len(links) == 2
    for link in links:
        assert " " not in link
        assert (copied.parent / unquote(link)).exists(), link
