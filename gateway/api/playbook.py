"""The playbook as a console needs it to draw itself: funnels, fields, reasons, kinds of tasks, tags, groups, rules.

Templates, clarifications, calendars and scripts have calls of their own, with what they say.
"""

from typing import Literal

from typing_extensions import TypedDict

from bots.kit.business import Funnel, Playbook
from bots.kit.funnels import AGE
from bots.kit.spans import Span, written
from gateway import vocabulary
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.house import House
from state import deals, staff

calls = Calls()


class NamedShape(TypedDict):
    name: str
    title: str


class StageShape(TypedDict):
    name: str
    title: str
    outcome: Literal["won", "lost"] | None
    criteria: str
    """What is true of a deal that stands here."""
    age: str | None
    """How long one may stay, as it is written: `2h working`."""
    required: list[str]
    """Fields that must be filled before a person moves a deal here."""
    robots: list[str]
    """What happens by itself, by name."""


class FunnelShape(TypedDict):
    name: str
    title: str
    group: str
    """A contact has at most one open deal in it."""
    calendar: str | None
    stages: list[StageShape]
    triggers: list[str]


class FieldShape(TypedDict):
    name: str
    title: str
    kind: Literal["text", "number", "money", "date", "choice", "phone"]
    choices: list[str]
    reckoned: bool
    """From other fields: nobody fills it in."""


class TaskKindShape(TypedDict):
    name: str
    title: str
    contact: bool
    """It means: speak with the customer."""
    due: str | None
    """When it is due where nobody says; null: at once."""


class RuleShape(TypedDict):
    name: str
    how: Literal["evenly", "in order", "to all"]
    among: list[str]
    """Groups and names; none: every manager."""
    capacity: int
    absent: str
    act: str | None
    then: str | None


class SourceShape(TypedDict):
    name: str
    funnel: str
    stage: str
    responsible: str | None
    tag: str | None
    opens: bool


class ChannelShape(TypedDict):
    channel: str
    account: str
    window_hours: int | None
    """Free text goes for so long after the customer's last message; null: always."""
    text: int
    """The most characters of one message."""


class PlaybookShape(TypedDict):
    name: str
    title: str
    language: str
    zone: str
    currency: str
    region: str
    """Whose phones may be written without a country code."""
    funnels: list[FunnelShape]
    fields: list[FieldShape]
    reasons: list[NamedShape]
    task_kinds: list[TaskKindShape]
    tags: list[str]
    """That rules and scripts put, and those that the newest deals carry."""
    clarifications: list[NamedShape]
    bots: list[NamedShape]
    groups: list[str]
    """What people may be called together by: those that rules know, and those that somebody is in."""
    rules: list[RuleShape]
    sources: list[SourceShape]
    calendars: list[str]
    checks: list[NamedShape]
    channels: list[ChannelShape]
    """What we can write by."""


@calls.on("GET", "/playbook")
async def show_playbook(ctx: ApiContext) -> PlaybookShape:
    """The shop as it is set up."""
    house, shop = ctx.house, ctx.house.playbook
    used = await ctx.db.read(deals.tags)
    people = await ctx.db.read(staff.colleagues)
    groups = vocabulary.groups(house) | {group for one in people if one.active for group in one.groups}
    kinds = vocabulary.task_kinds(house).values()
    return {
        "name": shop.name, "title": shop.title, "language": shop.language, "zone": shop.zone, "currency": shop.currency,
        "region": house.region, "funnels": [_funnel(shop, one) for one in shop.funnels],
        "fields": [
            {"name": one.name, "title": one.title, "kind": one.kind, "choices": list(one.choices), "reckoned": bool(one.terms)}
            for one in shop.fields.values()
        ],
        "reasons": [{"name": name, "title": title} for name, title in shop.reasons.items()],
        "task_kinds": [{"name": one.name, "title": one.title, "contact": one.contact, "due": _length(one.due)} for one in kinds],
        "tags": sorted(vocabulary.tags(house) | used),
        "clarifications": [{"name": one.item, "title": one.title} for one in shop.clarifications.values()],
        "bots": [{"name": name, "title": script.title} for name, script in house.scripts.items()],
        "groups": sorted(groups), "rules": _rules(shop), "sources": _sources(shop), "calendars": list(shop.calendars),
        "checks": [{"name": one.name, "title": one.title} for one in shop.checks.values()], "channels": _channels(house),
    }  # fmt: skip


def _funnel(shop: Playbook, funnel: Funnel) -> FunnelShape:
    triggers = [one.name for (of, _), found in shop.board.triggers.items() if of == funnel.name for one in found]
    stages: list[StageShape] = [
        {
            "name": one.name, "title": one.title, "outcome": one.outcome, "criteria": one.criteria, "age": _length(one.age),
            "required": list(one.required), "robots": [r.name for r in shop.board.of(funnel.name, one.name) if r.name != AGE],
        }
        for one in funnel.stages
    ]  # fmt: skip
    return {
        "name": funnel.name, "title": funnel.title, "group": funnel.slot, "calendar": funnel.calendar or None, "stages": stages,
        "triggers": list(dict.fromkeys(triggers)),
    }  # fmt: skip


def _rules(shop: Playbook) -> list[RuleShape]:
    return [
        {
            "name": one.name, "how": one.how, "among": list(one.among), "capacity": one.capacity, "absent": one.absent,
            "act": _length(one.act), "then": one.then or None,
        }
        for one in shop.assign.values()
    ]  # fmt: skip


def _sources(shop: Playbook) -> list[SourceShape]:
    return [
        {
            "name": one.name, "funnel": one.funnel, "stage": one.stage, "responsible": one.responsible or None, "tag": one.tag or None,
            "opens": one.opens,
        }
        for one in shop.sources.values()
    ]  # fmt: skip


def _channels(house: House) -> list[ChannelShape]:
    return [
        {
            "channel": key.partition(":")[0],
            "account": key.partition(":")[2],
            "window_hours": limits.window_hours or None,
            "text": limits.text,
        }
        for key, limits in house.channels.items()
        if not key.startswith("endpoint:")
    ]


def _length(span: Span) -> str | None:
    return written(span) or None
