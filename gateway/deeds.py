"""What robots and triggers do, as rows: each deed that a playbook can name has one arm here, and says when it came to nothing."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final, assert_never

from bots.kit.conditions import as_number
from bots.kit.fields import as_written
from bots.robots import effects as fx
from gateway import filling
from gateway.amiss import Amiss, tell
from gateway.assigning import assign, person_for, relieve
from gateway.ledger import Ledger
from gateway.obey import start_run
from gateway.sending import leave_to_a_person, send
from gateway.starting import way_to
from state.chains import led_by
from state.records import Deal

_MOST_GATHERED: Final = 30
"""Fields of a deal that go with a task."""


def do(ledger: Ledger, deal: Deal, rule: str, effects: Sequence[fx.Effect]) -> list[Amiss]:
    """Each in its order. The answer: those that did not do what they say; where nothing came of one, the timeline has a word."""
    amiss: list[Amiss] = []
    for effect in effects:
        if (one := _obey(ledger, deal, effect)) is not None:
            amiss.append(one)
            tell(ledger, deal, rule, one)
    return amiss


def _obey(ledger: Ledger, deal: Deal, effect: fx.Effect) -> Amiss | None:
    match effect:
        case fx.SendMessage():
            return send(ledger, deal, effect)
        case fx.GiveTask():
            return _give(ledger, deal, effect)
        case fx.Tell(to, text):
            person = person_for(ledger, deal, to)
            ledger.create_task(deal, "notice", text, "robot", responsible=person)
            return None if person is not None or _is_open_to_all(ledger, to) else Amiss("tell", "nobody", "task", to)
        case fx.Reassign(to):
            found = assign(ledger, deal, to) or _is_open_to_all(ledger, to)
            return None if found else Amiss("responsible", "nobody", about=to)
        case fx.StartScript(name):
            return _start(ledger, deal, name)
        case fx.StopBot():
            if run := ledger.rows.runs.get(deal.id):
                ledger.stop_run(deal, run, ledger.words.line("why_robot"))
        case fx.MoveStage(stage):
            if deal.closed_at is not None:
                return Amiss("move", "closed")
            ledger.move(deal, stage, "robot")
        case fx.CloseDeal(outcome, reason):
            if deal.closed_at is not None:
                return Amiss("close", "closed")
            ledger.close_deal(deal, outcome, reason, "robot")
        case fx.DeleteDeal(reason):
            return _delete(ledger, deal, reason)
        case fx.Convert():
            _convert(ledger, deal, effect)
        case fx.OpenDeal(funnel, stage):
            made, fresh = _carried_over(ledger, deal, funnel, stage)
            return None if fresh else Amiss("open", "already", about=str(made.id))
        case fx.AddTag(tag):
            ledger.add_tag(deal, tag)
        case fx.RemoveTag(tag):
            ledger.remove_tag(deal, tag)
        case fx.SetField(name, value):
            written = as_written(ledger.house.playbook.kinds.get(name), value)
            return None if filling.keep(ledger, deal, {name: written}) else Amiss("set", "unfit", about=name)
        case fx.MissDate(name, of):
            filling.miss(ledger, deal, name, of)
            return Amiss("set", "no_date", about=name)
        case fx.CountUp(name):
            ledger.set_field(deal, name, int(as_number(deal.fields.get(name)) or 0) + 1)
        case fx.WriteNote(text):
            ledger.write_entry(deal, "note", author="robot", text=text)
        case fx.CallWebhook(endpoint):
            return _call_webhook(ledger, deal, endpoint)
        case fx.JoinAudience(audience):
            row = {"audience": audience, "contact_id": ledger.contact.id, "deal_id": deal.id, "at": ledger.now}
            ledger.writes.audience.append(row)
        case _:
            assert_never(effect)
    return None


def _give(ledger: Ledger, deal: Deal, give: fx.GiveTask) -> Amiss | None:
    if give.once and any((one.kind, one.text) == (give.kind, give.text) for one in ledger.open_tasks(deal)):
        return Amiss("task", "already")
    due = give.due_at if give.due_at != ledger.now else None  # at once, or as the kind has it
    person = person_for(ledger, deal, give.to)
    ledger.given.add(deal.id)
    ledger.create_task(
        deal, give.kind, give.text, "robot", details=_gathered(deal), due_at=due, responsible=person, ends=give.ends
    )  # fmt: skip
    return None if person is not None or _is_open_to_all(ledger, give.to) else Amiss("task", "nobody", "task", give.to)


def _is_open_to_all(ledger: Ledger, to: str) -> bool:
    """Nobody is meant in particular: whoever answers for the deal, or whoever comes first."""
    rule = ledger.house.playbook.assign.get(to)
    return to == "responsible" or (rule is not None and rule.how == "to all")


def _gathered(deal: Deal) -> dict[str, Any]:
    """What is known of the deal, so that a task says what to do it with."""
    known = (
        (name, value) for name, value in deal.fields.items() if isinstance(value, str | int | float) and value != ""
    )
    return dict(islice(known, _MOST_GATHERED))


def _call_webhook(ledger: Ledger, deal: Deal, endpoint: str) -> Amiss | None:
    """Tell a declared endpoint what it wants to know of the deal."""
    identity = ledger.route_of(deal) or next(iter(ledger.rows.identities.values()), None)
    declared = ledger.house.playbook.endpoints.get(endpoint)
    if identity is None or declared is None or not ledger.house.can_send("endpoint", endpoint):
        ledger.create_task(deal, "check_robots", ledger.words.line("task_webhook", endpoint=endpoint), "robot")
        return Amiss("webhook", "no_address" if identity is None else "no_endpoint", "task", endpoint)
    facts = ledger.facts(deal)
    known = {"deal": deal.id, "stage": deal.stage, "funnel": deal.funnel}
    fields = {name: known.get(name, facts.value(name)) for name in declared.send}
    ledger.call_endpoint(deal, identity, endpoint, fields, "", author="robot")
    return None


def _start(ledger: Ledger, deal: Deal, name: str) -> Amiss | None:
    script, running = ledger.house.script_for(name, deal.contact_id), ledger.rows.runs.get(deal.id)
    title = script.title if script else name
    identity = way_to(ledger, deal)
    if deal.closed_at is not None:  # it would never say a word, nor end
        why, task = "closed", ledger.words.line("task_bot_closed", bot=title)
    elif running is not None:
        why, task = "busy", ledger.words.line("task_bot_busy", bot=title, other=ledger.house.title(running.bot))
    elif script is None:
        why, task = "no_script", ledger.words.line("task_bot_gone", bot=title)
    elif identity is None:
        why, task = "unreachable", ledger.words.line("task_bot_mute", bot=title)
    else:
        start_run(ledger, deal, identity, script)
        return None
    leave_to_a_person(ledger, deal, task)
    return Amiss("start", why, "task", name)


def _delete(ledger: Ledger, deal: Deal, reason: str) -> Amiss | None:
    """What a customer has written is never thrown away: such a deal is closed with its tasks, like one that was won or lost."""
    if deal.closed_at is None:
        ledger.close_deal(deal, "lost", reason, "robot")
    ledger.end_tasks(deal, ledger.house.reason(reason))
    if deal.route_id is not None:
        return Amiss("delete", "written", "close")
    ledger.writes.deleted.append(deal.id)  # what is still to be written of it in this turn goes along
    ledger.rows.deals.remove(deal)
    ledger.loose.pop(deal.id, None)
    ledger.change(deal, "deal")
    return None


def _convert(ledger: Ledger, lead: Deal, effect: fx.Convert) -> None:
    """The lead is won, and a deal goes on in its stead: the open one of that funnel group, or a new one."""
    deal, _ = _carried_over(ledger, lead, effect.funnel, effect.stage)
    name, tax_id = (str(lead.fields.get(field) or "").strip() for field in (effect.company, effect.tax_id))
    if name:
        ledger.set_field(deal, "company", name)
        ledger.writes.companies.append((deal.id, name, tax_id))
    if lead.closed_at is None:
        ledger.close_deal(lead, "won", "converted", "robot")


def _carried_over(ledger: Ledger, old: Deal, funnel: str, stage: str) -> tuple[Deal, bool]:
    """The deal that it leads to, and whether that was opened for it."""
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
        return going, False
    if going is old and old.closed_at is None:  # the same group: the old one has to make room
        ledger.close_deal(old, "won", "converted", "robot")
    deal = ledger.open_deal(
        old.source,
        led_by(old.id),
        funnel=funnel,
        stage=stage,
        title=old.title,
        apart=apart,
        like=old,
    )
    ledger.write_line(old, "system", "led_to", id=deal.id, data={"event": "led_to", "deal": deal.id})
    relieve(ledger, deal)
    return deal, True


def _of_another_order(one: Deal, old: Deal) -> bool:
    """Each parcel and each return goes its own way."""
    orders = {str(deal.fields.get("order") or "") for deal in (one, old)}
    return len(orders - {""}) > 1
