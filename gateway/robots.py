"""Robots and triggers, obeyed: a robot whose time has come, a trigger that hears something, and what they do as rows.

A robot acts only in the very stay in the stage that it was set for. What it did or did not do is kept with its reason.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, assert_never

from bots.kit.conditions import as_number
from bots.robots import effects as fx
from bots.robots.machine import Firing as Turn
from bots.robots.machine import fire, hear
from gateway.assigning import assign, person_for
from gateway.ledger import ROBOT, Ledger
from gateway.obey import start_run
from gateway.reaching import by_phone, keep, wished
from gateway.routes import window_shut
from gateway.starting import way_to
from gateway.templates import Known, Missing, Rendered, render
from gateway.wording import line
from state.records import Deal, Firing, Identity, Timer

LONGEST_CHAIN: Final = 25
"""Robots that lead to one another at once; one more, and a person has to look."""
_MOST_GATHERED: Final = 30
"""Fields of a deal that go with a task."""
_MOST_HEARD: Final = 50
"""Things that triggers hear of within one turn of a lane."""


def take_turn(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """A robot's time has come. A deal that has moved on since, or a robot that is gone, makes nothing of it."""
    name, _, rest = timer.name.removeprefix(ROBOT).partition(":")
    stay, _, chain = rest.partition(":")
    robots = ledger.house.playbook.board.of(deal.funnel, deal.stage)
    robot = next((one for one in robots if one.name == name), None)
    if robot is None or stay != str(deal.stage_at):
        return
    if int(chain or 1) > LONGEST_CHAIN:
        _note(ledger, deal, Turn(name, "stopped", f"chain: {chain}"), "")
        ledger.create_task(deal, "check_robots", line("task_circle", robot=name), "robot")
        return
    ledger.chain = int(chain or 1)
    try:
        turn = fire(robots, robot, ledger.facts(deal))
        _note(ledger, deal, turn, "")
        for one in turn.then:  # before what it does: that may take the deal elsewhere
            ledger.expect(deal, one)
        _do(ledger, deal, turn.effects)
    finally:
        ledger.chain = 0


def place(ledger: Ledger, timer: Timer) -> int:
    """Where its robot stands in the playbook: those that are due at one moment act in that order."""
    if not timer.name.startswith(ROBOT):
        return 0
    name = timer.name.removeprefix(ROBOT).partition(":")[0]
    deal = next((d for d in ledger.rows.deals if d.id == timer.deal_id), None)
    robots = ledger.house.playbook.board.of(deal.funnel, deal.stage) if deal is not None else ()
    return next((n for n, robot in enumerate(robots, start=1) if robot.name == name), 0)


def hear_all(ledger: Ledger) -> None:
    """Let the triggers hear what this turn has brought about, in order; that may bring about more."""
    heard = 0
    while ledger.happened:
        deal, on, which = ledger.happened.pop(0)
        heard += 1
        if heard > _MOST_HEARD:
            ledger.happened.clear()
            _note(ledger, deal, Turn(on, "stopped", f"heard: {heard}"), which)
            ledger.create_task(deal, "check_robots", line("task_circle", robot=f"{on} {which}".strip()), "robot")
            return
        if deal.closed_at is not None:
            continue
        triggers = ledger.house.playbook.board.triggers.get((deal.funnel, on), ())
        stood = deal.stage, deal.stage_at
        for turn in list(hear(triggers, on, which, ledger.facts(deal))):
            if (deal.stage, deal.stage_at) != stood:
                turn = replace(turn, outcome="held", seen="an earlier trigger has moved the deal", effects=())  # noqa: PLW2901
            _note(ledger, deal, turn, f"{on} {which}".strip())
            _do(ledger, deal, turn.effects)


def _note(ledger: Ledger, deal: Deal, turn: Turn, cause: str) -> None:
    ledger.writes.firings.append(
        Firing(
            ledger.ids.take("firing"), deal.id, turn.rule, deal.stage, ledger.now, turn.outcome, turn.seen[:300], cause
        )
    )
    ledger.change(deal, "robot")


def _gathered(deal: Deal) -> dict[str, Any]:
    """What is known of the deal, so that a task says what to do it with."""
    known = (
        (name, value) for name, value in deal.fields.items() if isinstance(value, str | int | float) and value != ""
    )
    return dict(islice(known, _MOST_GATHERED))


def _do(ledger: Ledger, deal: Deal, effects: Sequence[fx.Effect]) -> None:
    for effect in effects:
        _obey(ledger, deal, effect)


