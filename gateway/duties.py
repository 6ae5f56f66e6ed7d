"""What managers do with tasks: give, pass on, put off, finish. A task that means "speak with the customer" asks whether
that has happened: one that is closed without it keeps the reason, for whoever looks through them later.
"""

from dataclasses import dataclass
from typing import Any, Final

from bots.kit.spans import Span
from gateway.clock import Instant, iso
from gateway.ledger import Ledger
from gateway.refusals import Conflict, Invalid, is_seen, said
from gateway.vocabulary import no_such, task_kinds
from state.records import Deal, Person, Task

NO_CONTACT: Final = "no_contact"
"""Where a task's details keep why it was closed without a word to the customer."""


@dataclass(frozen=True, slots=True)
class GiveTask:
    text: str
    kind: str = "other"
    responsible: int | None = None
    due_at: Instant | None = None
    due_in: Span | None = None
    """From now; where neither is said, the kind's own."""
    nobodys: bool = False
    """For whoever looks into the pool; else, where no responsible is named, for oneself."""


@dataclass(frozen=True, slots=True)
class FinishTask:
    task: Task
    result: str
    no_contact_reason: str = ""


@dataclass(frozen=True, slots=True)
class EditTask:
    """To somebody else, to another time, in other words. What is None stays."""

    task: Task
    responsible: int | None = None
    name: str = ""
    """What the new responsible is called."""
    release: bool = False
    """To nobody: whoever looks into the pool."""
    due_at: Instant | None = None
    due_in: Span | None = None
    text: str | None = None


def give(ledger: Ledger, deal: Deal, command: GiveTask, who: Person) -> int:
    if command.kind not in (known := task_kinds(ledger.house)):
        raise Invalid("kind", no_such("kind of task", command.kind, known))
    due = command.due_at
    if due is None:  # who gives it is there, whatever the hour
        shop = ledger.house.playbook
        due = shop.later(ledger.now, command.due_in or shop.task_kind(command.kind).due, deal.funnel)
    task = ledger.create_task(
        deal, command.kind, said(command.text, "text"), "manager", responsible=command.responsible or who.id, due_at=due, person=who,
    )  # fmt: skip
    if command.nobodys:
        task.responsible_id = None
    return task.id


def finish(ledger: Ledger, deal: Deal, command: FinishTask, who: Person) -> None:
    task = command.task
    if task.state != "open":
        raise Conflict("done", "the task is already done")
    result, reason = said(command.result, "result"), command.no_contact_reason.strip()
    data: dict[str, Any] = {"event": "done", "task": task.id, "result": result}
    text = ledger.words.line("task_done", result=result)
    if ledger.house.playbook.task_kind(task.kind).contact and not was_in_contact(ledger, task):
        if not is_seen(reason):
            raise Conflict(
                "no_contact", "nobody has spoken with the customer since the task was set: say why it is done"
            )
        data[NO_CONTACT] = reason
        text = ledger.words.line("task_done_no_contact", result=result, why=reason)
        ledger.writes.edited_tasks.append((task.id, {"details": {**task.details, NO_CONTACT: reason}}))
    ledger.writes.done_tasks.append((task.id, result, who.id))
    ledger.loose[deal.id] = deal
    ledger.write_entry(deal, "task", author="manager", text=text, data=data, person=who)


def was_in_contact(ledger: Ledger, task: Task) -> bool:
    """A person wrote to the customer and it was not refused, called them, or took their call, since the task was set."""
    fresh = (e for e in ledger.writes.entries if e.contact_id == task.contact_id)
    return any(
        (e.kind == "message" and e.direction == "out" and e.author == "manager")
        or (e.kind == "call" and (e.direction == "out" or e.data.get("status") == "answered"))
        for e in fresh
    ) or ledger.look.was_in_contact(task.contact_id, task.created_at)


def edit(ledger: Ledger, deal: Deal, command: EditTask, who: Person) -> None:
    task = command.task
    if task.state != "open":
        raise Conflict("done", "the task is already done")
    values: dict[str, Any] = {}
    changed: list[str] = []
    if command.text is not None and (text := said(command.text, "text")) != task.text:
        values["text"] = text
        changed.append(ledger.words.line("task_text", text=text))
    due = _due(ledger, deal, command)
    if due is not None and due != task.due_at:
        values["due_at"] = due
        changed.append(ledger.words.line("task_due", at=ledger.house.clock_text(due)))
    if command.responsible is not None and command.responsible != task.responsible_id:
        values["responsible_id"] = command.responsible
        changed.append(ledger.words.line("changed_responsible", name=command.name or command.responsible))
    elif command.release and task.responsible_id is not None:
        values["responsible_id"] = None
        changed.append(ledger.words.line("changed_released"))
    if not values:
        return
    ledger.writes.edited_tasks.append((task.id, values))
    ledger.loose[deal.id] = deal
    data = {"event": "edited", "task": task.id, "by": who.id, **_shown(values)}
    if task.ends:  # somebody works on it: it is not the stage's any more
        values["ends"] = ""
    said_ = ledger.words.line("task_edited", what=", ".join(changed))
    ledger.write_entry(deal, "task", author="manager", text=said_, data=data, person=who)
    if "responsible_id" in values:
        ledger.writes.news.append(("new" if command.responsible is None else "reassigned", task.id, who.id))


def _due(ledger: Ledger, deal: Deal, command: EditTask) -> Instant | None:
    if command.due_at is not None and command.due_in is not None:
        raise Invalid("due_in", "say either when or in how long")
    if command.due_in is not None:
        return ledger.house.playbook.later(ledger.now, command.due_in, deal.funnel)
    return command.due_at


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {n: iso(v) if n == "due_at" else v for n, v in values.items()}
