"""A question of a script: its choices, the kinds of answer it takes, how it waits, and where each leads."""

from dataclasses import replace

from bots.kit.answers import menu, normalise
from bots.kit.effects import Choice
from bots.kit.languages import language
from bots.kit.patterns import only_latin, pattern
from bots.kit.problems import shown
from bots.kit.reader import Node, Scalar, Table
from bots.kit.schema import Section, name_of, section, table_of, text_of, texts_of, whole_of, yes_of
from bots.kit.script import GATHERED, HANDED_OFF, KINDS, TIMED_OUT, Answer, AnswerKind, Ask, Option, Silence
from bots.kit.waiting import WAITING_KEYS, Desk, lead, waiting_of
from bots.kit.words import Variants, plain, wordings

MOST_OPTIONS = 30
MOST_WORDS = 1_000
"""Of all choices of a question."""
LONGEST_LABEL = 80

ASK_KEYS = ("choices", "answer", "save", "hint", "media", *WAITING_KEYS)
CHOICE_KEYS = ("label", "words", "then")
ANSWER_KEYS = ("save", "then")
"""Of every kind of answer; some have keys of their own."""
OWN_KEYS: dict[AnswerKind, tuple[str, ...]] = {
    "number": ("min", "max"),
    "date": ("past",),
    "words": ("list",),
    "pattern": ("match",),
    "text": ("first",),
}

Exits = list[tuple[str, str]]


def compile_ask(key: Scalar, at: Section, desk: Desk, exits: Exits) -> Ask:
    found = desk.found
    waiting = waiting_of(at, desk, desk.waiting)
    open_exits: list[str] = []
    options, words = _options(at, desk, exits, open_exits)
    answers = _answers(at, desk, exits, open_exits)
    kinds = {answer.kind for answer in answers}
    if not options and not answers and "media" not in at:
        what = f"question '{key.text}' takes no answer"
        found.error(at.keys["ask"], what, "Add 'choices:' or 'answer:' under it", "no_answer")
    # `then` of a question is the way on for every answer that names none of its own.
    for exit_ in open_exits:
        if "then" in at:
            lead(exits, exit_, at.get("then"), desk)
        else:
            what = f"{exit_} of step '{key.text}' has no exit"
            found.error(key, what, "Add 'then: step' to it, or to the question", "no_exit")
    if "then" in at and not open_exits:
        found.warn(at.keys["then"], "'then' is never used: every answer leads on by itself", "Remove it", "unused")
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
        found.warn(at.get("choices") or at.at, what, "Keep the word in one of them", "twice")
    return Ask(
        question=desk.said(at.get("ask"), "ask") or plain("…"),
        options=options,
        buttons=tuple(Choice(name, one.label) for (name, _), one in zip(words, options, strict=True)),
        menu=recogniser if options else None,
        save=desk.field(at.get("save"), "save"),
        answers=answers,
        hint=desk.said(at.get("hint"), "hint") or desk.texts[default],
        tries=waiting.tries,
        gather=waiting.gather,
        silence=Silence(waiting.patience, waiting.reminders, waiting.reason, at.keys["ask"].line),
        gathers=bool(kinds & GATHERED) or "media" in at,
        wants_phone="phone" in kinds,
        takes_media="media" in at,
        worded=any(option.worded for option in options),
    )


# -- choices -----------------------------------------------------------------------------------------------------------


