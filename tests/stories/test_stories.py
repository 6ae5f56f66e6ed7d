"""Every story of the tree holds, on both databases; and the page that maps rules to stories tells the truth."""

from pathlib import Path

import pytest

from gateway.stories.playing import play
from gateway.stories.shelf import load
from tests.stories import rules

FILES = rules.files()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(rules.ROOT)))
async def test_a_story_holds(file: Path, database_url: str):
    story, folder, problems = load(file)
    assert story is not None, "\n".join(map(str, problems))
    wrong = await play(story, folder, database_url)
    assert wrong == [], "\n" + "\n".join(f"{file.relative_to(rules.ROOT)}:{one}" for one in wrong)


def test_stories_show_only_rules_that_there_are():
    unknown = {
        rule: [str(file) for file, _ in found] for rule, found in rules.shown().items() if rule not in rules.rules()
    }
    assert unknown == {}, "name the rule in tests/stories/rules.yaml, or mend the story's covers"


def test_every_rule_of_a_finished_business_is_shown_by_a_story():
    unfinished = rules.businesses()["unfinished"]
    missing = [name for name in rules.rules() if not rules.shown().get(name) and name[0] not in unfinished]
    assert missing == []


def test_a_business_with_all_its_stories_is_not_called_unfinished():
    done = [
        letter
        for letter in rules.businesses()["unfinished"]
        if all(rules.shown().get(name) for name in rules.businesses()[letter]["rules"])
    ]
    assert done == [], "take the letter out of `unfinished` in tests/stories/rules.yaml"


def test_the_page_of_rules_is_up_to_date():
    assert rules.PAGE.read_text(encoding="utf-8") == rules.page(), "run `make rules`"
