"""The text of a script → a `Script`, or all that is wrong with it. A script with an error is never compiled."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from bots.kit.graph import check, stopping
from bots.kit.languages import Language, known_languages, language
from bots.kit.machine import build, freeze
from bots.kit.problems import Problem, did_you_mean, has_errors, in_order, shown
from bots.kit.reader import Items, Scalar, read
from bots.kit.schema import Findings, Section, TooManyError, items_of, name_of, section, table_of, text_of
from bots.kit.script import ENDINGS, FILES, Ask, Leave, Script, Step, TaskAction
from bots.kit.steps import compile_step
from bots.kit.waiting import WAITING_KEYS, Desk, Waiting, waiting_of
from bots.kit.words import BUILT_IN, Anything, Said, Variants, plain

MOST_STEPS = 300

SCRIPT_KEYS = ("script", "language", "languages", "country", "start", "fields", "texts", *WAITING_KEYS, "steps")


def read_script(text: str, name: str, usual: Waiting | None = None) -> tuple[Script | None, list[Problem]]:
    """Compile a script. None where there is an error; warnings alone do not stop it.

    `name` is the script's machine name: the file's, without its ending. `usual` is how questions wait where the script
    does not say: the playbook's word.
    """
    node, form = read(text)
    found = Findings(form)
    if node is None:
        if not form:
            found.append(Problem(1, 1, "error", "the file is empty", "Begin with 'script: …' and 'steps:'", "empty"))
        return None, in_order(found)
    compiled = None
    with suppress(TooManyError):
        at = section(node, SCRIPT_KEYS, "a script", found)
        compiled = _compile(text, name, at, found, usual or Waiting()) if at is not None else None
    return (None if has_errors(found) else compiled), in_order(found)


def _compile(text: str, name: str, at: Section, found: Findings, usual: Waiting) -> Script | None:
    spoken = _language(at, found)
    fields = _fields(at, spoken, found)
    table = table_of(at.get("steps"), "steps", found)
    if table is None or not table.pairs:
        if "steps" not in at or table is not None:
            found.error(at.at, "the script has no steps", "Add 'steps:' and under it at least one step", "no_steps")
        return None
    if len(table.pairs) > MOST_STEPS:
        found.error(table, f"more than {MOST_STEPS} steps", "Split the script in two", "too_many")
        return None
    names = tuple(key.text for key, _ in table.pairs)
    for key, _ in table.pairs:
        name_of(key, "a step's name", found)
    languages = _languages(at, spoken, found)
    about = {key: said for key, said in usual.about.items() if key not in fields}
    fillable = {**fields, **about} if usual.certain else Anything(fields)
    desk = Desk(found, spoken, fields, {}, names, Waiting(), languages, fillable, about)
    desk = replace(desk, texts=_texts(at, spoken, desk))
    desk = replace(desk, waiting=waiting_of(at, desk, usual))
    steps: dict[str, Step] = {}
    exits: dict[str, list[tuple[str, str]]] = {}
    for key, node in table.pairs:
        steps[key.text], exits[key.text] = compile_step(key, node, desk)
    start = _start(at, names, found)
    check(start, exits, stopping(steps), {key.text: key for key, _ in table.pairs}, found)
    if has_errors(found):
        return None
    edges = [(source, exit_, dest) for source, leads in exits.items() for exit_, dest in leads]
    files = {
        answer.save
        for step in steps.values()
        if isinstance(step.finish, Ask)
        for answer in step.finish.answers
        if answer.kind in ("photo", "document")
    }
    return Script(
        name=name,
        title=text_of(at.get("script"), "script", found) or name,
        source=text,
        hash=hashlib.sha256(text.encode()).hexdigest(),
        language=spoken,
        country=(text_of(at.get("country"), "country", found) or spoken.country).upper(),
        start=start,
        steps=MappingProxyType(steps),
        fields=MappingProxyType(fields),
        files=frozenset({*files, FILES} - {""}),
        texts=MappingProxyType(dict(desk.texts)),
        edges=tuple(edges),
        passing=any(map(_passes, steps.values())),
        exits=freeze(build((*names, *ENDINGS), edges, start)),
        languages=languages,
    )


def _language(at: Section, found: Findings) -> Language:
    node = at.get("language")
    listed = at.get("languages")
    first = listed.nodes[0] if isinstance(listed, Items) and listed.nodes else None
    main = first.text if node is None and isinstance(first, Scalar) and language(first.text) else known_languages()[0]
    name = name_of(node, "language", found) or main
    spoken = language(name)
    if spoken is None:
        if node is not None:
            found.error(
                node,
                f"language '{shown(name)}' is not known",
                did_you_mean(name, known_languages()),
                "unknown_language",
            )
        spoken = language(known_languages()[0])
    if spoken is None:
        raise LookupError("no language is installed")
    country = at.get("country")
    if isinstance(country, Scalar) and not (
        len(country.text) == 2 and country.text.isascii() and country.text.isalpha()
    ):
        found.error(
            country, f"country '{shown(country.text)}' is not known", "Write two letters: RU, UA, KZ", "unknown_country"
        )
    return spoken


def _fields(at: Section, spoken: Language, found: Findings) -> dict[str, str]:
    fields: dict[str, str] = {name: name for name in BUILT_IN} | {FILES: spoken.labels["files"]}
    table = table_of(at.get("fields"), "fields", found)
    for key, node in table.pairs if table else ():
        name = name_of(key, "a field's name", found)
        title = text_of(node, f"the title of field '{shown(key.text)}'", found)
        if name in BUILT_IN:
            found.error(key, f"'{name}' is always there", "Remove it from 'fields:', or choose another name", "twice")
        elif name is not None:
            fields[name] = title or name
    return fields


def _languages(at: Section, spoken: Language, found: Findings) -> tuple[str, ...]:
    """The languages that texts are there in, the main one first."""
    languages = [spoken.name]
    for node in items_of(at.get("languages"), "languages", found):
        name = text_of(node, "a language", found)
        if name is None:
            continue
        if not (len(name) == 2 and name.isascii() and name.isalpha() and name.islower()):
            found.error(
                node, f"'{shown(name)}' is not a language", "Write its two letters: ru, uk, en", "unknown_language"
            )
        elif name not in languages:
            languages.append(name)
    return tuple(languages)


def _texts(at: Section, spoken: Language, desk: Desk) -> dict[str, Said]:
    """The bot's small talk, in each of the script's languages that we know; the script's own words go before."""
    known = [one for name in desk.languages if (one := language(name)) is not None]
    texts: dict[str, Said] = {
        key: plain(said)
        if len(known) < 2
        else Variants({(one.name, ""): plain(one.texts[key]) for one in known}, spoken.name)
        for key, said in spoken.texts.items()
    }
    own = section(at.get("texts"), spoken.texts, "texts", desk.found)
    for key, node in own.values.items() if own else ():
        said = desk.said(node, f"text '{key}'")
        if said is not None:
            texts[key] = said
    return texts


def _start(at: Section, names: tuple[str, ...], found: Findings) -> str:
    """The step that `start` names; the first one where it is not said."""
    node = at.get("start")
    name = text_of(node, "start", found)
    if node is None or name is None:
        return names[0]
    if name not in names:
        found.error(node, f"there is no step '{shown(name)}'", did_you_mean(name, names), "unknown_step")
        return names[0]
    return name


def _passes(step: Step) -> bool:
    """Whether it gives a task that ends with the stage."""
    given = any(isinstance(action, TaskAction) and action.ends for action in step.actions)
    return given or (isinstance(step.finish, Leave) and bool(step.finish.ends))
