"""Facts that lasted, read whole: all stays or waits of a period, in one look.

They come as text. Half a million rows by the driver cost as much as finding them, and on PostgreSQL the loop would stand still until the
last of them is there. Of the text a piece is read at a time, and used while it is at hand.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Select, Text, cast, func, literal, select, union_all

from state.facts import Facts, Key
from state.records import Instant

_AT_ONCE: Final = 200_000
"""Characters: what is made of so many still lies near the processor when it is used, and the loop waits for no more."""
_Times = tuple[list[Instant], list[Instant]]


@dataclass(frozen=True, slots=True)
class Lot:
    """Facts that are alike in all but their time."""

    key: Key
    """The line that they stand in."""
    funnel: str
    flags: frozenset[str]
    began: list[Instant]
    ended: list[Instant]


@dataclass(frozen=True, slots=True)
class Lots:
    since: Instant
    """Nothing began before, and nothing ended after."""
    until: Instant
    each: Iterator[Lot]


def read(conn: Connection, facts: Facts) -> Lots:
    flags = [flag for flag in facts.counts.values() if flag]
    words = tuple(dict.fromkeys((*facts.dims, "funnel", *flags)))
    if conn.dialect.name == "sqlite":
        rows = conn.execute(union_all(*(_in_lines(arm, words) for arm in facts.arms or (facts.found,)))).all()
        alike = _sorted_out(rows, len(words))
    else:
        rows = conn.execute(_in_groups(facts.found, words)).all()
        alike = _apart(rows, len(words))
    since = min((row[-2] for row in rows if row[-2] is not None), default=0)
    until = max((row[-1] for row in rows if row[-1] is not None), default=0)
    return Lots(since, until, _lots(alike, words, len(facts.dims), flags))


def _in_lines(arm: Select[Any], words: Sequence[str]) -> Select[Any]:
    """For SQLite, which would sort all of them for groups; and copy each, were they handed on from several arms."""
    one = arm.subquery().c
    line = func.json_array(*(one[name] for name in words), one.began, one.ended)
    return select(func.group_concat(line, literal("\n")), func.min(one.began), func.max(one.ended))


def _in_groups(found: Select[Any], words: Sequence[str]) -> Select[Any]:
    one = found.subquery().c
    told = [one[name] for name in words]
    pair = cast(one.began, Text) + "," + func.coalesce(cast(one.ended, Text), "null")
    pairs = func.string_agg(pair, literal("\n"))
    return select(*told, pairs, func.min(one.began), func.max(one.ended)).group_by(*told)


def _sorted_out(rows: Sequence[Any], width: int) -> Iterator[tuple[Key, _Times]]:
    told: Callable[[Any], Any] = itemgetter(*range(width)) if width > 1 else lambda line: (line[0],)
    began, ended = itemgetter(width), itemgetter(width + 1)
    for text, _, _ in rows:
        for piece in _pieces(text or ""):
            alike = defaultdict[Key, _Times](lambda: ([], []))
            lines = orjson.loads("[" + piece.replace("\n", ",") + "]")
            for said, first, last in zip(map(told, lines), map(began, lines), map(ended, lines), strict=True):
                firsts, lasts = alike[said]
                firsts.append(first)
                lasts.append(last)
            yield from alike.items()


def _apart(rows: Sequence[Any], width: int) -> Iterator[tuple[Key, _Times]]:
    for row in rows:
        for piece in _pieces(row[width]):
            times = orjson.loads("[" + piece.replace("\n", ",") + "]")
            yield tuple(row[:width]), (times[::2], times[1::2])


def _pieces(text: str) -> Iterator[str]:
    """Of whole lines."""
    at = 0
    while at < len(text):
        end = text.find("\n", at + _AT_ONCE)
        end = len(text) if end < 0 else end
        yield text[at:end]
        at = end + 1


def _lots(alike: Iterator[tuple[Key, _Times]], words: Sequence[str], dims: int, flags: Sequence[str]) -> Iterator[Lot]:
    for told, (began, ended) in alike:
        said = dict(zip(words, told, strict=True))
        yield Lot(told[:dims], said["funnel"], frozenset(flag for flag in flags if said[flag]), began, ended)
