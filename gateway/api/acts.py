"""What managers do to one deal. Each is one command through the customer's lane, whole or not at all."""

from gateway.api import shapes
from gateway.api.asking import ask, show
from gateway.api.bodies import BotBody, ClarifyBody, MessageBody, MoveBody, NoBody, NoteBody, TaskBody, as_said
from gateway.api.calls import Answer, Calls
from gateway.api.context import ApiContext
from gateway.api.deals import IfMatch, matched, must_work_here, tagged
from gateway.api.errors import invalid, not_found
from gateway.api.tasks import length_of
from gateway.api.values import Id
from gateway.desk import Move, Take, Write, WriteNote
from gateway.duties import GiveTask
from gateway.steering import Clarify, SteerBot
from state import tasks, timeline
from state.records import Person

calls = Calls()


@calls.on("POST", "/deals/{deal_id}/take")
async def take(ctx: ApiContext, who: Person, deal_id: Id, body: NoBody | None = None) -> Answer:  # noqa: ARG001 - the body is checked, whatever becomes of it
    """Become responsible, stop the bot and move on from the first stage, in one act; the stage stays where the next one wants fields."""
    await ask(ctx, who, deal_id, Take())
    return tagged(await show(ctx, deal_id))


@calls.on("POST", "/deals/{deal_id}/move")
async def move(ctx: ApiContext, who: Person, deal_id: Id, body: MoveBody, if_match: IfMatch = None) -> Answer:
    """To another stage of its funnel; a lost one needs a reason."""
    version = body.version if body.version is not None else matched(if_match)
    await ask(ctx, who, deal_id, Move(body.stage, body.reason, dict(body.fields), version))
    return tagged(await show(ctx, deal_id))


@calls.on("POST", "/deals/{deal_id}/messages")
async def write_message(ctx: ApiContext, who: Person, deal_id: Id, body: MessageBody) -> shapes.EntryShape:
    """Write to the customer. The same `client_id` again is the same message; with other words or by another person, 409."""
    if bool(body.text.strip()) == bool(body.template):
        raise invalid("text", "send either a text or a template")
    if body.variables and not body.template:
        raise invalid("variables", "belong to a template")
    if body.language and not body.template:
        raise invalid("language", "belongs to a template")
    message = Write(
        body.text, body.template, as_said(body.variables), body.channel, body.client_id, body.language, body.subject
    )
    return await _entry(ctx, await ask(ctx, who, deal_id, message))


@calls.on("POST", "/deals/{deal_id}/notes")
async def write_note(ctx: ApiContext, who: Person, deal_id: Id, body: NoteBody) -> shapes.EntryShape:
    """A note that customers never see."""
    return await _entry(ctx, await ask(ctx, who, deal_id, WriteNote(body.text)))


@calls.on("POST", "/deals/{deal_id}/bot")
async def steer_bot(ctx: ApiContext, who: Person, deal_id: Id, body: BotBody) -> Answer:
    """Start or stop a bot in this conversation, or have it go on where it was stopped."""
    await ask(ctx, who, deal_id, SteerBot(body.action, body.bot))
    return tagged(await show(ctx, deal_id))


@calls.on("POST", "/deals/{deal_id}/tasks")
async def give_task(ctx: ApiContext, who: Person, deal_id: Id, body: TaskBody) -> shapes.TaskShape:
    """A task on this deal: for oneself where no responsible is named, for another, or (null) for whoever looks into the pool."""
    if body.responsible is not None:
        await must_work_here(ctx, body.responsible)
    length = length_of(body.due_in)
    if length is not None and body.due_at is not None:
        raise invalid("due_in", "say either when or in how long")
    nobodys = "responsible" in body.model_fields_set and body.responsible is None
    given = GiveTask(body.text, body.kind, body.responsible, body.due_at, length, nobodys)
    made = await ask(ctx, who, deal_id, given)
    duty = await ctx.db.read(lambda c: tasks.find_duty(c, made))
    if duty is None:
        raise not_found()
    return shapes.task(duty)


@calls.on("POST", "/deals/{deal_id}/clarify")
async def clarify(ctx: ApiContext, who: Person, deal_id: Id, body: ClarifyBody) -> Answer:
    """Have a bot ask the customer for one item of the list."""
    await ask(ctx, who, deal_id, Clarify(body.item))
    return tagged(await show(ctx, deal_id))


async def _entry(ctx: ApiContext, entry_id: int) -> shapes.EntryShape:
    told = await ctx.db.read(lambda c: timeline.find_entry(c, entry_id))
    if told is None:
        raise not_found()
    return shapes.entry(told)
