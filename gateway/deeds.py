"""What robots and triggers do, as rows: each deed that a playbook can name has one arm here."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final, assert_never

from bots.kit.conditions import as_number
from bots.kit.fields import as_written
from bots.robots import effects as fx
from gateway import filling
from gateway.assigning import assign, person_for
from gateway.ledger import Ledger
from gateway.obey import start_run
from gateway.sending import leave_to_a_person, send
from gateway.starting import way_to
from gateway.wording import line
from state.records import Deal

_MOST_GATHERED: Final = 30
"""Fields of a deal that go with a task."""


def do(ledger: Ledger, deal: Deal, effects: Sequence[fx.Effect]) -> None:
    for effect in effects:
        _obey(ledger, deal, effect)


def _obey(ledger: Ledger, deal: Deal, effect: fx.Effect) -> None:
    match effect:
        case fx.SendMessage():
            send(ledger, deal, effect)
        case fx.GiveTask(kind, text, due_at, to, once, ends):
            if once and any((one.kind, one.text) == (kind, text) for one in ledger.open_tasks(deal)):
                return
            due = due_at if due_at != ledger.now else None  # at once, or as the kind has it
            ledger.create_task(
                deal, kind, text, "robot", details=_gathered(deal), due_at=due, responsible=person_for(ledger, deal, to), ends=ends
            )  # fmt: skip
        case fx.Tell(to, text):
            ledger.create_task(deal, "notice", text, "robot", responsible=person_for(ledger, deal, to))
        case fx.Reassign(to):
            assign(ledger, deal, to)
        case fx.StartScript(name):
            _start(ledger, deal, name)
        case fx.StopBot():
            if run := ledger.rows.runs.get(deal.id):
                ledger.stop_run(deal, run, line("why_robot"))
        case fx.MoveStage(stage):
            if deal.closed_at is None:
                ledger.move(deal, stage, "robot")
        case fx.CloseDeal(outcome, reason):
            if deal.closed_at is None:
                ledger.close_deal(deal, outcome, reason, "robot")
        case fx.DeleteDeal(reason):
            _delete(ledger, deal, reason)
        case fx.Convert():
            _convert(ledger, deal, effect)
        case fx.OpenDeal(funnel, stage):
            _open(ledger, deal, funnel, stage)
        case fx.AddTag(tag):
            ledger.add_tag(deal, tag)
        case fx.RemoveTag(tag):
            ledger.remove_tag(deal, tag)
        case fx.SetField(name, value):
            filling.keep(ledger, deal, {name: as_written(ledger.house.playbook.kinds.get(name), value)})
        case fx.MissDate(name, of):
            filling.miss(ledger, deal, name, of)
        case fx.CountUp(name):
            ledger.set_field(deal, name, int(as_number(deal.fields.get(name)) or 0) + 1)
        case fx.WriteNote(text):
            ledger.write_entry(deal, "note", author="robot", text=text)
        case fx.CallWebhook(endpoint):
            _call_webhook(ledger, deal, endpoint)
        case fx.JoinAudience(audience):
            row = {"audience": audience, "contact_id": ledger.contact.id, "deal_id": deal.id, "at": ledger.now}
            ledger.writes.audience.append(row)
        case _:
            assert_never(effect)


def _gathered(deal: Deal) -> dict[str, Any]:
    """What is known of the deal, so that a task says what to do it with."""
    known = (
        (name, value) for name, value in deal.fields.items() if isinstance(value, str | int | float) and value != ""
    )
    return dict(islice(known, _MOST_GATHERED))


def _call_webhook(ledger: Ledger, deal: Deal, endpoint: str) -> None:
    """Tell a declared endpoint what it wants to know of the deal."""
    identity = ledger.route_of(deal) or next(iter(ledger.rows.identities.values()), None)
    declared = ledger.house.playbook.endpoints.get(endpoint)
    if identity is None or declared is None or not ledger.house.can_send("endpoint", endpoint):
        ledger.create_task(deal, "check_robots", line("task_webhook", endpoint=endpoint), "robot")
        return
    facts = ledger.facts(deal)
    known = {"deal": deal.id, "stage": deal.stage, "funnel": deal.funnel}
    fields = {name: known.get(name, facts.value(name)) for name in declared.send}
    ledger.call_endpoint(deal, identity, endpoint, fields, "", author="robot")


def _start(ledger: Ledger, deal: Deal, name: str) -> None:
    script, running = ledger.house.script_for(name, deal.contact_id), ledger.rows.runs.get(deal.id)
    title = script.title if script else name
    identity = way_to(ledger, deal)
    if running is not None:
        leave_to_a_person(ledger, deal, line("task_bot_busy", bot=title, other=ledger.house.title(running.bot)))
    elif script is None or identity is None:
        leave_to_a_person(ledger, deal, line("task_bot_mute", bot=title))
    else:
        start_run(ledger, deal, identity, script)


def _delete(ledger: Ledger, deal: Deal, reason: str) -> None:
    """What a customer has written is never thrown away: such a deal is closed with its tasks, like one that was won or lost."""
    if deal.closed_at is None:
        ledger.close_deal(deal, "lost", reason, "robot")
    ledger.end_tasks(deal, ledger.house.reason(reason))
    if deal.route_id is None:  # what is still to be written of it in this turn goes along
        ledger.writes.deleted.append(deal.id)
        ledger.rows.deals.remove(deal)
        ledger.loose.pop(deal.id, None)
        ledger.change(deal, "deal")


def _convert(ledger: Ledger, lead: Deal, effect: fx.Convert) -> None:
    """The lead is won, and a deal goes on in its stead: the open one of that funnel group, or a new one."""
    deal = _carried_over(ledger, lead, effect.funnel, effect.stage)
    name, tax_id = (str(lead.fields.get(field) or "").strip() for field in (effect.company, effect.tax_id))
    if name:
        ledger.set_field(deal, "company", name)
        ledger.writes.companies.append((deal.id, name, tax_id))
    if lead.closed_at is None:
        ledger.close_deal(lead, "won", "converted", "robot")


def _open(ledger: Ledger, deal: Deal, funnel: str, stage: str) -> None:
    _carried_over(ledger, deal, funnel, stage)


def _carried_over(ledger: Ledger, old: Deal, funnel: str, stage: str) -> Deal:
    path = ledger.house.funnel(funnel)
    going = ledger.deal_in(path.slot)
    apart = going is not None and going is not old and _of_another_order(going, old)
    if apart:
        beside = (
            one for one in ledger.rows.deals if one.closed_at is None and one.funnel == path.name and one is not old
        )
        going = next((one for one in beside if not _of_another_order(one, old)), None)
    if going is not None and going is not old:
        for name, value in old.fields.items():
            if name not in going.fields:
                ledger.set_field(going, name, value)
        data = {"event": "led_to", "deal": going.id}
        ledger.write_line(old, "system", "led_to", id=going.id, data=data)
        return going
    if going is old and old.closed_at is None:  # the same group: the old one has to make room
        ledger.close_deal(old, "won", "converted", "robot")
    deal = ledger.open_deal(
        old.source,
        f"opened: deal {old.id} led to it",
        funnel=funnel,
        stage=stage,
        title=old.title,
        apart=apart,
        like=old,
    )
    ledger.write_line(old, "system", "led_to", id=deal.id, data={"event": "led_to", "deal": deal.id})
    return deal


def _of_another_order(one: Deal, old: Deal) -> bool:
    """Each parcel and each return goes its own way."""
    orders = {str(deal.fields.get("order") or "") for deal in (one, old)}
    return len(orders - {""}) > 1
