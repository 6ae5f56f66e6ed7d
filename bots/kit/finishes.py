"""What a step may end in besides a question: check, wait, split, run, call, hand_off, end."""

from dataclasses import replace

from bots.kit.criteria import Askable, tests_of
from bots.kit.duties import ends_of
from bots.kit.opening import clock_of
from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import (
    Section,
    duration_of,
    items_of,
    milliseconds,
    name_of,
    section,
    table_of,
    text_of,
    whole_of,
)
from bots.kit.script import HANDED_OFF, Call, Case, Check, Leave, RunScript, Split, Wait
from bots.kit.spans import AT_ONCE, span_of, working_of
from bots.kit.waiting import LONGEST_GATHER, Desk, lead
from bots.kit.words import plain

LEAVE_KEYS = ("reason", "kind", "task", "show", "ends")
WAIT_KEYS = ("for", "until", "at", "before", "working", "calendar")
OPEN = "open"
"""`until: open`: until the shop is open; a field of that name goes before."""
CALL_KEYS = ("endpoint", "send", "keep", "patience")
CALL_PATIENCE = 60_000
MOST_CASES = 30
MOST_ARMS = 10

Exits = list[tuple[str, str]]


def compile_check(key: Scalar, at: Section, desk: Desk, exits: Exits) -> Check:
    found = desk.found
    nodes = items_of(at.get("check"), "check", found)
    if len(nodes) > MOST_CASES:
        found.error(nodes[MOST_CASES], f"more than {MOST_CASES} cases", "Split the step in two", "too_many")
    cases: list[Case] = []
    for place, node in enumerate(nodes[:MOST_CASES], start=1):
        table = table_of(node, "a case", found)
        if table is None:
            continue
        exit_ = f"if {place}"
        tests = [
            test
            for name, value in table.pairs
            if name.text != "then"
            for test in tests_of(name, value, Askable(desk.fields), found)
        ]
        if not any(name.text != "then" for name, _ in table.pairs):
            found.error(node, "a case has no condition", "Write one, or lead to its step by 'else: step'", "no_value")
        onward = next((value for name, value in table.pairs if name.text == "then"), at.get("then"))
        if onward is None:
            found.error(node, f"case {place} of step '{key.text}' has no exit", "Add 'then: step' to it", "no_exit")
        lead(exits, exit_, onward, desk)
        cases.append(Case(exit_, tuple(tests)))
    if not nodes:
        found.error(at.keys["check"], "'check' has no cases", "Write them as lines '- field: value'", "no_value")
    if "else" in at:
        lead(exits, "else", at.get("else"), desk)
    else:
        found.error(key, f"check '{key.text}' has no way on where nothing holds", "Add 'else: step'", "no_exit")
    return Check(tuple(cases))


def compile_split(at: Section, desk: Desk, exits: Exits) -> Split:
    found = desk.found
    node = at.get("split")
    table = table_of(node, "split", found)
    arms: list[tuple[str, int]] = []
    total = 0
    for key, value in table.pairs[:MOST_ARMS] if table else ():
        share = whole_of(value, f"the share of '{shown(key.text)}'", 0, 100, found)
        lead(exits, key.text, key, desk)
        total += share or 0
        arms.append((key.text, total))
    if table is not None and len(table.pairs) > MOST_ARMS:
        found.error(table, f"more than {MOST_ARMS} ways", "Remove some", "too_many")
    if table is not None and len(arms) < 2:
        found.error(
            table, "'split' needs two ways at least", "Write 'split: {one_step: 50, other_step: 50}'", "no_value"
        )
    elif table is not None and total != 100:
        found.error(table, f"the shares make {total}, not 100", "Write percentages that add up to 100", "not_a_number")
    return Split(tuple(arms))


def compile_wait(key: Scalar, at: Section, desk: Desk, exits: Exits) -> Wait:
    found = desk.found
    wait = _length(at.get("wait"), desk)
    if "then" in at:
        lead(exits, "then", at.get("then"), desk)
    else:
        found.error(key, f"wait '{key.text}' leads nowhere", "Add 'then: step'", "no_exit")
    if "message" in at:
        lead(exits, "message", at.get("message"), desk)
    else:
        exits.append(("message", HANDED_OFF))
    if "else" in at and not wait.field:
        found.error(at.keys["else"], "'else' is for a wait until a field's day", "Remove it", "misplaced")
    if wait.field:
        lead(exits, "else", at.get("else") or at.get("then"), desk)
    _person(at, desk, exits)
    gather = duration_of(at.get("gather"), "gather", found, zero=True)
    if gather is not None and gather > LONGEST_GATHER:
        what = "'gather' is longer than a minute"
        found.error(at.keys["gather"], what, "The customer would wait: write 2s to 60s", "not_a_length")
    return Wait(
        wait.span, wait.working, wait.minute, wait.opens, wait.field, wait.before, desk.field(at.get("save"), "save"),
        desk.waiting.gather if gather is None else gather, wait.calendar, wait.line,
    )  # fmt: skip


def _length(node: Node | None, desk: Desk) -> Wait:
    found = desk.found
    if node is None or isinstance(node, Scalar):
        return Wait(span_of(node, "wait", found) or AT_ONCE)
    one = section(node, WAIT_KEYS, "wait", found)
    if one is None:
        return Wait()
    working, calendar = working_of(one, found)
    wait = _told(node, one, working, desk)
    return replace(wait, calendar=calendar, line=(one.get("calendar") or node).line)


