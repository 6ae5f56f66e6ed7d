"""What people are shown in a story: lists, previews, reports and findings, as the console asks the API for them."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

from bots.kit.problems import shown
from gateway.api import audit, deals, merges, playbook, reporting, tasks, templates, waybills
from gateway.reports import REPORTS
from gateway.stories.asking import HEAD, asked
from gateway.stories.scene import Scene, Unseen
from gateway.stories.seeing import Sight, flat, has, listed, must
from gateway.stories.words import BadLine, Words
from state.records import Person

_SHEET: Final = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_MOST: Final = 100
_FILTERS: Final = ("funnel", "stage", "phone", "q", "responsible", "open")
_ON_WAYBILL: Final = {
    "name": "RecipientName", "phone": "RecipientsPhone", "city": "RecipientCityName", "office": "RecipientAddressName",
    "cost": "Cost", "cod": "RedeliveryString", "description": "Description",
}  # fmt: skip
_NOBODY: Final[Mapping[str, Any]] = {"id": 0, "name": "nobody"}
_OF_FINDINGS: Final = ("for", "status", "severity", "says")


def _who(scene: Scene, name: str) -> Person:
    if not name:
        return HEAD
    if name not in scene.staff:
        raise Unseen(f"nobody called '{shown(name)}' works here")
    return scene.staff[name]


def _by(words: Words) -> str:
    return words.word("a name") if words.take("by") else ""


# -- lists -------------------------------------------------------------------------------------------------------------


def _listed(words: Words) -> Sight:
    """A customer's deal stands in the list, or in the column, that these filters make."""
    customer, by = words.word("a customer"), _by(words)
    filters: dict[str, Any] = words.named(_FILTERS)

    async def see(scene: Scene, wanted: bool) -> None:
        narrowed = dict(filters)
        if "open" in narrowed:
            narrowed["open"] = narrowed["open"] == "yes"
        if narrowed.get("responsible", "none") not in ("me", "none"):
            narrowed["responsible"] = _who(scene, narrowed["responsible"]).id
        answer = await asked(scene, _who(scene, by), deals.list_deals, limit=_MOST, **narrowed)
        names = [one["contact"]["name"] for one in answer["items"]]
        must(any(has(name, customer) for name in names), wanted, f"the list has {listed(names)}")

    return see


def _timeline(words: Words) -> Sight:
    """Managers can read it in the deal, whosever it is."""
    text, by = words.word("a text"), _by(words)

    async def see(scene: Scene, wanted: bool) -> None:
        deal, who, entries, onward = await scene.deal(), _who(scene, by), list[str](), None
        while True:
            page = await asked(scene, who, deals.get_timeline, deal["id"], limit=_MOST, cursor=onward)
            entries += [one["text"] for one in page["items"]]
            if (onward := page["next"]) is None:
                break
        must(any(has(one, text) for one in entries), wanted, f"there stands {listed(entries[-12:])}")

    return see


def _todo(words: Words) -> Sight:
    """A task stands in somebody's own list, whichever deal it is of."""
    whose, text = words.word("a name"), words.quoted() or ""
    overdue = words.take("overdue") or None

    async def see(scene: Scene, wanted: bool) -> None:
        who = _who(scene, whose)
        answer = await asked(scene, who, tasks.list_tasks, responsible="me", state="open", overdue=overdue, limit=_MOST)
        texts = [one["text"] for one in answer["items"]]
        must(any(has(one, text) for one in texts), wanted, f"their list has {listed(texts)}")

    return see


def _criteria(words: Words) -> Sight:
    """What the playbook says is true of a deal in this stage."""
    text = words.word("a text")

    async def see(scene: Scene, wanted: bool) -> None:
        deal = await scene.deal()
        funnels = (await asked(scene, HEAD, playbook.show_playbook))["funnels"]
        said_ = next(
            one["criteria"]
            for funnel in funnels
            if funnel["name"] == deal["funnel"]
            for one in funnel["stages"]
            if one["name"] == deal["stage"]
        )
        must(has(said_, text), wanted, f"the criteria of {deal['stage']} are «{said_}»")

    return see