def _options(
    at: Section, desk: Desk, exits: Exits, open_exits: list[str]
) -> tuple[tuple[Option, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The options of a menu, and beside them their keys and words."""
    found = desk.found
    table = table_of(at.get("choices"), "choices", found)
    if table is None:
        return (), ()
    if not table.pairs:
        found.error(table, "the menu is empty", "List at least one choice", "no_answer")
    if len(table.pairs) > MOST_OPTIONS:
        found.error(table, f"more than {MOST_OPTIONS} choices", "Split the menu into two questions", "too_many")
    options: list[Option] = []
    words: list[tuple[str, tuple[str, ...]]] = []
    listed = 0
    for place, (key, node) in enumerate(table.pairs[:MOST_OPTIONS]):
        exit_ = f"choice {place + 1}"
        one = section(node, CHOICE_KEYS, f"choice '{shown(key.text)}'", found)
        name = name_of(key, "a choice", found) or exit_
        label, worded = _label(key, one, desk) if one else ("", None)
        options.append(Option((label or key.text).strip(), exit_, worded, key.line))
        said = texts_of(one.get("words"), "words", found) if one else ()
        others = tuple(text.plain or "" for text in wordings(worded)) if worded else ()
        listed += len(said)
        if listed > MOST_WORDS:
            found.error(
                one.keys["words"] if one else key,
                f"more than {MOST_WORDS} words in one menu",
                "Remove some, or ask for a text",
                "too_many",
            )
            said = ()
        words.append((name, tuple(dict.fromkeys((*said, *others, *_yes_or_no(name, desk))))))
        if one is not None and "then" in one:
            lead(exits, exit_, one.get("then"), desk)
        elif one is not None:
            open_exits.append(exit_)
    return tuple(options), tuple(words)


def _yes_or_no(name: str, desk: Desk) -> tuple[str, ...]:
    """How people say yes or no in the script's other languages; of the main one the menu knows it."""
    others = [one for code in desk.languages[1:] if (one := language(code)) is not None]
    return tuple(word for one in others for word in {"yes": one.yes, "no": one.no}.get(name, ()))


def _label(key: Scalar, at: Section, desk: Desk) -> tuple[str, Variants | None]:
    """What the customer sees: one text, or a table of its wordings. Nothing is filled into it."""
    found, node = desk.found, at.get("label")
    if node is None:
        found.error(
            key, f"choice '{shown(key.text)}' has no label", "Add 'label: …': what the customer sees", "no_label"
        )
        return "", None
    if isinstance(node, Table):
        said = desk.said(node, "label")
        worded = said if isinstance(said, Variants) else None
        label = worded.pick(desk.languages[0], "").plain or "" if worded else ""
        if worded and any(text.plain is None for text in wordings(worded)):
            found.error(node, "nothing can be filled into a label", "Write it out, without braces", "placeholder")
    else:
        worded, label = None, text_of(node, "label", found) or ""
        if len(desk.languages) > 1 and label:
            desk.missing(node, "label")
        if "{" in label:
            what = "nothing can be filled into a label: customers see the braces"
            found.warn(node, what, "Write it out, without braces", "placeholder")
    longest = max([len(label), *(len(text.plain or "") for text in wordings(worded))]) if worded else len(label)
    if longest > LONGEST_LABEL:
        what = f"the label of '{shown(key.text)}' is longer than {LONGEST_LABEL} characters"
        found.error(key, what, "Shorten it", "too_long")
    return label, worded


# -- kinds of answer ---------------------------------------------------------------------------------------------------


def _answers(at: Section, desk: Desk, exits: Exits, open_exits: list[str]) -> tuple[Answer, ...]:
    found = desk.found
    inside = section(at.get("answer"), KINDS, "answer", found)
    answers: list[Answer] = []
    if inside is None:
        return ()
    for kind in sorted(
        (kind for kind in KINDS if kind in inside),
        key=lambda kind: inside.keys[kind].line * 10_000 + inside.keys[kind].column,
    ):
        answer = Answer(kind, "", f"answer {kind}")
        one = section(inside.get(kind), (*ANSWER_KEYS, *OWN_KEYS.get(kind, ())), f"answer '{kind}'", found)
        if one is not None:
            answer = _own(replace(answer, save=desk.field(one.get("save"), "save")), inside.keys[kind], one, desk)
            if "then" in one:
                lead(exits, answer.exit, one.get("then"), desk)
            else:
                open_exits.append(answer.exit)
        answers.append(answer)
    taken = next((place for place, answer in enumerate(answers) if answer.kind == "text"), len(answers))
    for late in answers[taken + 1 :]:
        if late.kind not in ("photo", "document"):
            what = f"answer '{late.kind}' comes after 'text', which takes every text"
            found.warn(inside.keys[late.kind], what, "Put 'text' last", "unreachable_answer")
    return tuple(answers)


def _own(answer: Answer, key: Scalar, at: Section, desk: Desk) -> Answer:
    """What only some kinds have: bounds, a list of phrases, a pattern."""
    found = desk.found
    match answer.kind:
        case "number":
            low = whole_of(at.get("min"), "min", -(10**9), 10**9, found)
            high = whole_of(at.get("max"), "max", -(10**9), 10**9, found)
            answer = replace(answer, low=low or 0, high=10**9 if high is None else high)
            if answer.low > answer.high:
                found.error(key, "'min' is greater than 'max'", "Swap them", "contradiction")
            return answer
        case "date":
            return replace(answer, past=yes_of(at.get("past"), "past", found))
        case "text":
            return replace(answer, first=yes_of(at.get("first"), "first", found))
        case "words":
            said = texts_of(at.get("list"), "list", found)
            phrases = tuple((bare, one.strip()) for one in said if (bare := normalise(one)))
            if not phrases:
                found.error(key, "answer 'words' lists no words", "Add 'list: [first word, second word]'", "no_value")
            return replace(answer, phrases=phrases)
        case "pattern":
            return _patterned(answer, key, at.get("match"), desk)
        case _:
            return answer


def _patterned(answer: Answer, key: Scalar, node: Node | None, desk: Desk) -> Answer:
    source = text_of(node, "match", desk.found)
    if node is None or source is None:
        desk.found.error(key, "answer 'pattern' has no pattern", "Add 'match: …', in single quotes", "no_value")
        return answer
    compiled, wrong = pattern(source, desk.scale)
    for what, remedy in wrong:
        desk.found.error(node, what, remedy, "pattern")
    if compiled is not None and only_latin(source):
        what = "the pattern matches Latin letters only: no Russian answer"
        desk.found.warn(node, what, "Write [а-яё] or \\p{L} for letters", "latin_pattern")
    return replace(answer, pattern=compiled)
