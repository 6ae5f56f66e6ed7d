"""One step of a script: its table of keys → the compiled step and its exits.

The keys of a step read aloud in the order in which they happen: set, tag, move, say, and then one of ask, then,
hand_off, end.
"""

from dataclasses import replace

from bots.kit.answers import menu
from bots.kit.effects import Choice
from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import (
    Section,
    items_of,
    name_of,
    section,
    table_of,
    text_of,
    texts_of,
    whole_of,
)
from bots.kit.script import (
    FINISHED,
    HANDED_OFF,
    KINDS,
    TIMED_OUT,
    Action,
    Answer,
    Ask,
    End,
    Finish,
    Leave,
    MoveAction,
    Option,
    SayAction,
    SetAction,
    Silence,
    Step,
    TagAction,
    Then,
)
from bots.kit.waiting import WAITING_KEYS, Desk, lead, waiting_of
from bots.kit.words import plain

MOST_OPTIONS = 30
LONGEST_LABEL = 80

_ASK_KEYS = ("choices", "answer", "save", "hint", "media", *WAITING_KEYS)
STEP_KEYS = ("set", "tag", "move", "say", "ask", *_ASK_KEYS, "then", "hand_off", "end")


def compile_step(key: Scalar, node: Node, desk: Desk) -> tuple[Step, list[tuple[str, str]]]:
    """The step and its exits, as (exit, step or ending)."""
    found = desk.found
    at = section(node, STEP_KEYS, f"step '{key.text}'", found)
    if at is None:
        return Step(key.text, key.line, (), End("")), []
    exits: list[tuple[str, str]] = []
    actions = _actions(at, desk)
    chosen = [word for word in ("ask", "hand_off", "end") if word in at]
    if len(chosen) > 1:
        found.error(at.keys[chosen[1]], f"a step cannot both '{chosen[0]}' and '{chosen[1]}'", "Make two steps of it")
    finish: Finish = End("")
    if "ask" not in at:
        for word in _ASK_KEYS:
            if word in at:
                found.error(
                    at.keys[word], f"'{word}' stands in a step without 'ask'", "Add 'ask: …', or remove the line"
                )
    match chosen[0] if chosen else "then":
        case "ask":
            finish = _ask(key, at, desk, exits)
        case "hand_off":
            finish = _leave(at, desk)
            exits.append(("hand_off", HANDED_OFF))
        case "end":
            finish = End(name_of(at.get("end"), "end", found) or "done")
            exits.append(("end", FINISHED))
        case _ if "then" in at:
            finish = Then()
            lead(exits, "then", at.get("then"), desk)
        case _:
            found.error(
                key, f"step '{key.text}' has no exit", "Add one of: 'then: step', 'ask: …', 'hand_off: …', 'end: done'"
            )
    if chosen and chosen[0] != "ask" and "then" in at:
        found.error(at.keys["then"], f"nothing comes after '{chosen[0]}'", "Remove 'then'")
    return Step(key.text, key.line, actions, finish), exits


def _actions(at: Section, desk: Desk) -> tuple[Action, ...]:
    actions: list[Action] = []
    table = table_of(at.get("set"), "set", desk.found)
    for key, node in table.pairs if table else ():
        name = desk.field(key, "a field")
        value = desk.text(node, f"the value of '{shown(key.text)}'")
        if name and value is not None:
            actions.append(SetAction(name, value))
    actions.extend(TagAction(tag) for tag in texts_of(at.get("tag"), "tag", desk.found))
    stage = name_of(at.get("move"), "move", desk.found)
    if stage is not None:
        actions.append(MoveAction(stage, at.keys["move"].line))
    said = desk.text(at.get("say"), "say")
    if said is not None:
        actions.append(SayAction(said))
    return tuple(actions)


def _leave(at: Section, desk: Desk) -> Leave:
    found = desk.found
    one = section(at.get("hand_off"), ("reason", "kind", "task", "show"), "hand_off", found)
    talk = plain(desk.language.labels["talk"])
    if one is None:
        return Leave("finished", "talk", talk)
    if "task" not in one:
        found.error(at.keys["hand_off"], "the manager is not told what to do", "Add 'task: …' under 'hand_off:'")
    show = tuple(desk.field(node, "a field") for node in items_of(one.get("show"), "show", found))
    return Leave(
        name_of(one.get("reason"), "reason", found) or "finished",
        name_of(one.get("kind"), "kind", found) or "talk",
        desk.text(one.get("task"), "task") or talk,
        show,
    )


