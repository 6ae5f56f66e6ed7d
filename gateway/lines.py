"""What is written of a deal for those who read it: lines of its timeline, tasks, and how long a customer has waited."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.clock import Instant
from gateway.page import Page
from state.records import Deal, Entry, Identity, Person, Task, Wait

_MOST_TOLD: Final = 200
"""Of a task's text, where its end is told."""


class Lines(Page):
    """A page on which is written."""

    def write_entry(
        self, deal: Deal, kind: str, *, author: str, text: str, data: Mapping[str, Any] | None = None,
        direction: str = "", identity: Identity | None = None, media: list[dict[str, Any]] | None = None,
        person: Person | None = None, client_id: str | None = None,
    ) -> Entry:  # fmt: skip
        if client_id and direction == "in" and identity:
            # A visitor's page chooses its ids; they must meet neither a composer's nor another visitor's in this deal.
            client_id = f"{identity.id}:{client_id}"
        entry = Entry(
            self.ids.take("entry"), deal.id, self.contact.id, self.now, kind, direction,
            identity.channel if identity else "", identity.id if identity else None, author,
            person.id if person else None, text, media or [], dict(data or {}), client_id,
        )  # fmt: skip
        self.writes.entries.append(entry)
        self.change(deal, kind, entry.id)
        return entry

    def write_line(self, deal: Deal, kind: str, key: str, *, data: Mapping[str, Any], **values: object) -> Entry:
        return self.write_entry(deal, kind, author="system", text=self.words.line(key, **values), data=data)

    def holder(self, deal: Deal) -> int | None:
        """Who answers for the deal, if they still work here; None: whoever looks into the pool."""
        one = self.look.roster().find(deal.responsible_id) if deal.responsible_id is not None else None
        return deal.responsible_id if one is None or one.active else None

    def create_task(
        self, deal: Deal, kind: str, text: str, created_by: str, *, details: Mapping[str, Any] | None = None,
        responsible: int | None = None, due_at: Instant | None = None, person: Person | None = None, ends: str = "",
    ) -> Task:  # fmt: skip
        task = Task(
            id=self.ids.take("task"), deal_id=deal.id, contact_id=self.contact.id, kind=kind, text=text, details=dict(details or {}),
            responsible_id=responsible if responsible is not None else self.holder(deal), due_at=due_at if due_at is not None else self.house.due(kind, self.now, deal.funnel),
            state="open", result="", created_by=created_by, created_at=self.now, ends=ends,
        )  # fmt: skip
        self.writes.tasks.append(task)
        data = {"event": "created", "task": task.id, "kind": kind, "details": task.details}
        self.write_entry(deal, "task", author=created_by, text=text, data=data, person=person)
        return task

    def ask_for(self, deal: Deal, kind: str, text: str, details: Mapping[str, Any] | None = None) -> None:
        """A task that nobody needs where the funnel's own rules give one for the deal in this turn."""
        self.otherwise.append((deal, kind, text, details or {}))

    def give_otherwise(self) -> None:
        """What was asked for, now that the rules have had their turn."""
        for deal, kind, text, details in self.otherwise:
            if deal.id not in self.given and deal.closed_at is None:
                self.create_task(deal, kind, text, "robot", details=details)
        self.otherwise.clear()

    def renew_task(self, deal: Deal, task: Task, text: str, details: Mapping[str, Any]) -> None:
        """It has become more urgent, not another one."""
        if task in self.writes.tasks:
            task.text, task.details = text, dict(details)
        else:
            self.writes.edited_tasks.append((task.id, {"text": text, "details": dict(details)}))
        data = {"event": "edited", "task": task.id, "text": text}
        self.write_entry(deal, "task", author="robot", text=text, data=data)

    def finish_tasks(self, deal: Deal, kind: str, result: str) -> None:
        """Those of one kind: what was to be done has come about by itself."""
        for task in [one for one in self.open_tasks(deal) if one.kind == kind]:
            if task in self.writes.tasks:
                task.state, task.result, task.done_at = "done", result, self.now
            else:
                self.writes.done_tasks.append((task.id, result, None))
            self.loose[deal.id] = deal
            data = {"event": "done", "task": task.id, "result": result}
            self.write_entry(deal, "task", author="robot", text=self.words.line("task_done", result=result), data=data)

    def end_tasks(self, deal: Deal, result: str) -> None:
        """All that was to be done for this deal has become needless."""
        self.writes.ended_tasks.append((deal.id, result))
        self.loose[deal.id] = deal
        for task in self.writes.tasks:
            if task.deal_id == deal.id and task.state == "open":
                task.state, task.result, task.done_at = "done", result, self.now

    def end_passing_tasks(self, deal: Deal, stage: str) -> None:
        """The deal leaves the stage with this title: what was to be done only there ends, where nobody works on it."""
        result, why = self.words.line("task_passed", stage=stage), self.words.line("why_passed", stage=stage)
        settled = {task for task, *_ in self.writes.done_tasks}
        theirs = {task for task, values in self.writes.edited_tasks if values.get("ends") == ""}
        fresh = {task.id for task in self.writes.tasks}
        for task in self.open_tasks(deal):
            if task.ends != "stage" or task.id in settled or task.id in theirs:
                continue
            if task.id in fresh:
                task.state, task.result, task.done_at = "done", result, self.now
            else:
                self.writes.done_tasks.append((task.id, result, None))
            text = self.words.line("task_ended", text=" ".join(task.text.split())[:_MOST_TOLD], why=why)
            data = {"event": "ended", "task": task.id, "result": result}
            self.write_entry(deal, "task", author="robot", text=text, data=data)

    def open_tasks(self, deal: Deal) -> list[Task]:
        """Of a deal, as this turn has left them."""
        done = {task for task, _, _ in self.writes.done_tasks}
        changed: dict[int, dict[str, Any]] = {}
        for task, values in self.writes.edited_tasks:
            changed.setdefault(task, {}).update(values)
        ended = any(one == deal.id for one, _ in self.writes.ended_tasks)
        before = [] if ended else self.look.open_tasks(deal.id)
        return [
            *(replace(t, **changed.get(t.id, {})) for t in before if t.id not in done),
            *(t for t in self.writes.tasks if t.deal_id == deal.id and t.state == "open"),
        ]

    def _waited(self, deal: Deal, told: Entry, since: Instant, person: int | None) -> None:
        """The customer's wait for a person is over. `person` as in `Wait`."""
        route = self.route_of(deal)
        channel = route.channel if route else told.channel or "phone"
        self.writes.waits.append(Wait(told.id, deal.id, channel, since, self.now, person))
