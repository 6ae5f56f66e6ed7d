"""The checks of an audit as a playbook writes them: the built-in ones changed, its own, and what is wrong with them."""

import re

import pytest

from bots.kit.checks import BUILT_IN, AuditPlan
from bots.kit.json_schema import playbook_schema
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.spans import Span
from tests.bots.test_json_schema import ROOT, fits

SHOP = """
funnels:
  retail: {stages: {new: Новая, offer: {title: Предложение, age: 1d}}, won: Да, lost: Нет}
  mail: {stages: {sent: Отправлено}, won: Да, lost: Нет}
fields: {city: Город, budget: Бюджет, deliver_on: {title: Когда доставить, kind: date}, size: {title: Размер, kind: number}}
"""


def shop(text: str) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": SHOP + text})
    assert problems == []
    assert playbook is not None
    assert fits(playbook_schema(), SHOP + text) == []
    return playbook


def test_the_example_in_the_docs_is_right():
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^```yaml\n(checks:\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    made = shop(block)
    assert "orphan" not in made.checks
    assert made.audit == AuditPlan(1, 480)


def wrong(text: str) -> list[tuple[int, str]]:
    _, problems = load_playbook("shop", {"playbook.yaml": SHOP + text})
    return [(one.line - SHOP.count("\n"), one.code) for one in problems if one.severity == "error"]


def test_every_playbook_has_the_built_in_checks_critical_ones_first():
    checks = shop("").checks
    assert set(checks) == set(BUILT_IN)
    severities = [one.severity for one in checks.values()]
    assert severities == sorted(severities)
    assert shop("").audit is None


def test_a_built_in_check_is_changed_in_what_is_said_of_it_and_no_more():
    one = shop("checks: {unanswered: {severity: normal, older: 30m}}\n").checks["unanswered"]
    assert (one.severity, one.older, one.what, one.title) == (
        "normal",
        Span(1_800_000),
        "unanswered",
        "Клиент ждёт ответа",
    )


def test_a_built_in_check_is_switched_off():
    assert "orphan" not in shop("checks: {orphan: no}\n").checks


def test_a_shops_own_check_is_a_filter_with_plain_conditions():
    checks = shop("""checks:
  no_city: {title: Нет города, missing: [city], funnels: [retail], stages: [offer]}
  quiet: {what: deal, severity: critical, if: {city: [Тверь, Клин]}, older: 2d working}
  calls: {what: task, kind: call, older: 3d}
  slow: {what: unanswered, older: 4h, funnels: mail}
  returned: {what: deal, state: won, within: 7d, if: {tags: возврат}}
""").checks
    assert (checks["no_city"].what, checks["no_city"].missing, checks["no_city"].stages) == (
        "missing",
        ("city",),
        ("offer",),
    )
    assert (checks["quiet"].older, checks["quiet"].severity) == (Span(0, working=True, days=2), "critical")
    assert (checks["calls"].kind, checks["calls"].what) == ("call", "task")
    assert checks["slow"].funnels == ("mail",)
    assert (checks["returned"].state, checks["returned"].within) == ("won", 7 * 86_400_000)


def test_a_check_may_keep_to_a_date_of_the_deal():
    late = shop("checks: {late: {what: deal, at: deliver_on}}\n").checks["late"]
    assert (late.what, late.at) == ("deal", "deliver_on")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("checks: {a: {missing: [town]}}", "unknown_field"),
        ("checks: {a: {what: deal}}", "no_value"),
        ("checks: {a: {what: deals, if: {city: empty}}}", "unknown_word"),
        ("checks: {a: {severity: high, missing: city}}", "unknown_word"),
        ("checks: {a: {missing: city, funnels: [returns]}}", "unknown_funnel"),
        ("checks: {a: {missing: city, funnels: [mail], stages: [offer]}}", "unknown_stage"),
        ("checks: {a: {missing: city, kind: call}}", "contradiction"),
        ("checks: {a: {missing: city, what: task}}", "contradiction"),
        ("checks: {a: {if: {town: Тверь}}}", "unknown_field"),
        ("checks: {a: {what: deal, at: deliver}}", "unknown_field"),
        ("checks: {a: {what: deal, at: size}}", "not_a_date"),
        ("checks: {a: {what: task, kind: call, at: deliver_on}}", "contradiction"),
        ("checks: {orphan: {what: deal, older: 1d}}", "twice"),
        ("checks: {a: no}", "unknown_word"),
        ("checks: {a: {iff: {city: Тверь}, older: 1d}}", "unknown_key"),
        ("audit: {every: 90m}", "not_a_length"),
        ("audit: {every: monthly}", "not_a_length"),
        ("audit: {every: 1d, at: 25:00}", "not_a_time"),
        ("audit: {every: 1d, at: 24:00}", "not_a_time"),
    ],
)
def test_a_mistake_is_told_at_its_line(text: str, code: str):
    assert wrong(text) == [(1, code)]


def test_more_checks_than_anybody_reads_are_refused():
    many = "checks:\n" + "".join(f"  c{n}: {{missing: city}}\n" for n in range(101))
    assert [code for _, code in wrong(many)] == ["too_many"]


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("audit: {every: 1d, at: 8:00}", AuditPlan(1, 480)),
        ("audit: {every: 7d, at: 21:30}", AuditPlan(7, 1_290)),
        ("audit: {every: month}", AuditPlan(0, 480)),
        ("audit: {at: 7:00}", AuditPlan(1, 420)),
    ],
)
def test_the_audit_runs_by_itself_when_the_playbook_says(text: str, plan: AuditPlan):
    assert shop(text + "\n").audit == plan


def test_an_editor_is_told_of_wrong_words():
    assert fits(playbook_schema(), SHOP + "checks: {a: {missing: city}}\n") == []
    assert fits(playbook_schema(), SHOP + "checks: {a: {mising: city}}\n") != []