def _directory(words: Words) -> Sight:
    """What the carrier's directory offers for what was typed: `directory "Льв" Львів`, `directory Львів "№7" 7`."""
    typed = [words.word("what is typed"), words.word("what is offered")]
    city = typed.pop(0) if words.more else ""
    q, name = typed if not city else (typed[0], words.word("an office's number"))
    words.end()

    async def see(scene: Scene, wanted: bool) -> None:
        if city:
            found = [
                one["number"] for one in (await asked(scene, HEAD, waybills.find_offices, city=city, q=q))["items"]
            ]
        else:
            found = [one["name"] for one in (await asked(scene, HEAD, waybills.find_cities, q=q))["items"]]
        must(name in found, wanted, f"offered are {listed(found)}")

    return see


def _waybill(words: Words) -> Sight:
    """What the carrier was asked to make last: sums in whole units, as it reads them."""
    asked_ = words.named(_ON_WAYBILL)

    async def see(scene: Scene, wanted: bool) -> None:
        last = scene.waybills[-1] if scene.waybills else {}
        back: dict[str, Any] = next(iter(last.get("BackwardDeliveryData", ())), {})
        there = {name: str({**last, **back}.get(key, "")) for name, key in _ON_WAYBILL.items()}
        holds = bool(last) and all(there[name] == value for name, value in asked_.items())
        must(holds, wanted, f"the waybill says {', '.join(f'{name}={value}' for name, value in there.items())}")

    return see


# -- templates -----------------------------------------------------------------------------------------------------------


def _templates(words: Words) -> Sight:
    """What a composer offers behind `/`."""
    q, name = words.word("what is typed behind /").removeprefix("/"), words.word("a template")

    async def see(scene: Scene, wanted: bool) -> None:
        answer = await asked(scene, HEAD, templates.list_templates, q=q)
        names = [one["name"] for one in answer["items"]]
        must(name in names, wanted, f"offered are {listed(names)}")

    return see


def _preview(words: Words) -> Sight:
    """A template as it would go to the customer, read before it goes; or what it still lacks."""
    name, by = words.word("a template"), _by(words)
    text, lacks = words.quoted(), words.word("a variable") if words.take("lacks") else ""
    variables = words.named()

    async def see(scene: Scene, wanted: bool) -> None:
        deal = await scene.deal()
        body = {"template": name, "variables": variables}
        made = await asked(scene, _who(scene, by), templates.preview, deal["id"], body=body)
        gaps = [*made["empty"], *(one["name"] for one in made["blanks"])]
        holds = lacks in gaps if lacks else has(made["text"], text or "") and not made["refused"]
        must(holds, wanted, f"it would be «{flat(made['text'])}», refused: {made['refused']}, lacking {listed(gaps)}")

    return see


# -- reports -------------------------------------------------------------------------------------------------------------


def _report(words: Words) -> Sight:
    """A line of a report, and as many deals behind each of its counts as it says."""
    name = words.one_of(REPORTS, "report")
    ways = [way for way in REPORTS[name] if way]
    way = next((one for one in ways if words.take(one)), ways[0] if ways else "")
    kind = REPORTS[name][way]
    funnel = words.word("a funnel") if words.take("of") else ""
    since = _day(words) if words.take("from") else None
    line, by = words.word("a line"), _by(words)
    values = words.named(["hint", *(one.name for one in kind.columns)])
    hint = values.pop("hint", None)

    async def see(scene: Scene, wanted: bool) -> None:
        who, narrow = _who(scene, by), {"funnel": funnel, "since": since}
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
        scene, who, reporting.get_report_rows, name, **given, **more, since=since, until=until, limit=_MOST
    )
    if len(rows["items"]) != min(n, _MOST):
        raise Unseen(f"{n} are counted, and behind them are {len(rows['items'])}")


# -- the audit -----------------------------------------------------------------------------------------------------------


def _meant(scene: Scene, manager: Mapping[str, Any] | None, whose: str) -> bool:
    """As stories name people: by their key in the team, by their name or a part of it; `nobody`."""
    person = scene.staff.get(whose)
    there = manager or _NOBODY
    return there["id"] == person.id if person is not None else has(there["name"], whose)


def _finding(words: Words) -> Sight:
    """What the last audit has found wrong with the deal."""
    check = words.word("a check")
    repeated = words.take("repeated")
    by, narrow = _by(words), words.named(_OF_FINDINGS)

    async def see(scene: Scene, wanted: bool) -> None:
        deal = await scene.deal()
        answer = await asked(scene, _who(scene, by), audit.list_findings, limit=_MOST)
        there = [one for one in answer["items"] if deal["id"] == one["deal"] or deal["contact_id"] == one["contact"]]
        found = [
            one
            for one in there
            if one["check"] == check
            and all(narrow.get(name) in (None, one[name]) for name in ("status", "severity"))
            and has(one["what"], narrow.get("says", ""))
            and ("for" not in narrow or _meant(scene, one["manager"], narrow["for"]))
            and (not repeated or one["repeats"] > 0)
        ]
        all_ = [
            f"{one['check']} ({one['severity']}, {one['status']}, {(one['manager'] or _NOBODY)['name']}): {one['what']}"
            for one in there
        ]
        must(bool(found), wanted, f"found is {listed(all_)}")

    return see


