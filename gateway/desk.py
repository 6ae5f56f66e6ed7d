"""What managers do, as commands that go through the customer's lane like everything else.

A command either has its whole effect or raises a refusal (gateway/refusals.py) and has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, assert_never

from bots.kit.words import as_text
from bots.kit.worth import ORDER
from gateway import duties, filling, steering
from gateway.assigning import WAIT, hand_tasks, has_acted
from gateway.correcting import CorrectContact, correct
from gateway.duties import EditTask, FinishTask, GiveTask
from gateway.ledger import Ledger
from gateway.reaching import keep, way_to_write
from gateway.refusals import Conflict, Invalid, said
from gateway.steering import Clarify, MoveRun, SteerBot, must_be_open
from gateway.templates import Known, must_render, own_words
from state.merges import JOINED
from state.records import Deal, Person, Task

MOST_TAGS: Final = 50
"""Of a deal, that people give."""


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
    """A message to the customer: `text` as it is, or the playbook's `template` of that name with its values."""

    text: str = ""
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    client_id: str | None = None
    language: str = ""
    """Of the template's wordings; empty: the customer's."""
    subject: str = ""
    """Of a mail; other channels have none."""


@dataclass(frozen=True, slots=True)
class WriteNote:
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    title: str | None = None
    fields: Mapping[str, Any] | None = None
    tags: tuple[str, ...] | None = None
    """All of them; or what is put to those that are there, and taken away."""
    tags_add: tuple[str, ...] = ()
    tags_remove: tuple[str, ...] = ()
    responsible: int | None = None
    name: str = ""
    """What the new responsible is called."""
    release: bool = False
    """Give the deal back to nobody: `responsible` is null on purpose."""
    version: int | None = None
    """The deal's version that the asker saw; None: whatever it is now."""


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal made by hand, for the contact of this lane."""

    funnel: str = ""
    title: str = ""


OfDeal = Take | Move | Write | WriteNote | SteerBot | Clarify | GiveTask | FinishTask | EditTask | Edit | MoveRun
Command = OfDeal | OpenDeal | CorrectContact


def obey_manager(ledger: Ledger, deal: Deal | None, command: Command, who: Person) -> int:
    """Do it. The answer is the id of what it made (entry, task, deal), 0 where it made nothing."""
    if isinstance(command, OpenDeal):
        return _open_by_hand(ledger, command, who)
    if isinstance(command, CorrectContact):
        correct(ledger, command, who)
        return 0
    if deal is None:
        raise Conflict("gone", "the deal is not there any more")
    if (
        deal.closed_at is not None
        and deal.reason == JOINED
        and not isinstance(command, FinishTask | EditTask | MoveRun)
    ):
        raise Conflict("joined", "the deal is part of another by now")
    held, told = deal.responsible_id, len(ledger.writes.entries)
    made = _obey(ledger, deal, command, who)
    if held == who.id and len(ledger.writes.entries) > told and not isinstance(command, MoveRun):
        has_acted(ledger, deal)  # whatever leaves a line is work
    return made


def _obey(ledger: Ledger, deal: Deal, command: OfDeal, who: Person) -> int:
    match command:
        case Take():
            take(ledger, deal, who)
        case Move(stage, reason, fields, version):
            _must_be(deal, version)
            _move(ledger, deal, stage, reason, fields, who)
        case Write():
            return _write(ledger, deal, command, who)
        case WriteNote(text):
            return ledger.write_entry(deal, "note", author="manager", text=said(text, "text"), person=who).id
        case SteerBot():
            steering.steer(ledger, deal, command, who)
        case Clarify(item):
            steering.clarify(ledger, deal, item, who)
        case GiveTask():
            return duties.give(ledger, deal, command, who)
        case FinishTask():
            duties.finish(ledger, deal, command, who)
        case EditTask():
            duties.edit(ledger, deal, command, who)
        case Edit():
            _must_be(deal, command.version)
            _edit(ledger, deal, command, who)
        case MoveRun(run, script, stood, to):
            return steering.bring_over(ledger, deal, run, script, stood, to)
        case _:
            assert_never(command)
    return 0


def take(ledger: Ledger, deal: Deal, who: Person, task: Task | None = None) -> str:
    """Take the deal: refused where another person holds it. Who holds it already moves it on from the first stage, if it is
    still there: they opened it by hand, or a field was wanting when they took it.

    It is never refused for a field: the answer says what the next stage still needs, where the deal has stayed for want of it.
    `task`: the one by which it was taken; it is theirs from here on, wherever the deal goes.
    """
    must_be_open(deal)
    if deal.owner == "person" and deal.responsible_id != who.id:
        raise Conflict("taken", "another manager holds this deal")
    if task is not None and task.state == "open" and task.responsible_id in (None, deal.responsible_id, who.id):
        ledger.writes.edited_tasks.append((task.id, {"responsible_id": who.id, "ends": ""}))
    if deal.owner != "person":
        _hold(ledger, deal, who.id, ledger.words.line("why_taken", who=who.name))
        data: dict[str, Any] = {"event": "taken", "by": who.id}
        text = ledger.words.line("taken", who=who.name)
        ledger.write_entry(deal, "system", author="manager", text=text, data=data, person=who)
    stages = ledger.house.funnel(deal.funnel).stages
    if len(stages) < 2 or deal.stage != stages[0].name or stages[1].outcome:
        return ""
    if missing := ledger.facts(deal).lacking(stages[1].required):
        wanting = ledger.words.line(
            "wanting", stage=stages[1].title, names=", ".join(map(ledger.house.field_title, missing))
        )
        data = {"event": "wanting", "stage": stages[1].name, "fields": missing}
        ledger.write_entry(deal, "system", author="system", text=wanting, data=data)
        return wanting
    ledger.move(deal, stages[1].name, "manager", who)
    return ""


def _hold(ledger: Ledger, deal: Deal, holder: int, why: str) -> None:
    """The conversation is this person's from here on: no bot says another word in it."""
    run = ledger.rows.runs.get(deal.id)
    if run is not None:
        ledger.stop_run(deal, run, why, left="taken")
    elif deal.owner != "person":
        ledger.silence(deal, why)
    had, deal.responsible_id = deal.responsible_id, holder
    deal.owner = "person"
    ledger.cut_timer(f"deal:{deal.id}:{WAIT}")  # it looks for nobody any more
    has_acted(ledger, deal)
    ledger.touch(deal)
    hand_tasks(ledger, deal, had, holder, knows=True, named_stay=True)


