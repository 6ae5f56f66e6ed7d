"""A bot's effects, obeyed: each becomes rows of the ledger and nothing else."""

from typing import assert_never

from bots.kit import effects as fx
from bots.kit.events import Event as BotEvent
from bots.kit.events import RunStarted, WebAnswered
from bots.kit.run import Facts, RunState
from bots.kit.script import Ask, Script
from bots.kit.walk import begin, step
from gateway.clock import Instant
from gateway.ledger import Ledger
from gateway.verdicts import WINDOW_MARGIN_MS
from gateway.wording import line
from state.records import Deal, Identity, Run

_MOST_SCRIPTS = 5
"""That one turn may start in one deal, each led to by the one before."""


def start_run(ledger: Ledger, deal: Deal, identity: Identity, script: Script) -> Run:
    """Give the conversation to a bot, pinned to this version of its script; it speaks first."""
    run = Run(
        id=ledger.ids.take("run"), deal_id=deal.id, contact_id=deal.contact_id, bot=script.name, script=script.hash,
        state=begin(script).to_json(), status="running", waits_until=None, started_at=ledger.now, ended_at=None, reason="",
    )  # fmt: skip
    ledger.rows.runs[deal.id] = run
    ledger.writes.new_runs[run.id] = run
    ledger.writes.scripts[script.hash] = {
        "hash": script.hash, "name": script.name, "source": script.source, "first_used_at": ledger.now,
    }  # fmt: skip
    deal.owner = "bot"
    ledger.touch(deal)
    ledger.write_line(
        deal,
        "bot",
        "bot_started",
        bot=script.title,
        data={"event": "started", "bot": script.name, "script": script.hash},
    )
    walk(ledger, deal, run, identity, RunStarted())
    return run


def walk(ledger: Ledger, deal: Deal, run: Run, identity: Identity, event: BotEvent) -> None:
    """One step of a run, its effects obeyed in order. A version that cannot be found any more hands off."""
    script = ledger.house.by_hash.get(run.script)
    if script is None:
        _lost_script(ledger, deal, run)
        return
    before = RunState.from_json(run.state)
    state, effects = step(script, before, event, _facts(ledger, deal, run, identity))
    run.state = state.to_json()
    run.waits_until = state.waits_until
    ledger.touch_run(run)
    token = f"{run.id}.{state.turn}"
    unsaid = False
    for effect in effects:
        if run.status == "stopped" or deal.closed_at is not None:  # the loop guard, or the bot's own last move
            return
        if isinstance(effect, fx.Say) and effect.template is not None:
            unsaid |= not _say_template(ledger, deal, run, identity, effect, effect.template, token)
            identity = ledger.route_of(deal) or identity  # it may have gone another way, and so does what follows
        else:
            _obey(ledger, deal, run, identity, effect, token)
    if unsaid and run.status == "running" and state.turn > before.turn and _asks(script, state):
        ledger.stop_run(deal, run, line("why_unsaid"))


def _asks(script: Script, state: RunState) -> bool:
    return isinstance(script.steps[state.step].finish, Ask)


def _facts(ledger: Ledger, deal: Deal, run: Run, identity: Identity) -> Facts:
    """What the bot may know. The window is shut a little before the provider shuts it, as delivery sees it."""
    shop = ledger.house.playbook
    window = _window(ledger, identity)
    return Facts(
        ledger.now, ledger.contact.name, identity.channel, shop.zone, deal.fields, deal.tags, deal.stage, shop.language,
        shop.currency, shop.hours, window, run.id,
    )  # fmt: skip


def _window(ledger: Ledger, identity: Identity) -> Instant | None:
    """Until when free text may go to this address; None: always."""
    hours = ledger.house.limits(identity.channel, identity.account).window_hours
    return (identity.heard_at or 0) + hours * 3_600_000 - WINDOW_MARGIN_MS if hours else None


