"""Tasks: whose, by when, and done with a word on the result."""

from typing import Literal

from bots.kit.spans import Span, span_in
from gateway.api import shapes
from gateway.api.asking import ask_lane
from gateway.api.bodies import DoneBody, TaskEditBody
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.deals import Responsible, must_work_here, whose
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Flag, Id, Limit, Moment, Word
from gateway.clock import iso
from gateway.duties import EditTask, FinishTask
from state import tasks
from state.records import Person

calls = Calls()


@calls.on("GET", "/tasks")
async def list_tasks(
    ctx: ApiContext,
    who: Person,
    responsible: Responsible | None = None,
    state: Literal["open", "done"] | None = None,
    due_before: Moment | None = None,
    overdue: Flag | None = None,
    kind: Word = "",
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> shapes.Tasks:
    """Tasks, soonest due first. `overdue`: open ones that were due before now."""
    scope = ("tasks", responsible, state, due_before, overdue, kind)
    if overdue:
        now = ctx.clock.now()
        due_before, state = min(due_before or now, now), state or "open"
    after = open_cursor(cursor, *scope)
    found = await ctx.db.read(
        lambda c: tasks.find_duties(
            c,
            limit + 1,
            responsible=whose(responsible, who),
            nobodys=responsible == "none",
            state=state or "",
            due_before=due_before,
            kind=kind,
            after=after,
        )
    )
    page, onward = cut(found, limit, lambda duty: tasks.position(duty.task), *scope)
    return {"items": [shapes.task(duty) for duty in page], "next": onward}


@calls.on("POST", "/tasks/{task_id}/done")
async def finish_task(ctx: ApiContext, who: Person, task_id: Id, body: DoneBody) -> shapes.TaskShape:
    """Done, with what came of it."""
    duty = await ctx.db.read(lambda c: tasks.find_duty(c, task_id))
    if duty is None:
        raise not_found()
    task = duty.task
    if not task.deal_id:
        return await _finish_the_shops(ctx, who, duty, body.result.strip())
    try:
        done = FinishTask(task, body.result, body.no_contact_reason)
        await ask_lane(ctx, who, task.contact_id, task.deal_id, done)
    except Refusal as refused:
        if refused.code == "no_contact":
            raise Refusal(
                409, refused.code, str(refused), missing=["message", "call"], since=iso(task.created_at), current=shapes.task(duty)
            ) from None  # fmt: skip
        if refused.code != "done":
            raise
        raise _done_before(await _now(ctx, duty)) from None
    return shapes.task(await _now(ctx, duty))


@calls.on("PATCH", "/tasks/{task_id}")
async def edit_task(ctx: ApiContext, who: Person, task_id: Id, body: TaskEditBody) -> shapes.TaskShape:
    """Pass it on, put it off, say it in other words; the timeline says who did."""
    duty = await ctx.db.read(lambda c: tasks.find_duty(c, task_id))
    if duty is None:
        raise not_found()
    length, task = length_of(body.due_in), duty.task
    if length is not None and body.due_at is not None:
        raise invalid("due_in", "say either when or in how long")
    release = "responsible" in body.model_fields_set and body.responsible is None
    name = await must_work_here(ctx, body.responsible) if body.responsible is not None else ""
    if not task.deal_id:
        raise invalid("task_id", "a task of the shop's own is only done")
    edit = EditTask(task, body.responsible, name, release, body.due_at, length, body.text)
    try:
        await ask_lane(ctx, who, task.contact_id, task.deal_id, edit)
    except Refusal as refused:
        if refused.code != "done":
            raise
        raise _done_before(await _now(ctx, duty)) from None
    return shapes.task(await _now(ctx, duty))


def length_of(said: str) -> Span | None:
    """`1h working`, `3d working` → how long; None where nothing is said."""
    if not said.strip():
        return None
    length = span_in(said)
    if length is None:
        raise invalid("due_in", "is a length of time like 30m, 2d, 1h working, 3d working")
    return length


async def _finish_the_shops(ctx: ApiContext, who: Person, duty: tasks.Duty, result: str) -> shapes.TaskShape:
    if not result:
        raise invalid("result", "must not be empty")
    now = ctx.clock.now()
    if not await ctx.db.write(lambda c: tasks.finish_the_shops(c, duty.task.id, result, who.id, now)):
        raise _done_before(await _now(ctx, duty))
    return shapes.task(await _now(ctx, duty))


async def _now(ctx: ApiContext, duty: tasks.Duty) -> tasks.Duty:
    found: tasks.Duty | None = await ctx.db.read(lambda c: tasks.find_duty(c, duty.task.id))
    return found if found is not None else duty


def _done_before(duty: tasks.Duty) -> Refusal:
    return Refusal(409, "done", "the task is already done", current=shapes.task(duty))