def _move(ledger: Ledger, deal: Deal, stage: str, reason: str, fields: Mapping[str, Any], who: Person) -> None:
    must_be_open(deal)
    target = ledger.house.funnel(deal.funnel).stage(stage)
    if target is None:
        raise Invalid("stage", f"there is no stage {stage!r} in funnel {deal.funnel!r}")
    if target.outcome == "lost":
        known = ledger.house.playbook.reasons
        if not reason:
            raise Invalid("reason", "a lost deal needs a reason")
        if known and reason not in known:
            raise Invalid("reason", f"must be one of the playbook's: {', '.join(known)}")
    fresh = filling.accept(ledger, deal, fields)
    afterwards = replace(ledger.facts(deal), fields={**deal.fields, **fresh})
    for name in afterwards.lacking(target.required):
        what = f"stage {target.title!r} needs the field {ledger.house.field_title(name)!r} ({name})"
        raise Invalid(f"fields.{name}", what)
    changed, facts = _set_fields(ledger, deal, fresh)
    if changed:
        _tell_changed(ledger, deal, changed, facts, who)
    ledger.move(deal, stage, "manager", who, reason)


def _write(ledger: Ledger, deal: Deal, message: Write, who: Person) -> int:
    must_be_open(deal)
    house = ledger.house
    theirs = ledger.rows.identities.values()
    identity = way_to_write(house, ledger.contact, deal, theirs, message.channel, ledger.look.is_known)
    if not house.can_send(identity.channel, identity.account):
        raise Invalid("channel", f"nothing can be sent over {identity.channel}; choose another channel")
    if identity.barred:
        raise Invalid("channel", f"the customer is out of reach here ({identity.barred}); choose another channel")
    known = Known(deal, ledger.contact, ledger.now, who.name)
    if message.template:
        words = must_render(house, known, message.template, identity, message.language, message.variables)
    else:
        said(message.text, "text")
        words = own_words(house, message.text, identity, ledger.now, message.subject)
    if deal.owner != "person" or deal.responsible_id is None:
        # Whoever helps out does not take the deal from the one who answers for it.
        _hold(ledger, deal, deal.responsible_id or who.id, ledger.words.line("why_written", who=who.name))
    keep(ledger, identity)
    data = {**asked_for(message), "left": list(words.left)} if words.left else asked_for(message)
    return ledger.say(
        deal, identity, words.text, author="manager", person=who, client_id=message.client_id, template=words.approved,
        media=words.media, subject=message.subject or words.subject, data=data,
    ).id  # fmt: skip


