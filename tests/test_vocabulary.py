"""The words that a playbook has: whatever its robots, scripts and rules use may be named, and nothing else."""

from gateway import vocabulary
from tests.shop import furnished


def test_kinds_of_tasks_are_those_declared_and_those_that_scripts_and_robots_give():
    kinds = vocabulary.task_kinds(furnished())
    assert {"call", "talk", "parts", "return", "refund"} <= set(kinds)
    assert "cal" not in kinds
    assert (kinds["talk"].contact, kinds["refund"].contact) == (True, False)


def test_groups_are_those_of_the_team_and_of_whatever_is_given_to_somebody():
    assert vocabulary.groups(furnished()) >= {"sales", "phones"}
    assert vocabulary.groups(furnished("novaposhta")) >= {"packing"}
    assert not vocabulary.groups(furnished()) & {
        "manager",
        "head",
        "pool",
        "",
        "responsible",
        "Анна Лебедева",
        "inquiries",
    }


def test_tags_are_those_that_rules_and_scripts_put():
    assert vocabulary.tags(furnished()) >= {"звонок", "перезвонить"}


def test_a_word_that_is_not_there_is_told_of_with_the_one_that_was_meant():
    assert (
        vocabulary.no_such("funnel", "retial", ["retail", "mail"])
        == "there is no funnel 'retial'. Did you mean 'retail'?"
    )