def _obey(ledger: Ledger, deal: Deal, effect: fx.Effect) -> None:
    match effect:
        case fx.SendMessage():
            _send(ledger, deal, effect)
        case fx.GiveTask(kind, text, due_at, to, once):
            if once and any((one.kind, one.text) == (kind, text) for one in ledger.open_tasks(deal)):
                return
            due = due_at if due_at != ledger.now else None  # at once, or as the kind has it
            ledger.create_task(
                deal, kind, text, "robot", details=_gathered(deal), due_at=due, responsible=person_for(ledger, deal, to)
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
            ledger.set_field(deal, name, value)
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


def _send(ledger: Ledger, deal: Deal, effect: fx.SendMessage) -> None:
    """By the first channel that reaches the customer, and by those besides; else, or where something is missing, a person is told."""
    if effect.empty:
        names = ", ".join(map(ledger.house.field_title, effect.empty))
        _leave_to_a_person(ledger, deal, line("task_robot_empty", names=names, text=_meant(ledger, effect)))
        return
    if ledger.loops(effect.text or effect.template):
        ledger.create_task(deal, "check_loop", line("task_loop"), "robot")
        return
    lacking: dict[str, None] = {}
    reached: list[int] = []
    for channels in (effect.by, *((channel,) for channel in effect.also)):
        ways = [one for one in _ways(ledger, deal, channels) if one.id not in reached]
        if (way := _say_by_first(ledger, deal, ways, effect, lacking)) is not None:
            reached.append(way)
    if reached:
        return
    if lacking:
        names = ", ".join(map(ledger.house.field_title, lacking))
        _leave_to_a_person(ledger, deal, line("task_robot_empty", names=names, text=_meant(ledger, effect)))
    elif effect.otherwise == "task":
        _leave_to_a_person(ledger, deal, line("task_robot_mute", text=_meant(ledger, effect)))


def _say_by_first(
    ledger: Ledger, deal: Deal, ways: Sequence[Identity], effect: fx.SendMessage, lacking: dict[str, None]
) -> int | None:
    """The identity that it went to; `lacking` is told of values that it could not go without."""
    for identity in ways:
        said = _worded(ledger, deal, identity, effect)
        if isinstance(said, Rendered):
            keep(ledger, identity)
            ledger.say(
                deal, identity, said.text, author="robot", template=said.approved, media=said.media, subject=said.subject,
                data={"left": list(said.left)} if said.left else None,
            )  # fmt: skip
            return identity.id
        if said.what == "value":
            lacking.update(dict.fromkeys(said.names))
    return None


def _worded(ledger: Ledger, deal: Deal, identity: Identity, effect: fx.SendMessage) -> Rendered | Missing:
    """What it says there: its own text where free text may go, else the playbook's template."""
    shut = window_shut(ledger.house, identity, ledger.now)
    if effect.text and not shut:
        return Rendered(effect.text, ledger.house.playbook.language, effect.subject)
    if not effect.template:
        return Missing("approval", ("none",))
    known = Known(deal, ledger.contact, ledger.now, ledger.responsible(deal))
    given = {str(number): value for number, value in enumerate(effect.values, start=1)}
    made = render(ledger.house, known, effect.template, identity, given=given)
    return replace(made, subject=effect.subject) if isinstance(made, Rendered) and effect.subject else made


def _meant(ledger: Ledger, effect: fx.SendMessage) -> str:
    """What should have been said, for the person who now has to."""
    prepared = ledger.house.playbook.templates.get(effect.template)
    return effect.text or (prepared.title if prepared else "") or effect.template


def _ways(ledger: Ledger, deal: Deal, by: tuple[str, ...]) -> list[Identity]:
    """The customer's addresses in the order in which they are to be tried: each channel's own last heard from first."""
    named, by = bool(by), wished(deal, by)
    place = {channel: n for n, channel in enumerate(by)}

    def rank(one: Identity) -> int | None:
        """How early it is to be tried; None: not at all."""
        here = place.get(fx.HERE) if one.id == deal.route_id else None
        found = [n for n in (here, place.get(one.channel)) if n is not None]
        return min(found, default=None) if named else 0

    ways = [
        (n, one)
        for one in (*ledger.rows.identities.values(), *by_phone(ledger, by))
        if one.person_id is None
        and not one.barred
        and ledger.house.can_send(one.channel, one.account)
        and (n := rank(one)) is not None
    ]
    own = ledger.contact.email  # a form that came later must not redirect mails
    ways.sort(key=lambda w: (w[0], w[1].id != deal.route_id, w[1].address != own, -(w[1].heard_at or 0), -w[1].id))
    return [one for _, one in ways]


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


def _leave_to_a_person(ledger: Ledger, deal: Deal, text: str) -> None:
    ledger.create_task(deal, "write", text, "robot", due_at=ledger.house.next_open(ledger.now, deal.funnel))


def _start(ledger: Ledger, deal: Deal, name: str) -> None:
    script, running = ledger.house.script_for(name, deal.contact_id), ledger.rows.runs.get(deal.id)
    title = script.title if script else name
    identity = way_to(ledger, deal)
    if running is not None:
        _leave_to_a_person(ledger, deal, line("task_bot_busy", bot=title, other=ledger.house.title(running.bot)))
    elif script is None or identity is None:
        _leave_to_a_person(ledger, deal, line("task_bot_mute", bot=title))
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