def asked_for(message: Write) -> dict[str, Any]:
    """What a message's entry remembers of its template: enough to know the same request when it comes again."""
    if not message.template:
        return {}
    return {"template": message.template, "given": dict(message.variables), "language": message.language}


def _edit(ledger: Ledger, deal: Deal, edit: Edit, who: Person) -> None:
    """Anybody may correct any deal; the timeline says who did, and what."""
    changed: list[str] = []
    if edit.title is not None and edit.title != deal.title:
        deal.title = edit.title
        changed.append(ledger.words.line("changed_title"))
    told, facts = _set_fields(ledger, deal, filling.accept(ledger, deal, edit.fields or {}))
    changed += told
    if (tags := _tags(deal, edit)) != deal.tags:
        for tag in [one for one in tags if one not in deal.tags]:
            ledger.happens(deal, "tag", tag)
        facts |= {"tags_were": deal.tags, "tags": tags}
        deal.tags = tags
        changed.append(ledger.words.line("changed_tags"))
    had = deal.responsible_id
    if edit.responsible is not None and edit.responsible != had:
        deal.responsible_id = edit.responsible
        hand_tasks(ledger, deal, had, edit.responsible, knows=edit.responsible == who.id, named_stay=True)
        changed.append(ledger.words.line("changed_responsible", name=edit.name or edit.responsible))
    elif edit.release and deal.responsible_id is not None:
        deal.responsible_id = None
        hand_tasks(ledger, deal, had, None, named_stay=True)
        changed.append(ledger.words.line("changed_released"))
        if deal.owner == "person":
            deal.owner = "pool"
            task = "task_released" if deal.waiting_since is None else "task_released_waiting"
            ledger.create_task(deal, "answer", ledger.words.line(task, who=who.name), "robot", person=who)
    if deal.responsible_id != had:
        ledger.cut_timer(f"deal:{deal.id}:{WAIT}")  # a person has said whose it is: no rule hands it out meanwhile
    if changed:
        ledger.touch(deal)
        _tell_changed(ledger, deal, changed, facts, who)
    ledger.change(deal, "deal")


def _tags(deal: Deal, edit: Edit) -> list[str]:
    there = deal.tags if edit.tags is None else edit.tags
    tags = list(dict.fromkeys(tag for tag in (*there, *edit.tags_add) if tag not in edit.tags_remove))
    if len(tags) > max(MOST_TAGS, len(deal.tags)):
        raise Invalid("tags_add", f"a deal has at most {MOST_TAGS} tags")
    return tags


def _set_fields(ledger: Ledger, deal: Deal, fresh: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """What is told of it, and what is kept of it for those who play the conversation again."""
    if not fresh:
        return [], {}
    were = {name: deal.fields[name] for name in fresh if name in deal.fields}
    for name, value in fresh.items():
        ledger.set_field(deal, name, value)
    ledger.expect_order(as_text(fresh.get(ORDER)).strip())
    told = ledger.words.line("changed_fields", names=", ".join(map(ledger.house.field_title, fresh)))
    return [told], {"fields_were": were, "fields": fresh}


def _tell_changed(ledger: Ledger, deal: Deal, changed: list[str], facts: Mapping[str, Any], who: Person) -> None:
    data = {"event": "changed", "by": who.id, **facts}
    text = ledger.words.line("changed", who=who.name, what=", ".join(changed))
    ledger.write_entry(deal, "system", author="manager", text=text, data=data, person=who)


def _open_by_hand(ledger: Ledger, command: OpenDeal, who: Person) -> int:
    path = ledger.house.funnel(command.funnel)
    if command.funnel and path.name != command.funnel:
        raise Invalid("funnel", f"there is no funnel {command.funnel!r}")
    if ledger.deal_in(path.slot) is not None:
        raise Conflict("open_deal", "the contact already has an open deal in this group of funnels")
    deal = ledger.open_deal("manual", f"opened by hand by {who.name}", funnel=path.name, title=command.title)
    deal.responsible_id, deal.owner = who.id, "person"
    return deal.id


def _must_be(deal: Deal, version: int | None) -> None:
    if version is not None and version != deal.version:
        raise Conflict("stale", f"the deal has changed since: it is at version {deal.version}")
