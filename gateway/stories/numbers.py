"""Reports in a story: a line of one, and the deals that stand behind each of its counts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bots.kit.problems import shown
from gateway.api import reporting
from gateway.reports import REPORTS
from gateway.stories.asking import MOST, asked, by, viewer
from gateway.stories.scene import Scene, Unseen
from gateway.stories.seeing import Sight, has, listed, must
from gateway.stories.words import BadLine, Words
from state.records import Person


def report(words: Words) -> Sight:
    """A line of a report, and as many deals behind each of its counts as it says."""
    name = words.one_of(REPORTS, "report")
    ways = [way for way in REPORTS[name] if way]
    way = next((one for one in ways if words.take(one)), ways[0] if ways else "")
    kind = REPORTS[name][way]
    funnel = words.word("a funnel") if words.take("of") else ""
    since = _day(words) if words.take("from") else None
    line, eyes = words.word("a line"), by(words)
    values = words.named(["hint", *(one.name for one in kind.columns)])
    hint = values.pop("hint", None)

    async def see(scene: Scene, wanted: bool) -> None:
        who, narrow = viewer(scene, eyes), {"funnel": funnel, "since": since}
        made = await asked(scene, who, reporting.get_report, name, by=way or None, **narrow)
        found = _line(made["lines"], line)
        holds = found is not None and all(said(found["values"][one]) == value for one, value in values.items())
        holds = holds and hint in (None, found["hint"])
        must(holds, wanted, _told(made["lines"], found, values))
        units = {one.name: one.unit for one in kind.columns}
        for one in values if found and wanted else ():
            if units[one] == "count":
                await _open(scene, who, name, found["rows"][one], int(found["values"][one]))

    return see


def _day(words: Words) -> date:
    said_ = words.word("a day")
    try:
        return date.fromisoformat(said_)
    except ValueError:
        raise BadLine(f"'{shown(said_)}' is no day", "Write from 2026-03-01") from None


def _line(lines: Sequence[Mapping[str, Any]], title: str) -> Any:
    """By its title, else by a part of it or by its key; `total`: of all."""
    if title == "total":
        return next((one for one in lines if not one["key"]), None)
    whole = (one for one in lines if one["key"] and (one["title"] == title or title in one["key"].values()))
    return next(whole, None) or next((one for one in lines if one["key"] and has(one["title"], title)), None)


def _told(lines: Sequence[Mapping[str, Any]], found: Any, values: Mapping[str, str]) -> str:
    if found is None:
        return f"the report has lines {listed([one['title'] or 'total' for one in lines])}"
    shown_ = {name: found["values"][name] for name in values or found["values"]}
    return f"the report says {', '.join(f'{name}={said(value)}' for name, value in shown_.items())} {found['hint']}".strip()


def said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "—" if value is None else str(value)


async def _open(scene: Scene, who: Person, name: str, link: str, n: int) -> None:
    """What a console does when the number is pressed."""
    query = dict(parse_qsl(urlsplit(link).query))
    given = {key: query[key] for key in ("what", "line", "by", "funnel", "source", "channel") if key in query}
    more = {"manager": int(query["manager"])} if "manager" in query else {}
    since, until = (date.fromisoformat(query[one]) for one in ("from", "to"))
    rows = await asked(
        scene, who, reporting.get_report_rows, name, **given, **more, since=since, until=until, limit=MOST
    )
    if len(rows["items"]) != min(n, MOST):
        raise Unseen(f"{n} are counted, and behind them are {len(rows['items'])}")
