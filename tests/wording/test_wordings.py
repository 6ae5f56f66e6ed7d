"""Every language has the same words with the same placeholders, whole and in its own letters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from string import Formatter
from typing import Any

import pytest

from bots.kit.checks import BUILT_IN as CHECKS
from bots.kit.duties import BUILT_IN as KINDS
from bots.kit.languages import Language, known_languages, spoken
from bots.robots.facts import BROUGHT, KNOWN
from gateway.reports import REPORTS
from gateway.wording import WORDINGS, Wording, words_in
from gateway.wording.russian import RUSSIAN

OTHERS = [language for language in WORDINGS if language != "ru"]
FOREIGN = {"ru": "[іїєґ’“”]", "uk": "[ыэёъ'\"“”]", "en": "[\u0400-\u04ff«»№'\"]"}
"""What has no place in a text of the language."""
TABLES = ("texts", "labels", "unfit", "kinds", "checks", "known")


def texts(one: Wording | Language, names: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each text by where it stands."""
    for name in names or [field.name for field in fields(one)]:
        value = getattr(one, name)
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", text) for key, text in value.items())
        elif isinstance(value, tuple):
            yield from ((f"{name}.{place}", text) for place, text in enumerate(value))
        else:
            yield name, value


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_whatever_bots_speak_those_who_work_here_can_read():
    assert set(WORDINGS) == set(known_languages())


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_words_with_the_same_placeholders(language: str):
    theirs = {place: holes(text) for place, text in texts(words_in(language))}
    assert theirs == {place: holes(text) for place, text in texts(RUSSIAN)}


@pytest.mark.parametrize("language", OTHERS)
def test_bots_have_the_same_words_for_managers_in_every_language(language: str):
    theirs = {place: holes(text) for place, text in texts(spoken(language), TABLES)}
    assert theirs == {place: holes(text) for place, text in texts(spoken("ru"), TABLES)}
    assert holes(spoken(language).too_old) == {"stage_title"}


@pytest.mark.parametrize("language", WORDINGS)
def test_whatever_is_built_in_has_a_title(language: str):
    known = spoken(language)
    assert (set(known.kinds), set(known.checks), set(known.known)) == (set(KINDS), set(CHECKS), {*KNOWN, *BROUGHT})
    assert all([*known.kinds.values(), *known.checks.values(), *known.known.values()])


@pytest.mark.parametrize("language", WORDINGS)
def test_every_number_of_a_report_has_a_heading_of_its_own(language: str):
    said = words_in(language).report
    for kind in (one for ways in REPORTS.values() for one in ways.values()):
        heads = [
            said[name] for name in ("from", "to", *kind.dims, "title", *(one.name for one in kind.columns), "hint")
        ]
        assert len({*heads}) == len(heads), kind.name


@pytest.mark.parametrize("language", WORDINGS)
def test_a_filled_in_text_has_all_that_was_given_and_no_sign_of_another_language(language: str):
    words = words_in(language)
    given: dict[str, Any] = {name: f"<{name}>" for _, text in texts(RUSSIAN) for name in holes(text)}
    for key, text in words.lines.items():
        assert all(given[name] in words.line(key, **given) for name in holes(text))
    said = [text.format(**given) if holes(text) - {""} else text for _, text in texts(words)]
    said += [text for _, text in texts(spoken(language), TABLES)]
    assert [text for text in said if not text.strip() and text != words.thousands] == []
    assert [text for text in said if re.search(FOREIGN[language], text, re.IGNORECASE)] == []


def test_a_value_that_is_not_there_leaves_no_colon_behind():
    assert [words_in(one).line("closed", why="") for one in ("ru", "uk", "en")] == [
        "Сделка закрыта",
        "Угоду закрито",
        "Deal closed",
    ]


@pytest.mark.parametrize(
    ("language", "minor", "written"),
    [
        ("ru", 123_456_789, "1\u00a0234\u00a0567,89"),
        ("uk", 1_234_500, "12\u00a0345"),
        ("en", 123_456_789, "1,234,567.89"),
        ("en", -50_005, "-500.05"),
        ("en", 0, "0"),
    ],
)
def test_money_is_written_as_the_shops_people_write_it(language: str, minor: int, written: str):
    assert words_in(language).money(minor) == written


@pytest.mark.parametrize(
    ("language", "written"), [("ru", "05.03.2026 09:07"), ("uk", "05.03.2026 09:07"), ("en", "05 Mar 2026 09:07")]
)
def test_a_moment_is_written_as_the_shops_people_write_it(language: str, written: str):
    assert words_in(language).moment(datetime(2026, 3, 5, 9, 7)) == written  # noqa: DTZ001 - as a clock on the wall


@pytest.mark.parametrize(
    ("language", "form", "other"),
    [
        ("ru", "форма на сайте «callback»", "Viber"),
        ("uk", "форма на сайті «callback»", "Viber"),
        ("en", "website form “callback”", "Viber"),
    ],
)
def test_sources_are_called_as_the_shops_people_call_them(language: str, form: str, other: str):
    words = words_in(language)
    assert (words.source_title("form:callback"), words.source_title("viber")) == (form, other)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("ru", "«a.exe» — не сохранён, такие файлы не принимаются"),
        ("uk", "«a.exe» — не збережено, такі файли не приймаються"),
        ("en", "“a.exe” — not kept, such files are not accepted"),
    ],
)
def test_a_file_that_was_not_kept_is_told_of_with_its_name(language: str, told: str):
    assert words_in(language).mail_left("a.exe", "type") == told
