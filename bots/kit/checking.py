"""How a playbook writes its checks, and when the audit runs: `checks:` and `audit:`. What they mean is in `checks`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, cast, get_args

from bots.kit.business import Funnel
from bots.kit.checks import BUILT_IN, AuditPlan, Check, Severity, State, What, checks_in
from bots.kit.conditions import Test
from bots.kit.criteria import tests_of
from bots.kit.opening import clock_of
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Section, duration_of, name_of, section, table_of, text_of, texts_of
from bots.kit.spans import OF_PLAYBOOKS, span_of
from bots.robots.office import Office

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
WHATS: Final[tuple[What, ...]] = get_args(What)
STATES: Final[tuple[State, ...]] = get_args(State)
PLAIN: Final = ("deal", "task", "contact")
_OF_ONE_DEAL: Final = tuple(
    one
    for one in WHATS
    if one not in ("overdue_task", "no_contact", "task", "contact", "duplicate_contact", "duplicate_deal")
)
CHECK_KEYS: Final = (
    "title",
    "severity",
    "what",
    "missing",
    "if",
    "older",
    "at",
    "kind",
    "funnels",
    "stages",
    "state",
    "within",
)
AUDIT_KEYS: Final = ("every", "at")
MONTHLY: Final = "month"
MOST: Final = 100
_DAY: Final = 86_400_000


def read_checks(node: Node | None, funnels: Sequence[Funnel], office: Office) -> dict[str, Check]:
    """The built-in ones as the playbook has changed them, and its own; critical ones first."""
    checks = checks_in(office.spoken)
    found = office.found
    table = table_of(node, "checks", found)
    for key, value in table.pairs[:MOST] if table else ():
        name = name_of(key, "a check's name", found)
        if name is None:
            continue
        if isinstance(value, Scalar) and value.text == "no":
            if checks.pop(name, None) is None:
                remedy = did_you_mean(name, BUILT_IN, "Only built-in checks are switched off")
                found.error(key, f"there is no check '{shown(name)}'", remedy, "unknown_word")
            continue
        one = section(value, CHECK_KEYS, f"check '{shown(name)}'", found)
        if one is not None:
            checks[name] = _check(name, key, one, funnels, office)
    if table and len(table.pairs) > MOST:
        found.error(table.pairs[MOST][0], f"more than {MOST} checks", "Join some of them", "too_many")
    return dict(sorted(checks.items(), key=lambda pair: SEVERITIES.index(pair[1].severity)))


def read_plan(node: Node | None, office: Office) -> AuditPlan | None:
    """`audit: {every: 1d, at: 8:00}`; None: only when somebody asks."""
    found = office.found
    one = section(node, AUDIT_KEYS, "audit", found)
    if one is None:
        return None
    every = one.get("every")
    days = 1
    if isinstance(every, Scalar) and every.text.strip() == MONTHLY:
        days = 0
    elif isinstance(every, Scalar) and every.text.strip().startswith("month"):
        found.error(every, f"'every' is '{shown(every.text)}'", f"Did you mean '{MONTHLY}'?", "not_a_length")
    elif every is not None and (length := duration_of(every, "every", found)) is not None:
        days = length // _DAY
        if length % _DAY or not days:
            found.error(every, "an audit runs once in whole days", "Write 1d, 7d or month", "not_a_length")
    at = one.get("at")
    said = text_of(at, "at", found)
    minute = clock_of(said) if said else 480
    if at is not None and said and (minute is None or minute >= 1_440):
        found.error(at, f"'at' is '{shown(said)}': no time of day", "Write it like 8:00", "not_a_time")
    return AuditPlan(days, minute if minute is not None else 480)


def _check(name: str, key: Scalar, one: Section, funnels: Sequence[Funnel], office: Office) -> Check:
    found = office.found
    usual = checks_in(office.spoken).get(name)
    what = _what(name, one, office)
    severity = _one_of(one, "severity", SEVERITIES, office) or (usual.severity if usual else "normal")
    state = _one_of(one, "state", STATES, office) or "open"
    tests: tuple[Test, ...] = ()
    table = table_of(one.get("if"), "if", found)
    askable = office.askable(tuple(dict.fromkeys(stage.name for funnel in funnels for stage in funnel.stages)))
    for subject, node in table.pairs if table else ():
        tests += tuple(tests_of(subject, node, askable, found))
    missing = texts_of(one.get("missing"), "missing", found)
    for field in missing:
        office.known_field(one.get("missing") or key, field)
    check = replace(
        usual or BUILT_IN.get(what, Check(name, name, "normal", what)),
        name=name, title=text_of(one.get("title"), "title", found) or (usual.title if usual else name), severity=cast("Severity", severity),
        what=what, missing=missing, tests=tests, at=_at(one, what, key, office), kind=name_of(one.get("kind"), "kind", found) or "", funnels=_funnels(one, office),
        stages=_stages(one, funnels, office), state=cast("State", state),
    )  # fmt: skip
    if "older" in one and (older := span_of(one.get("older"), "older", found, limit=OF_PLAYBOOKS)) is not None:
        check = replace(check, older=older)
    if "within" in one and (within := duration_of(one.get("within"), "within", found)) is not None:
        check = replace(check, within=within)
    office.known_kind(one.get("kind"), check.kind)
    ends = {stage.name: stage.outcome or "open" for funnel in funnels for stage in funnel.stages}
    if (
        check.stages
        and what != "no_reason"
        and all(ends.get(stage, check.state) != check.state for stage in check.stages)
    ):
        what_ = f"no {check.state} deal stands in '{check.stages[0]}'"
        remedy = f"Add 'state: {ends[check.stages[0]]}', or name another stage"
        found.error(one.get("stages") or key, what_, remedy, "impossible")
    if "kind" in one and what not in ("task", "overdue_task", "no_contact"):
        found.error(one.keys["kind"], "only tasks have a kind", "Add 'what: task', or remove the line", "contradiction")
    asked = table is not None and bool(table.pairs)
    if what in PLAIN and not (asked or check.older or check.at or check.kind or check.stages or check.state != "open"):
        remedy = "Add 'if:', 'missing:', 'older:', 'at:', 'kind:' or 'stages:'"
        found.error(key, f"check '{shown(name)}' finds every {what}", remedy, "no_value")
    return check


def _what(name: str, one: Section, office: Office) -> What:
    usual: What = BUILT_IN[name].what if name in BUILT_IN else "missing" if "missing" in one else "deal"
    what = _one_of(one, "what", WHATS, office)
    if not what:
        return usual
    if name in BUILT_IN and what != usual:
        office.found.error(one.keys["what"], f"'{name}' is a built-in check", "Give yours another name", "twice")
    if "missing" in one and what != "missing":
        remedy = "Remove 'what:'; who is looked at is said by 'funnels:', 'stages:' and 'if:'"
        office.found.error(one.keys["what"], "'missing' is looked for in deals", remedy, "contradiction")
        return "missing"
    return cast("What", what)


def _at(one: Section, what: What, key: Scalar, office: Office) -> str:
    """The date from which on it is dirt."""
    name = name_of(one.get("at"), "at", office.found) or ""
    if name and what not in _OF_ONE_DEAL:
        remedy = "Remove the line, or look for what is wrong with deals: 'what: deal'"
        office.found.error(one.keys["at"], "'at' names a field of a deal", remedy, "contradiction")
    elif name:
        office.day(one.get("at") or key, name)
    return name


def _one_of(one: Section, key: str, known: Sequence[str], office: Office) -> str:
    node = one.get(key)
    said = text_of(node, key, office.found) or ""
    if node is not None and said and said not in known:
        office.found.error(node, f"'{key}' is '{shown(said)}'", did_you_mean(said, known), "unknown_word")
        return ""
    return said


def _funnels(one: Section, office: Office) -> tuple[str, ...]:
    node = one.get("funnels")
    names = texts_of(node, "funnels", office.found)
    for name in names:
        if node is not None and name not in office.funnels:
            remedy = did_you_mean(name, office.funnels)
            office.found.error(node, f"there is no funnel '{shown(name)}'", remedy, "unknown_funnel")
    return names


def _stages(one: Section, funnels: Sequence[Funnel], office: Office) -> tuple[str, ...]:
    node = one.get("stages")
    names = texts_of(node, "stages", office.found)
    among = texts_of(one.get("funnels"), "funnels", office.found)
    known = [stage.name for funnel in funnels if not among or funnel.name in among for stage in funnel.stages]
    for name in names:
        if node is not None and name not in known:
            office.found.error(node, f"no stage is called '{shown(name)}'", did_you_mean(name, known), "unknown_stage")
    return names
