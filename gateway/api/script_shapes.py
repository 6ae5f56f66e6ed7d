"""How the API shows scripts, their versions and what differs. Names here are a promise to other programs."""

from typing import Literal

from typing_extensions import TypedDict

from bots.kit.compare import Difference
from bots.kit.problems import Problem
from bots.kit.script import Script
from gateway.api.shapes import Who, who
from gateway.clock import iso
from gateway.library import Fate, Report
from state.records import Person
from state.scripts import Live, Sign, Standing, Version, sign_of


class CandidateShape(TypedDict):
    version: str
    percent: int


class ScriptShape(TypedDict):
    name: str
    title: str
    version: str
    """Hash of the text that new runs begin with."""
    number: int | None
    steps: int
    revision: int
    """To be sent back as `base`."""
    candidate: CandidateShape | None
    author: Who | None
    """Of the last change; null: the playbook's files."""
    at: str | None


class WholeScriptShape(ScriptShape):
    source: str
    hash: str
    """Of `source`: the candidate's where one is being rolled out."""


class VersionShape(TypedDict):
    number: int
    hash: str
    title: str
    label: str
    note: str
    author: Who | None
    at: str | None
    parent: str | None
    live: Literal["stable", "candidate"] | None


class WholeVersionShape(VersionShape):
    source: str


class ChangeShape(TypedDict):
    kind: Literal["added", "removed", "renamed", "changed"]
    step: str
    what: str


class WordsShape(TypedDict):
    changes: list[ChangeShape]
    diff: str


DifferenceShape = TypedDict(
    "DifferenceShape", {"from": str, "to": str, "changes": list[ChangeShape], "diff": str}
)  # fmt: skip


class StandingShape(TypedDict):
    version: str
    live: Literal["stable", "candidate"] | None
    step: str
    count: int


class FateShape(TypedDict):
    version: str
    step: str
    count: int
    then: Literal["finish", "move", "hand_off"]
    to: str | None


class FindingShape(TypedDict):
    line: int
    column: int
    severity: Literal["error", "warning"]
    what: str
    remedy: str


class PublishedShape(TypedDict):
    script: ScriptShape
    changed: bool
    changes: list[ChangeShape]
    diff: str
    warnings: list[FindingShape]
    standing: list[FateShape]
    """Who stood where when it was published, and what becomes of them."""


class Scripts(TypedDict):
    items: list[ScriptShape]
    next: None


class Versions(TypedDict):
    items: list[VersionShape]
    next: str | None


class Standings(TypedDict):
    items: list[StandingShape]
    next: None


def script(now: Live, newest: Version | None, text: Script | None, author: Person | None) -> ScriptShape:
    return {
        "name": now.name, "title": text.title if text else now.name, "version": now.stable, "number": newest.number if newest else None,
        "steps": len(text.steps) if text else 0, "revision": now.revision,
        "candidate": {"version": now.candidate, "percent": now.percent} if now.candidate else None,
        "author": who(author), "at": iso(now.at),
    }  # fmt: skip


def version(one: Version, author: Person | None, now: Live) -> VersionShape:
    return {
        "number": one.number, "hash": one.hash, "title": one.title, "label": one.label, "note": one.note, "author": who(author),
        "at": iso(one.at), "parent": one.parent or None, "live": _sign(sign_of(now, one.hash)),
    }  # fmt: skip


def _sign(sign: Sign) -> Literal["stable", "candidate"] | None:
    return sign or None


def difference(found: Difference, diff: str) -> WordsShape:
    return {"changes": [{"kind": c.kind, "step": c.step, "what": c.what} for c in found.changes], "diff": diff}


def standing(one: Standing, now: Live) -> StandingShape:
    return {"version": one.hash, "live": _sign(sign_of(now, one.hash)), "step": one.step, "count": one.n}


def fate(one: Fate) -> FateShape:
    then: Literal["finish", "move", "hand_off"] = "hand_off" if one.handed_over else "move" if one.to else "finish"
    return {
        "version": one.stand.hash, "step": one.stand.step, "count": one.stand.n, "then": then,
        "to": one.to if then == "move" else None,
    }  # fmt: skip


def finding(one: Problem) -> FindingShape:
    return {
        "line": one.line,
        "column": one.column,
        "severity": one.severity,
        "what": one.what,
        "remedy": one.remedy,
    }


def published(report: Report, now: ScriptShape) -> PublishedShape:
    return {
        "script": now, "changed": report.changed, **difference(report.difference, report.diff),
        "warnings": [finding(problem) for problem in report.warnings], "standing": [fate(one) for one in report.fates],
    }  # fmt: skip