def _told(node: Node, one: Section, working: bool, desk: Desk) -> Wait:
    """What the table under `wait` says besides whose time it is."""
    found = desk.found
    opens = OPEN not in desk.fields and text_of(one.get("until"), "until", found) == OPEN
    if ("for" in one) == ("until" in one) and not opens:
        found.error(
            node, "'wait' says neither 'for' nor 'until', or both", "Write 'for: 2h' or 'until: 10:00'", "contradiction"
        )
        return Wait()
    if "for" in one or opens:
        for key in ("at", "before"):
            if key in one:
                found.error(one.keys[key], f"'{key}' goes with the day of a field", "Remove it", "misplaced")
        return Wait(span_of(one.get("for"), "for", found, working=working) or AT_ONCE, opens=opens)
    return _until(one, working, desk)


def _until(one: Section, working: bool, desk: Desk) -> Wait:
    found = desk.found
    node = one.get("until")
    text = text_of(node, "until", found) or ""
    hour = _clock(one.get("at"), "at", desk)
    before = duration_of(one.get("before"), "before", found) or 0
    if text[:1].isdigit():
        if milliseconds(text) is not None:
            found.error(
                node or one.at,
                f"'{shown(text)}' is a length, not an hour",
                "Write 'for:' instead of 'until:'",
                "not_an_hour",
            )
        for key in ("at", "before"):
            if key in one:
                found.error(one.keys[key], f"'{key}' goes with the day of a field", "Remove it", "misplaced")
        return Wait(AT_ONCE, working, _clock(node, "until", desk) or 0)
    return Wait(AT_ONCE, working, hour, field=desk.field(node, "until"), before=before)


def _clock(node: Node | None, what: str, desk: Desk) -> int | None:
    text = text_of(node, what, desk.found)
    if node is None or text is None:
        return None
    minute = clock_of(text)
    if minute is None and milliseconds(text) is None:
        desk.found.error(node, f"'{what}' is '{shown(text)}': no hour of the day", "Write it like 10:00", "not_an_hour")
    elif minute is None and what == "at":
        what = f"'at' is '{shown(text)}', a length and no hour: it is taken for 10:00"
        desk.found.warn(node, what, "Write it like 10:00", "not_an_hour")
    return minute


def compile_call(key: Scalar, at: Section, desk: Desk, exits: Exits) -> Call:
    found = desk.found
    node = at.get("call")
    if isinstance(node, Scalar):
        one = None
        endpoint = name_of(node, "call", found) or ""
    else:
        one = section(node, CALL_KEYS, "call", found)
        endpoint = (name_of(one.get("endpoint"), "endpoint", found) or "") if one else ""
        if one is not None and "endpoint" not in one:
            found.error(
                node or at.at, "'call' names no endpoint", "Add 'endpoint: …', as the playbook calls it", "no_name"
            )
    send = tuple(desk.field(field, "a field") for field in items_of(one.get("send"), "send", found)) if one else ()
    table = table_of(one.get("keep"), "keep", found) if one else None
    keep = tuple((name.text, desk.field(field, "a field")) for name, field in (table.pairs if table else ()))
    patience = duration_of(one.get("patience"), "patience", found) if one else None
    if "then" in at:
        lead(exits, "then", at.get("then"), desk)
    else:
        found.error(key, f"call '{key.text}' leads nowhere", "Add 'then: step'", "no_exit")
    for exit_ in ("failed", "timeout"):
        onward = at.get(exit_) or at.get("failed")
        if onward is not None:
            lead(exits, exit_, onward, desk)
        else:
            exits.append((exit_, HANDED_OFF))
    _person(at, desk, exits)
    line = node.line if node else key.line
    return Call(endpoint, send, keep, CALL_PATIENCE if patience is None else patience, line)


def _person(at: Section, desk: Desk, exits: Exits) -> None:
    """Where a customer is led who asks for a person while the bot is waiting for something else."""
    named = at.get("person") or (desk.waiting.exits or {}).get("person")
    if named is not None:
        lead(exits, "person", named, desk)
    else:
        exits.append(("person", HANDED_OFF))


def compile_run(at: Section, desk: Desk) -> RunScript:
    name = name_of(at.get("run"), "run", desk.found) or ""
    return RunScript(name, at.keys["run"].line)


def compile_leave(at: Section, desk: Desk) -> Leave:
    found = desk.found
    one = section(at.get("hand_off"), LEAVE_KEYS, "hand_off", found)
    talk = plain(desk.language.labels["talk"])
    if one is None:
        return Leave("finished", "talk", talk)
    if "task" not in one:
        remedy = "Add 'task: …' under 'hand_off:'"
        found.error(at.keys["hand_off"], "the manager is not told what to do", remedy, "no_value")
    show = tuple(desk.field(node, "a field") for node in items_of(one.get("show"), "show", found))
    return Leave(
        name_of(one.get("reason"), "reason", found) or "finished",
        name_of(one.get("kind"), "kind", found) or "talk",
        desk.text(one.get("task"), "task") or talk,
        show,
        ends_of(one, found),
    )
