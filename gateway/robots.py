"""Robots and triggers, obeyed: a robot whose time has come, a trigger that hears something, and what they do as rows.

A robot acts only in the very stay in the stage that it was set for. What it did or did not do is kept with its reason.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, assert_never

from bots.robots import effects as fx
from bots.robots.machine import Firing as Turn
from bots.robots.machine import fire, hear
from gateway.assigning import assign
from gateway.ledger import ROBOT, Ledger
from gateway.obey import start_run, window_of
from gateway.starting import way_to
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
                deal, kind, text, "robot", details=_gathered(deal), due_at=due, responsible=ledger.person_for(deal, to)
            )  # fmt: skip
        case fx.Tell(to, text):
            ledger.create_task(deal, "notice", text, "robot", responsible=ledger.person_for(deal, to))
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
        case fx.Convert(funnel, stage, company):
            _convert(ledger, deal, funnel, stage, company)
        case fx.OpenDeal(funnel, stage):
            _open(ledger, deal, funnel, stage)
        case fx.AddTag(tag):
            ledger.add_tag(deal, tag)
        case fx.RemoveTag(tag):
            ledger.remove_tag(deal, tag)
        case fx.SetField(name, value):
            ledger.set_field(deal, name, value)
        case fx.WriteNote(text):
            ledger.write_entry(deal, "note", author="robot", text=text)
        case fx.CallWebhook(endpoint):
            ledger.call_webhook(deal, endpoint)
        case fx.JoinAudience(audience):
            ledger.join_audience(deal, audience)
        case _:
            assert_never(effect)


def _send(ledger: Ledger, deal: Deal, effect: fx.SendMessage) -> None:
    """By the first channel that reaches the customer; else, or where something is missing, a person is told."""
    if effect.empty:
        names = ", ".join(map(ledger.house.field_title, effect.empty))
        _leave_to_a_person(ledger, deal, line("task_robot_empty", names=names, text=effect.text or effect.template))
        return
    if ledger.loops(effect.text or effect.template):
        ledger.create_task(deal, "check_loop", line("task_loop"), "robot")
        return
    for identity in _ways(ledger, deal, effect.by):
        if _said(ledger, deal, identity, effect):
            return
    if effect.otherwise == "task":
        _leave_to_a_person(ledger, deal, line("task_robot_mute", text=effect.text or effect.template))


def _said(ledger: Ledger, deal: Deal, identity: Identity, effect: fx.SendMessage) -> bool:
    """Whether it could go this way: outside the window only what the provider has approved."""
    approved = ledger.house.playbook.templates.get(effect.template)
    provided = approved.ids.get(identity.channel) if approved else None
    until = window_of(ledger, identity)
    values = {str(number): value for number, value in enumerate(effect.values, start=1)}
    text = effect.text or (approved.filled(values) if approved else "")
    if until is not None and ledger.now >= until:
        if provided is None:
            return False
        payload = {"kind": "template", "template": provided, "variables": values}
        ledger.say(deal, identity, text, author="robot", template=payload)
    else:
        ledger.say(deal, identity, text, author="robot", subject=effect.subject if identity.channel == "email" else "")
    return True


def _ways(ledger: Ledger, deal: Deal, by: tuple[str, ...]) -> list[Identity]:
    """The customer's addresses in the order in which they are to be tried: each channel's own last heard from first."""
    ways = [
        one
        for one in ledger.rows.identities.values()
        if one.person_id is None
        and not one.barred
        and ledger.house.can_send(one.channel, one.account)
        and (not by or one.channel in by)
    ]
    place = {channel: n for n, channel in enumerate(by)}
    own = ledger.contact.email  # a form that came later must not redirect mails
    return sorted(
        ways,
        key=lambda one: (
            place.get(one.channel, 0), one.id != deal.route_id, one.address != own, -(one.heard_at or 0), -one.id,
        ),
    )  # fmt: skip


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


def _convert(ledger: Ledger, lead: Deal, funnel: str, stage: str, company: str) -> None:
    """The lead is won, and a deal goes on in its stead: the open one of that funnel group, or a new one."""
    deal = _carried_over(ledger, lead, funnel, stage)
    if company and (name := str(lead.fields.get(company, "")).strip()):
        ledger.set_field(deal, "company", name)
    if lead.closed_at is None:
        ledger.close_deal(lead, "won", "converted", "robot")


def _open(ledger: Ledger, deal: Deal, funnel: str, stage: str) -> None:
    _carried_over(ledger, deal, funnel, stage)


def _carried_over(ledger: Ledger, old: Deal, funnel: str, stage: str) -> Deal:
    path = ledger.house.funnel(funnel)
    going = ledger.deal_in(path.slot)
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
        old.source, f"opened: deal {old.id} led to it", funnel=funnel, stage=stage, title=old.title, like=old
    )
    ledger.write_line(old, "system", "led_to", id=deal.id, data={"event": "led_to", "deal": deal.id})
    return deal
