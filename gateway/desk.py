"""What managers do, as commands that go through the customer's lane like everything else.

A command either has its whole effect or raises one of three refusals and has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from gateway.clock import Instant
from gateway.ledger import Ledger
from gateway.obey import start_run
from gateway.wording import line
from state.records import Deal, Identity, Person, Task


class Conflict(Exception):
    """The deal or task is not as the asker believed: somebody was quicker, or it is closed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Invalid(Exception):
    """A value that cannot be; `name` is the offending field's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Take:
    """Owner, stage and the end of the bot, in one act."""


@dataclass(frozen=True, slots=True)
class Move:
    stage: str
    reason: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    """The deal's version that the asker saw; None: whatever it is now."""


@dataclass(frozen=True, slots=True)
class Write:
    """A message to the customer. `template` is a provider's approved template, else `text` goes out as it is."""

    text: str = ""
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class WriteNote:
    text: str


@dataclass(frozen=True, slots=True)
class SteerBot:
    action: str
    bot: str = ""


@dataclass(frozen=True, slots=True)
class GiveTask:
    text: str
    kind: str = "other"
    responsible: int | None = None
    due_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class FinishTask:
    task: Task
    result: str


@dataclass(frozen=True, slots=True)
class Edit:
    title: str | None = None
    fields: Mapping[str, Any] | None = None
    tags: tuple[str, ...] | None = None
    responsible: int | None = None
    release: bool = False
    """Give the deal back to nobody: `responsible` is null on purpose."""
    version: int | None = None
    """The deal's version that the asker saw; None: whatever it is now."""


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal made by hand, for the contact of this lane."""

    funnel: str = ""
    title: str = ""


Command = Take | Move | Write | WriteNote | SteerBot | GiveTask | FinishTask | Edit | OpenDeal


def obey_manager(ledger: Ledger, deal: Deal | None, command: Command, who: Person) -> int:
    """Do it. The answer is the id of what it made (entry, task, deal), 0 where it made nothing."""
    if isinstance(command, OpenDeal):
        return _open_by_hand(ledger, command, who)
    if deal is None:
        raise Conflict("gone", "the deal is not there any more")
    match command:
        case Take():
            take(ledger, deal, who)
        case Move(stage, reason, fields, version):
            _must_be(deal, version)
            _move(ledger, deal, stage, reason, fields, who)
        case Write():
            return _write(ledger, deal, command, who)
        case WriteNote(text):
            return ledger.write_entry(deal, "note", author="manager", text=_said(text, "text"), person=who).id
        case SteerBot(action, bot):
            _steer(ledger, deal, action, bot, who)
        case GiveTask(text, kind, responsible, due_at):
            text = _said(text, "text")
            return ledger.create_task(deal, kind, text, "manager", responsible=responsible or who.id, due_at=due_at).id
        case FinishTask(task, result):
            _finish(ledger, deal, task, result, who)
        case Edit():
            _must_be(deal, command.version)
            _edit(ledger, deal, command)
        case _:
            assert_never(command)
    return 0


def take(ledger: Ledger, deal: Deal, who: Person) -> None:
    """Take the deal: refused where another person holds it; taking again what one holds changes nothing."""
    _must_be_open(deal)
    if deal.owner == "person":
        if deal.responsible_id == who.id:
            return
        raise Conflict("taken", "another manager holds this deal")
    _hold(ledger, deal, who, line("why_taken", who=who.name))
    data = {"event": "taken", "by": who.id}
    ledger.write_entry(deal, "system", author="manager", text=line("taken", who=who.name), data=data, person=who)
    stages = ledger.house.funnel(deal.funnel).stages
    if len(stages) > 1 and deal.stage == stages[0].name and not stages[1].outcome:
        ledger.move(deal, stages[1].name, "manager", who)


def _hold(ledger: Ledger, deal: Deal, who: Person, why: str) -> None:
    """The conversation is a person's from here on: no bot says another word in it."""
    run = ledger.rows.runs.get(deal.id)
    if run is not None:
        ledger.stop_run(deal, run, why, left="taken")
    elif deal.owner != "person":
        ledger.silence(deal, why)
    deal.owner, deal.responsible_id = "person", who.id
    ledger.touch(deal)
    ledger.writes.taken_tasks.append((deal.id, who.id))
    for task in ledger.writes.tasks:
        if task.deal_id == deal.id and task.responsible_id is None:
            task.responsible_id = who.id


def _move(ledger: Ledger, deal: Deal, stage: str, reason: str, fields: Mapping[str, Any], who: Person) -> None:
    _must_be_open(deal)
    target = ledger.house.funnel(deal.funnel).stage(stage)
    if target is None:
        raise Invalid("stage", f"there is no stage {stage!r} in funnel {deal.funnel!r}")
    if target.outcome == "lost" and not reason:
        raise Invalid("reason", "a lost deal needs a reason")
    for name, value in fields.items():
        ledger.set_field(deal, name, value)
    ledger.move(deal, stage, "manager", who, reason)


