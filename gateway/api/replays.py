"""Real conversations on a draft, or kept as talks, over the API. What customers are called and have said is shown to those who may see deals."""

import asyncio

from typing_extensions import TypedDict

from bots.kit.lines import Line
from gateway.api.bodies import ReplayBody
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, not_found
from gateway.api.policy import WORKERS
from gateway.api.simulator import FindingShape, finding, refused
from gateway.api.values import Id, Word
from gateway.recordings import UNPLAYABLE, Unplayable
from gateway.replays import Change, Report, replay, without_names
from gateway.saved_talks import save
from gateway.trials import BadScript, read_draft
from state.records import Person
from state.talks import last_of

calls = Calls()


class LineShape(TypedDict):
    speaker: str
    text: str
    step: str


class ChangeShape(TypedDict):
    count: int
    before: list[LineShape]
    now: list[LineShape]
    shifted_s: int
    """The same is said so many seconds later; below 0: earlier."""
    deals: list[int]


class GroupShape(TypedDict):
    step: str
    count: int
    changes: list[ChangeShape]


class UnplayableShape(TypedDict):
    reason: str
    text: str
    count: int
    deals: list[int]


class ReplayShape(TypedDict):
    talks: int
    same: int
    different: int
    unplayable: list[UnplayableShape]
    groups: list[GroupShape]
    findings: list[FindingShape]


@calls.on("POST", "/scripts/{name}/replay")
async def replay_script(ctx: ApiContext, who: Person, name: Word, body: ReplayBody) -> ReplayShape:
    """Play a bot's last conversations on a draft of it: which would go otherwise, and at which step."""
    if name not in ctx.house.scripts:
        raise not_found()
    try:
        draft, findings = read_draft(ctx.house, name, body.source)
    except BadScript as bad:
        raise refused(bad) from None
    async with ctx.trials:
        report = await replay(ctx.db, ctx.house, name, draft, body.last, ctx.clock.now())
    shape = shown(report, names=who.role in WORKERS.roles)
    return {**shape, "findings": [finding(one) for one in findings]}


class TalkShape(TypedDict):
    script: str
    talk: str
    """The text of a `.talk` file."""


@calls.on("GET", "/deals/{deal_id}/talk")
async def save_talk(ctx: ApiContext, deal_id: Id, bot: Word = "") -> TalkShape:
    """The deal's last conversation with a bot as a talk, a test of its script: phones, e-mails, names and VINs are masked."""
    held = await ctx.db.read(lambda c: last_of(c, deal_id, bot))
    if held is None:
        raise not_found()
    async with ctx.trials:
        try:
            saved = await asyncio.to_thread(save, held, ctx.house, ctx.clock.now())
        except Unplayable as why:
            raise Refusal(422, "not_a_talk", UNPLAYABLE[why.reason]) from None
    return {"script": saved.script, "talk": saved.text}


def shown(report: Report, *, names: bool) -> ReplayShape:
    """The report; without `names` with nobody's data in it."""

    def line(one: Line) -> LineShape:
        text = one.text if names else without_names(one, report.literal)
        return {"speaker": one.speaker, "text": text, "step": one.step}

    def change(one: Change) -> ChangeShape:
        return {
            "count": one.count, "before": [line(said) for said in one.before], "now": [line(said) for said in one.now],
            "shifted_s": round(one.shifted / 1000), "deals": one.deals if names else [],
        }  # fmt: skip

    return {
        "talks": report.talks, "same": report.same, "different": report.different,
        "unplayable": [
            {"reason": why, "text": UNPLAYABLE[why], "count": n, "deals": report.unplayed[why] if names else []}
            for why, n in report.unplayable.most_common()
        ],
        "groups": [
            {"step": group.step, "count": group.count, "changes": [change(one) for one in group.often()]}
            for group in report.by_count()
        ],
        "findings": [],
    }  # fmt: skip