def _ask(key: Scalar, at: Section, desk: Desk, exits: list[tuple[str, str]]) -> Ask:
    found = desk.found
    waiting = waiting_of(at, desk, desk.waiting)
    open_exits: list[str] = []
    options, words = _options(at, desk, exits, open_exits)
    answers = _answers(at, desk, exits, open_exits)
    kinds = {answer.kind for answer in answers}
    if not options and not answers and "media" not in at:
        found.error(at.keys["ask"], f"question '{key.text}' takes no answer", "Add 'choices:' or 'answer:' under it")
    # `then` of a question is the way on for every answer that names none of its own.
    for exit_ in open_exits:
        if "then" in at:
            lead(exits, exit_, at.get("then"), desk)
        else:
            found.error(key, f"{exit_} of step '{key.text}' has no exit", "Add 'then: step' to it, or to the question")
    if "then" in at and not open_exits:
        found.warn(at.keys["then"], "'then' is never used: every answer leads on by itself", "Remove it")
    lead(exits, "media", at.get("media"), desk)
    named = waiting.exits or {}
    for exit_, ending in (("not_understood", HANDED_OFF), ("person", HANDED_OFF), ("silence", TIMED_OUT)):
        if exit_ in named:
            lead(exits, exit_, named[exit_], desk)
        else:
            exits.append((exit_, ending))
    default = "choice" if options else answers[0].kind if answers else "photo"
    recogniser, clashes = menu(
        [(name, one.label, said) for (name, said), one in zip(words, options, strict=True)], desk.language
    )
    for place, word in clashes:
        what = f"'{shown(word)}' is claimed by two choices, the later is '{words[place][0]}'"
        found.warn(at.get("choices") or at.at, what, "Keep the word in one of them")
    return Ask(
        question=desk.text(at.get("ask"), "ask") or plain("…"),
        options=options,
        buttons=tuple(Choice(name, one.label) for (name, _), one in zip(words, options, strict=True)),
        menu=recogniser if options else None,
        save=desk.field(at.get("save"), "save"),
        answers=answers,
        hint=desk.text(at.get("hint"), "hint") or desk.texts[default],
        tries=waiting.tries,
        gather=waiting.gather,
        silence=Silence(waiting.patience, waiting.reminders, waiting.reason, at.keys["ask"].line),
        gathers=bool(kinds & {"text", "vin", "photo"}) or "media" in at,
        wants_phone="phone" in kinds,
        takes_media="media" in at,
    )


def _options(
    at: Section, desk: Desk, exits: list[tuple[str, str]], open_exits: list[str]
) -> tuple[tuple[Option, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The options of a menu, and beside them their keys and words."""
    found = desk.found
    table = table_of(at.get("choices"), "choices", found)
    if table is None:
        return (), ()
    if not table.pairs:
        found.error(table, "the menu is empty", "List at least one choice")
    if len(table.pairs) > MOST_OPTIONS:
        found.error(table, f"more than {MOST_OPTIONS} choices", "Split the menu into two questions")
    options: list[Option] = []
    words: list[tuple[str, tuple[str, ...]]] = []
    for place, (key, node) in enumerate(table.pairs[:MOST_OPTIONS]):
        exit_ = f"choice {place + 1}"
        one = section(node, ("label", "words", "then"), f"choice '{shown(key.text)}'", found)
        name = name_of(key, "a choice", found) or exit_
        label = text_of(one.get("label"), "label", found) if one else None
        if one is not None and "label" not in one:
            found.error(key, f"choice '{shown(key.text)}' has no label", "Add 'label: …': what the customer sees")
        if label is not None and len(label) > LONGEST_LABEL:
            found.error(
                key, f"the label of '{shown(key.text)}' is longer than {LONGEST_LABEL} characters", "Shorten it"
            )
        options.append(Option((label or key.text).strip(), exit_))
        words.append((name, texts_of(one.get("words"), "words", found) if one else ()))
        if one is not None and "then" in one:
            lead(exits, exit_, one.get("then"), desk)
        elif one is not None:
            open_exits.append(exit_)
    return tuple(options), tuple(words)


def _answers(at: Section, desk: Desk, exits: list[tuple[str, str]], open_exits: list[str]) -> tuple[Answer, ...]:
    found = desk.found
    inside = section(at.get("answer"), KINDS, "answer", found)
    answers: list[Answer] = []
    if inside is None:
        return ()
    for kind in sorted(
        (kind for kind in KINDS if kind in inside),
        key=lambda kind: inside.keys[kind].line * 10_000 + inside.keys[kind].column,
    ):
        bounds = ("min", "max") if kind == "number" else ()
        one = section(inside.get(kind), ("save", "then", *bounds), f"answer '{kind}'", found)
        answer = Answer(kind, "", f"answer {kind}")
        if one is not None:
            low = whole_of(one.get("min"), "min", -(10**9), 10**9, found)
            high = whole_of(one.get("max"), "max", -(10**9), 10**9, found)
            answer = replace(
                answer, save=desk.field(one.get("save"), "save"), low=low or 0, high=10**9 if high is None else high
            )
            if answer.low > answer.high:
                found.error(inside.keys[kind], "min is greater than max", "Swap them")
            if "then" in one:
                lead(exits, answer.exit, one.get("then"), desk)
            else:
                open_exits.append(answer.exit)
        answers.append(answer)
    return tuple(answers)