def _obey(ledger: Ledger, deal: Deal, run: Run, identity: Identity, effect: fx.Effect, token: str) -> None:
    match effect:
        case fx.Say(text, choices, ask_phone):
            if ledger.loops(text):
                break_loop(ledger, deal, run)
            else:
                ledger.say(deal, identity, text, author="bot", choices=choices, token=token, ask_phone=ask_phone)
        case fx.SetTimer(name, at):
            ledger.set_timer(run, name, at)
        case fx.CancelTimer(name):
            ledger.cut_timer(f"run:{run.id}:{name}")
        case fx.SetField(name, value):
            ledger.set_field(deal, name, value)
        case fx.AddTag(tag):
            ledger.add_tag(deal, tag)
        case fx.MoveStage(stage):
            _move(ledger, deal, run, stage)
        case fx.CreateTask(kind, text, details, due_at):
            ledger.create_task(deal, kind, text, "bot", details=details, due_at=due_at)
        case fx.WriteNote(text):
            ledger.write_entry(deal, "note", author="bot", text=text)
        case fx.HandOff(reason, task):
            text = line("bot_handed_off", bot=ledger.house.title(run.bot))
            ledger.end_run(deal, run, "handed_off", reason, text)
            deal.owner = "pool"
            deal.waiting_since = deal.waiting_since or ledger.now
            due = ledger.house.next_open(ledger.now)
            ledger.create_task(deal, task.kind, task.text, "bot", details=task.details, due_at=due)
        case fx.CloseDeal(reason):
            ledger.close_deal(deal, "lost", reason, "bot")
        case fx.EndRun(status, reason):
            key = "bot_timed_out" if status == "timed_out" else "bot_finished"
            if run.status == "running":
                ledger.end_run(deal, run, status, reason, line(key, bot=ledger.house.title(run.bot)))
        case fx.StartScript(name):
            _start_another(ledger, deal, identity, name)
        case fx.CallWeb(_, _, turn):
            # Web calls are not connected yet: `check_script` refuses a script that makes one, and a run that is pinned
            # to such a script all the same goes on by its exit for failures.
            walk(ledger, deal, run, identity, WebAnswered(turn, ok=False))
        case _:
            assert_never(effect)


def _say_template(
    ledger: Ledger, deal: Deal, run: Run, identity: Identity, say: fx.Say, template: fx.Template, token: str
) -> bool:
    """Outside the window: what the provider has approved, else another way to the customer, else a person.

    False where the customer has to be told by a person: the bot cannot reckon with an answer.
    """
    if ledger.loops(say.text):
        break_loop(ledger, deal, run)
        return True
    approved = ledger.house.playbook.templates.get(template.name)
    provided = approved.ids.get(identity.channel) if approved else None
    if provided is not None:
        variables = {str(number): value for number, value in enumerate(template.values, start=1)}
        payload = {"kind": "template", "template": provided, "variables": variables}
        ledger.say(deal, identity, say.text, author="bot", choices=say.choices, token=token, template=payload)
    elif (other := _open_way(ledger, identity)) is not None:
        deal.route_id = other.id
        ledger.touch(deal, bump=False)
        ledger.say(deal, other, say.text, author="bot", choices=say.choices, token=token)
    elif template.otherwise == "task":
        due = ledger.house.next_open(ledger.now)
        ledger.create_task(deal, "write", line("task_window", text=say.text), "bot", due_at=due)
        return False
    return True


def _open_way(ledger: Ledger, shut: Identity) -> Identity | None:
    """The customer's address that takes free text and that they wrote from last."""
    ways = [
        one
        for one in ledger.rows.identities.values()
        if one.id != shut.id and one.heard_at is not None and not one.barred
        and ledger.house.can_send(one.channel, one.account)
        and ((until := _window(ledger, one)) is None or ledger.now < until)
    ]  # fmt: skip
    return max(ways, key=lambda one: (one.heard_at or 0, one.id), default=None)


def _start_another(ledger: Ledger, deal: Deal, identity: Identity, name: str) -> None:
    """The script that another led to. One that is not there any more, or leads round in a circle, is a person's."""
    script = ledger.house.scripts.get(name)
    started = sum(1 for run in ledger.writes.new_runs.values() if run.deal_id == deal.id)
    if script is None or started >= _MOST_SCRIPTS:
        ledger.create_task(deal, "handoff", line("task_message", source=deal.source), "robot")
        deal.waiting_since = deal.waiting_since or ledger.now
    else:
        start_run(ledger, deal, identity, script)


def _move(ledger: Ledger, deal: Deal, run: Run, stage: str) -> None:
    """A bot that closes its own deal is through with it, not silenced: what it has said goes out."""
    target = ledger.house.funnel(deal.funnel).stage(stage)
    if target is not None and target.outcome and deal.stage != stage and run.status == "running":
        ledger.end_run(deal, run, "finished", stage, line("bot_finished", bot=ledger.house.title(run.bot)))
    ledger.move(deal, stage, "bot")


def break_loop(ledger: Ledger, deal: Deal, run: Run) -> None:
    """Too many automatic messages: stop talking, and have a person look at who is on the other side."""
    ledger.stop_run(deal, run, line("why_loop"))
    ledger.create_task(deal, "check_loop", line("task_loop"), "robot")


def _lost_script(ledger: Ledger, deal: Deal, run: Run) -> None:
    ledger.stop_run(deal, run, "script_missing")
    ledger.create_task(deal, "handoff", line("task_message", source=deal.source), "robot")
