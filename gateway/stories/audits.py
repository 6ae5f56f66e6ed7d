"""The audit in a story: what it has found, of whom, how often again, and the workbook that it makes."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final
from xml.etree import ElementTree as ET

from bots.kit.problems import did_you_mean, shown
from gateway.api import audit
from gateway.stories.asking import HEAD, MOST, asked, by, viewer
from gateway.stories.scene import Scene, Unseen
from gateway.stories.seeing import Sight, has, listed, must
from gateway.stories.words import BadLine, Words

_SHEET: Final = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_NOBODY: Final[Mapping[str, Any]] = {"id": 0, "name": "nobody"}
_OF_FINDINGS: Final = ("for", "status", "severity", "says")


def _meant(scene: Scene, manager: Mapping[str, Any] | None, whose: str) -> bool:
    """As stories name people: by their key in the team, by their name or a part of it; `nobody`."""
    person = scene.staff.get(whose)
    there = manager or _NOBODY
    return there["id"] == person.id if person is not None else has(there["name"], whose)


def _must_be(scene: Scene, check: str) -> None:
    checks = scene.rehearsal.house.playbook.checks
    if check not in checks:
        raise Unseen(f"there is no check '{shown(check)}'. {did_you_mean(check, checks)}")


def finding(words: Words) -> Sight:
    """What the last audit has found wrong with the deal."""
    check = words.word("a check")
    repeated = words.take("repeated")
    eyes, narrow = by(words), words.named(_OF_FINDINGS)

    async def see(scene: Scene, wanted: bool) -> None:
        _must_be(scene, check)
        deal = await scene.deal()
        answer = await asked(scene, viewer(scene, eyes), audit.list_findings, limit=MOST)
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
        ever = await scene.rows("audit_runs", state="done")
        none = "no audit has run yet: write audit above" if not ever else f"found is {listed(all_)}"
        must(bool(found), wanted, none)

    return see


def sheet(words: Words) -> Sight:
    """The workbook of an audit: a check's sheet, and a line with all these cells in it."""
    check, eyes = words.word("a check"), by(words)
    cells = []
    while words.more:
        cells.append(words.word("what stands in a cell"))

    async def see(scene: Scene, wanted: bool) -> None:
        _must_be(scene, check)
        title = scene.rehearsal.house.playbook.checks[check].title
        answer = await asked(scene, viewer(scene, eyes), audit.export_workbook)
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


def trend(words: Words) -> Sight:
    """How much each run has found, oldest first."""
    check, eyes = words.word("a check"), by(words)
    numbers = []
    while words.more:
        numbers.append(words.word("a number"))
    if not numbers or not all(one.isdecimal() for one in numbers):
        raise BadLine(
            "it is not said how much each audit found", "Write numbers, oldest first: see trend overdue_task 2 1"
        )

    async def see(scene: Scene, wanted: bool) -> None:
        answer = await asked(scene, viewer(scene, eyes), audit.trend, check=check)
        found: list[int] = next((one["found"] for one in answer["checks"] if one["check"] == check), [])
        must(
            [str(one) for one in found] == numbers, wanted, f"the runs found {', '.join(map(str, found)) or 'nothing'}"
        )

    return see


def offender(words: Words) -> Sight:
    """Who has the same wrong again and again."""
    whose, check = words.word("a name"), words.word("a check")

    async def see(scene: Scene, wanted: bool) -> None:
        answer = await asked(scene, HEAD, audit.trend)
        there = answer["offenders"]
        holds = any(one["check"] == check and _meant(scene, one["manager"], whose) for one in there)
        told = [f"{(one['manager'] or _NOBODY)['name']}: {one['check']}" for one in there]
        must(holds, wanted, f"offenders are {listed(told)}")

    return see