def _write(ledger: Ledger, deal: Deal, message: Write, who: Person) -> int:
    _must_be_open(deal)
    identity = _reply_route(ledger, deal, message.channel)
    if not ledger.house.can_send(identity.channel, identity.account):
        raise Invalid("channel", f"nothing can be sent over {identity.channel}; choose another channel")
    if identity.barred:
        raise Invalid("channel", f"the customer is out of reach here ({identity.barred}); choose another channel")
    window = ledger.house.limits(identity.channel, identity.account).window_hours
    shut = bool(window) and (identity.heard_at is None or ledger.now > identity.heard_at + window * 3_600_000)
    if shut and not message.template:
        raise Invalid("text", f"the {window}-hour window is closed: send an approved template or use another channel")
    if not message.template:
        _said(message.text, "text")
    if deal.owner != "person" or deal.responsible_id is None:
        _hold(ledger, deal, who, line("why_written", who=who.name))
    template = None
    if message.template:
        template = {"kind": "template", "template": message.template, "variables": dict(message.variables)}
    entry = ledger.say(
        deal, identity, message.text or f"[{message.template}]", author="manager", person=who, client_id=message.client_id,
        template=template,
    )  # fmt: skip
    return entry.id


def _reply_route(ledger: Ledger, deal: Deal, channel: str) -> Identity:
    """Where the customer last wrote from, or their latest address on the channel that is named."""
    if not channel:
        identity = ledger.route_of(deal)
        if identity is not None:
            return identity
    found = [i for i in ledger.rows.identities.values() if not channel or i.channel == channel]
    found = [i for i in found if ledger.house.can_send(i.channel, i.account)] or found
    if not found:
        raise Invalid("channel", "the customer has no address on this channel" if channel else "no address to write to")
    return max(found, key=lambda i: (i.heard_at or 0, i.id))


def _steer(ledger: Ledger, deal: Deal, action: str, bot: str, who: Person) -> None:
    _must_be_open(deal)
    run = ledger.rows.runs.get(deal.id)
    if action == "stop":
        if run is not None:
            ledger.stop_run(deal, run, line("why_command", who=who.name))
            # Nobody is lost: the talk that the bot leaves is somebody's to go on with.
            task = line("task_message", source=deal.source)
            ledger.create_task(deal, "answer", task, "manager", responsible=deal.responsible_id or who.id)
        return
    if action not in ("start", "resume"):
        raise Invalid("action", "start, stop or resume")
    script = ledger.house.scripts.get(bot) if bot else ledger.house.starts_on_message()
    if script is None:
        raise Invalid("bot", f"there is no bot {bot!r}")
    if run is not None:
        raise Conflict("bot_running", "a bot already has this conversation")
    identity = _reply_route(ledger, deal, "")
    if not ledger.house.can_send(identity.channel, identity.account) or identity.barred:
        raise Invalid("bot", "the customer cannot be written to on the conversation's channel")
    start_run(ledger, deal, identity, script)


def _finish(ledger: Ledger, deal: Deal, task: Task, result: str, who: Person) -> None:
    if task.state != "open":
        raise Conflict("done", "the task is already done")
    result = _said(result, "result")
    ledger.writes.done_tasks.append((task.id, result, who.id))
    data = {"event": "done", "task": task.id, "result": result}
    ledger.write_entry(deal, "task", author="manager", text=line("task_done", result=result), data=data, person=who)


def _edit(ledger: Ledger, deal: Deal, edit: Edit) -> None:
    if edit.title is not None and edit.title != deal.title:
        deal.title = edit.title
        ledger.touch(deal)
    for name, value in (edit.fields or {}).items():
        ledger.set_field(deal, name, value)
    if edit.tags is not None and list(edit.tags) != deal.tags:
        deal.tags = list(dict.fromkeys(edit.tags))
        ledger.touch(deal)
    if edit.responsible is not None and edit.responsible != deal.responsible_id:
        deal.responsible_id = edit.responsible
        ledger.touch(deal)
    elif edit.release and deal.responsible_id is not None:
        deal.responsible_id = None
        if deal.owner == "person":
            deal.owner = "pool"
            ledger.create_task(deal, "answer", line("task_message", source=deal.source), "manager")
        ledger.touch(deal)
    ledger.change(deal, "deal")


def _open_by_hand(ledger: Ledger, command: OpenDeal, who: Person) -> int:
    path = ledger.house.funnel(command.funnel)
    if command.funnel and path.name != command.funnel:
        raise Invalid("funnel", f"there is no funnel {command.funnel!r}")
    if ledger.deal_in(path.slot) is not None:
        raise Conflict("open_deal", "the contact already has an open deal in this group of funnels")
    deal = ledger.open_deal("manual", f"opened by hand by {who.name}", funnel=path.name, title=command.title)
    deal.responsible_id, deal.owner = who.id, "person"
    return deal.id


def _said(text: str, name: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid(name, "must not be empty")
    return text


def _must_be(deal: Deal, version: int | None) -> None:
    if version is not None and version != deal.version:
        raise Conflict("stale", f"the deal has changed since: it is at version {deal.version}")


def _must_be_open(deal: Deal) -> None:
    if deal.closed_at is not None:
        raise Conflict("closed", "the deal is closed")
