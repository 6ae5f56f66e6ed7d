"""A bot's effects, obeyed: each becomes rows of the ledger and nothing else."""

from typing import assert_never

from bots.kit import effects as fx
from bots.kit.events import Event as BotEvent
from bots.kit.events import RunStarted, WebAnswered
from bots.kit.run import Facts, RunState
from bots.kit.script import Script
from bots.kit.walk import begin, step
from gateway.ledger import Ledger
from gateway.trail import follow
from gateway.verdicts import WINDOW_MARGIN_MS
from gateway.wording import line
from state.records import Deal, Identity, Run
from state.steps import new_trail

_MOST_SCRIPTS = 5
"""That one turn may start in one deal, each led to by the one before."""


def start_run(ledger: Ledger, deal: Deal, identity: Identity, script: Script) -> Run:
    """Give the conversation to a bot, pinned to this version of its script; it speaks first."""
    run = Run(
        id=ledger.ids.take("run"), deal_id=deal.id, contact_id=deal.contact_id, bot=script.name, script=script.hash,
        state={**begin(script).to_json(), "trail": new_trail(identity.channel)}, status="running", waits_until=None, started_at=ledger.now, ended_at=None, reason="",
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
    state, effects = step(script, RunState.from_json(run.state), event, _facts(ledger, deal, run, identity))
    trail = run.state.get("trail")
    run.state = state.to_json()
    if trail is not None:  # else it began before trails were kept
        run.state["trail"] = trail
        ledger.writes.steps += follow(run, trail, script, state, ledger.now)
    run.waits_until = state.waits_until
    ledger.touch_run(run)
    token = f"{run.id}.{state.turn}"
    for effect in effects:
        if run.status == "stopped" or deal.closed_at is not None:  # the loop guard, or the bot's own last move
            return
        _obey(ledger, deal, run, identity, effect, token)


def _facts(ledger: Ledger, deal: Deal, run: Run, identity: Identity) -> Facts:
    """What the bot may know. The window is shut a little before the provider shuts it, as delivery sees it."""
    shop = ledger.house.playbook
    hours = ledger.house.limits(identity.channel, identity.account).window_hours
    window = (identity.heard_at or 0) + hours * 3_600_000 - WINDOW_MARGIN_MS if hours else None
    return Facts(
        ledger.now, ledger.contact.name, identity.channel, shop.zone, deal.fields, deal.tags, deal.stage, shop.language,
        shop.currency, shop.hours, window, run.id,
    )  # fmt: skip


def _obey(ledger: Ledger, deal: Deal, run: Run, identity: Identity, effect: fx.Effect, token: str) -> None:
    match effect:
        case fx.Say(text, choices, ask_phone, template):
            if ledger.loops(text):
                break_loop(ledger, deal, run)
            elif template is not None:
                _say_template(ledger, deal, identity, text, template)
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
            ledger.create_task(deal, task.kind, task.text, "bot", details=task.details)
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


def _say_template(ledger: Ledger, deal: Deal, identity: Identity, text: str, template: fx.Template) -> None:
    """Outside the window only what the provider has approved goes out; else a person is told what to say."""
    approved = ledger.house.playbook.templates.get(template.name)
    provided = approved.ids.get(identity.channel) if approved else None
    if provided is not None:
        variables = {str(number): value for number, value in enumerate(template.values, start=1)}
        payload = {"kind": "template", "template": provided, "variables": variables}
        ledger.say(deal, identity, text, author="bot", template=payload)
    elif template.otherwise == "task":
        ledger.create_task(deal, "write", line("task_window", text=text), "bot")


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
    ledger.stop_run(deal, run, line("why_loop"), left="loop")
    ledger.create_task(deal, "check_loop", line("task_loop"), "robot")


def _lost_script(ledger: Ledger, deal: Deal, run: Run) -> None:
    ledger.stop_run(deal, run, "script_missing", left="script_missing")
    ledger.create_task(deal, "handoff", line("task_message", source=deal.source), "robot")