def _sheet(words: Words) -> Sight:
    """The workbook of an audit: a check's sheet, and a line with all these cells in it."""
    check, by = words.word("a check"), _by(words)
    cells = []
    while words.more:
        cells.append(words.word("what stands in a cell"))

    async def see(scene: Scene, wanted: bool) -> None:
        title = scene.rehearsal.house.playbook.checks[check].title
        answer = await asked(scene, _who(scene, by), audit.export_workbook)
        lines = _lines(answer.body).get(title)
        there = (
            f"there is no sheet «{title}»"
            if lines is None
            else f"the sheet has {listed([', '.join(one) for one in lines])}"
        )
        holds = any(all(any(has(one, cell) for one in line) for cell in cells) for line in lines or ())
        must(holds, wanted, there)

    return see


def _lines(workbook: bytes) -> dict[str, list[list[str]]]:
    """What each sheet of our own workbook holds, by its title."""
    with zipfile.ZipFile(BytesIO(workbook)) as book:

        def page(name: str) -> ET.Element:
            return ET.fromstring(book.read(f"xl/{name}.xml"))  # noqa: S314 - nobody else has written it

        titles = [one.attrib["name"] for one in page("workbook").iterfind(".//m:sheet", _SHEET)]
        pages = [page(f"worksheets/sheet{n}") for n in range(1, len(titles) + 1)]
    return {
        title: [
            ["".join(part.text or "" for part in cell.iter()) for cell in row.iterfind("m:c", _SHEET)]
            for row in sheet.iterfind(".//m:row", _SHEET)
        ]
        for title, sheet in zip(titles, pages, strict=True)
    }


def _trend(words: Words) -> Sight:
    """How much each run has found, oldest first."""
    check, by = words.word("a check"), _by(words)
    numbers = []
    while words.more:
        numbers.append(words.word("a number"))
    if not numbers or not all(one.isdecimal() for one in numbers):
        raise BadLine(
            "it is not said how much each audit found", "Write numbers, oldest first: see trend overdue_task 2 1"
        )

    async def see(scene: Scene, wanted: bool) -> None:
        answer = await asked(scene, _who(scene, by), audit.trend, check=check)
        found: list[int] = next((one["found"] for one in answer["checks"] if one["check"] == check), [])
        must(
            [str(one) for one in found] == numbers, wanted, f"the runs found {', '.join(map(str, found)) or 'nothing'}"
        )

    return see


def _offender(words: Words) -> Sight:
    """Who has the same wrong again and again."""
    whose, check = words.word("a name"), words.word("a check")

    async def see(scene: Scene, wanted: bool) -> None:
        answer = await asked(scene, HEAD, audit.trend)
        there = answer["offenders"]
        holds = any(one["check"] == check and _meant(scene, one["manager"], whose) for one in there)
        told = [f"{(one['manager'] or _NOBODY)['name']}: {one['check']}" for one in there]
        must(holds, wanted, f"offenders are {listed(told)}")

    return see


# -- who may be one ------------------------------------------------------------------------------------------------------


def _duplicate(words: Words) -> Sight:
    """The customer and another are suggested as one person."""
    name = words.word("a customer's name")

    async def see(scene: Scene, wanted: bool) -> None:
        contact = await scene.known_contact()
        answer = await asked(scene, HEAD, merges.list_duplicates, contact=contact)
        names = [one["name"] for pair in answer["items"] for one in pair["contacts"] if one["id"] != contact]
        must(any(has(one, name) for one in names), wanted, f"suggested are {listed(names)}")

    return see


LOOKS: Final[Mapping[str, Callable[[Words], Sight]]] = {
    "listed": _listed,
    "timeline": _timeline,
    "todo": _todo,
    "criteria": _criteria,
    "directory": _directory,
    "waybill": _waybill,
    "templates": _templates,
    "preview": _preview,
    "report": _report,
    "finding": _finding,
    "sheet": _sheet,
    "trend": _trend,
    "offender": _offender,
    "duplicate": _duplicate,
}
"""By the word behind `see` or `see no`."""
