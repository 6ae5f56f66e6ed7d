"""A bot's effects, obeyed: each becomes rows of the ledger and nothing else."""

from collections.abc import Mapping
from typing import Any, assert_never

from bots.kit import effects as fx
from bots.kit.crossing import cross, hand_over, waits_to_settle
from bots.kit.events import Event as BotEvent
from bots.kit.events import RunStarted, WebAnswered
from bots.kit.run import Facts, RunState
from bots.kit.script import Ask, Script
from bots.kit.templates import MANAGER
from bots.kit.walk import begin, resume, step
from gateway.ledger import Ledger
from gateway.routes import window_shut, window_until
from gateway.templates import Known, Rendered, render
from gateway.trail import follow
from state.records import Deal, Identity, Run
from state.steps import new_trail

SILENCE = "silence"
"""The reason of a hand-over because nothing was heard."""
_MOST_SCRIPTS = 5
"""That one turn may start in one deal, each led to by the one before."""


def start_run(ledger: Ledger, deal: Deal, identity: Identity, script: Script, words: str = "") -> Run:
    """Give the conversation to a bot, pinned to this version of its script; it speaks first. `words`: of the message that follows."""
    run = _new_run(ledger, deal, identity, script, begin(script), script.name)
    walk(ledger, deal, run, identity, RunStarted(words))
    return run


def resume_run(ledger: Ledger, deal: Deal, identity: Identity, stopped: Run, script: Script) -> Run:
    """Give the conversation back to the bot that had it: a new run, of the same version, from where the old one stood."""
    # The text may be another bot's too: versions are known by their texts.
    run = _new_run(ledger, deal, identity, script, RunState.from_json(stopped.state), stopped.bot)
    came_of = resume(script, RunState.from_json(run.state), _facts(ledger, deal, run, identity))
    _follow(ledger, deal, run, identity, *came_of)
    return run


def _new_run(ledger: Ledger, deal: Deal, identity: Identity, script: Script, state: RunState, bot: str) -> Run:
    run = Run(
        id=ledger.ids.take("run"), deal_id=deal.id, contact_id=deal.contact_id, bot=bot, script=script.hash,
        state={**state.to_json(), "trail": new_trail(identity.channel)}, status="running", waits_until=None,
        started_at=ledger.now, ended_at=None, reason="",
    )  # fmt: skip
    ledger.rows.runs[deal.id] = run
    ledger.writes.new_runs[run.id] = run
    ledger.writes.scripts[script.hash] = {
        "hash": script.hash, "name": script.name, "source": script.source, "first_used_at": ledger.now,
    }  # fmt: skip
    deal.owner = "bot"
    ledger.touch(deal)
    data = {"event": "started", "bot": bot, "script": script.hash}
    ledger.write_line(deal, "bot", "bot_started", bot=script.title, data=data)
    return run


def walk(ledger: Ledger, deal: Deal, run: Run, identity: Identity, event: BotEvent) -> None:
    """One step of a run, its effects obeyed in order. A version that cannot be found any more hands off."""
    script = ledger.house.by_hash.get(run.script)
    if script is None:
        _lost_script(ledger, deal, run)
        return
    state, effects = step(script, RunState.from_json(run.state), event, _facts(ledger, deal, run, identity))
    _follow(ledger, deal, run, identity, state, effects)


def move_run(ledger: Ledger, deal: Deal, run: Run, script: Script, to: str) -> bool:
    """Bring a run to step `to` of another version of its script, or to a person. False: not yet, the customer speaks."""
    identity, old = ledger.route_of(deal), ledger.house.by_hash.get(run.script)
    if identity is None or old is None:
        _lost_script(ledger, deal, run)
        return True
    state, facts = RunState.from_json(run.state), _facts(ledger, deal, run, identity)
    if not to or to not in script.steps:
        _follow(ledger, deal, run, identity, *hand_over(old, state, facts))
        return True
    if waits_to_settle(state):
        return False
    ledger.pin_run(run, script.hash)
    data = {"event": "moved", "bot": run.bot, "script": script.hash, "from": state.step, "to": to}
    ledger.write_line(deal, "bot", "bot_moved", bot=script.title, data=data)
    _follow(ledger, deal, run, identity, *cross(old, script, state, to, facts))
    return True


def _follow(
    ledger: Ledger, deal: Deal, run: Run, identity: Identity, state: RunState, effects: tuple[fx.Effect, ...]
) -> None:
    """The run is where its bot says, and what the bot asks for is done."""
    asked_before, script = run.state.get("turn", 0), ledger.house.by_hash.get(run.script)
    trail = run.state.get("trail")
    run.state = state.to_json()
    if trail is not None and script is not None:  # else it began before trails were kept
        run.state["trail"] = trail
        ledger.writes.steps += follow(run, trail, script, state, ledger.now)
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
    if unsaid and run.status == "running" and state.turn > asked_before and script and _asks(script, state):
        ledger.stop_run(deal, run, ledger.words.line("why_unsaid"))


def _asks(script: Script, state: RunState) -> bool:
    return isinstance(script.steps[state.step].finish, Ask)


def _facts(ledger: Ledger, deal: Deal, run: Run, identity: Identity) -> Facts:
    """What the bot may know. The window is shut a little before the provider shuts it, as delivery sees it."""
    shop = ledger.house.playbook
    window, script = window_until(ledger.house, identity), ledger.house.by_hash.get(run.script)
    language = script.language_for(deal.fields, shop.language) if script is not None else shop.language
    return Facts(
        ledger.now, ledger.contact.name, identity.channel, shop.zone, deal.fields, deal.tags, deal.stage, language,
        shop.currency, shop.working(deal.funnel), window, run.id, shop.calendars, shop.kinds,
    )  # fmt: skip


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
        case fx.CreateTask(kind, text, details, due_at, ends):
            ledger.create_task(deal, kind, text, "bot", details=details, due_at=due_at, ends=ends)
        case fx.WriteNote(text):
            ledger.write_entry(deal, "note", author="bot", text=text)
        case fx.HandOff(reason, task):
            text = ledger.words.line("bot_handed_off", bot=ledger.house.title(run.bot))
            ledger.end_run(deal, run, "handed_off", reason, text)
            deal.owner = "pool"
            if reason != SILENCE:  # who has not answered waits for nothing
                deal.waiting_since = deal.waiting_since or ledger.now
            ledger.create_task(deal, task.kind, task.text, "bot", details=task.details, ends=task.ends)
        case fx.CloseDeal(reason):
            _give_up(ledger, deal, run, reason)
        case fx.EndRun(status, reason):
            key = "bot_timed_out" if status == "timed_out" else "bot_finished"
            if run.status == "running":
                ledger.end_run(deal, run, status, reason, ledger.words.line(key, bot=ledger.house.title(run.bot)))
        case fx.StartScript(name):
            _start_another(ledger, deal, identity, name)
        case fx.CallWeb(endpoint, fields, turn):
            if ledger.house.can_send("endpoint", endpoint):
                ledger.call_endpoint(deal, identity, endpoint, fields, f"{run.id}.{turn}")
            else:  # the playbook has lost it since this version began
                walk(ledger, deal, run, identity, WebAnswered(turn, ok=False))
        case _:
            assert_never(effect)


def _give_up(ledger: Ledger, deal: Deal, run: Run, reason: str) -> None:
    """Silence loses an inquiry that waits for its data, not one that has come further: that is a person's."""
    if ledger.house.playbook.is_past_clarifying(run.bot, deal.funnel, deal.stage):
        ledger.create_task(deal, "call", ledger.words.line("task_silent", bot=ledger.house.title(run.bot)), "bot")
    else:
        ledger.close_deal(deal, "lost", reason, "bot")


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
    payload: Mapping[str, Any] | None = None
    text = say.text
    if approved is not None and approved.values and not template.values:
        # The script leaves it to the template, which names its values: they are in the deal, or it cannot go out.
        who = ledger.responsible(deal) if MANAGER in approved.names() else ""
        made = render(ledger.house, Known(deal, ledger.contact, ledger.now, who), template.name, identity)
        if isinstance(made, Rendered):
            text, payload = made.text, made.approved
    elif provided is not None and all(template.values):  # one with an empty value is refused by every provider
        variables = {str(number): value for number, value in enumerate(template.values, start=1)}
        payload = {"kind": "template", "template": provided, "variables": variables}
    if payload is not None:
        ledger.say(deal, identity, text, author="bot", choices=say.choices, token=token, template=payload)
    elif (other := _open_way(ledger, identity)) is not None:
        deal.route_id = other.id
        ledger.touch(deal, bump=False)
        ledger.say(deal, other, say.text, author="bot", choices=say.choices, token=token)
    elif template.otherwise == "task":
        ledger.create_task(deal, "write", ledger.words.line("task_window", text=say.text), "bot")
        return False
    return True


def _open_way(ledger: Ledger, shut: Identity) -> Identity | None:
    """The customer's address that takes free text and that they wrote from last."""
    ways = [
        one
        for one in ledger.rows.identities.values()
        if one.id != shut.id and one.person_id is None and one.heard_at is not None and not one.barred
        and ledger.house.can_send(one.channel, one.account)
        and not window_shut(ledger.house, one, ledger.now)
    ]  # fmt: skip
    return max(ways, key=lambda one: (one.heard_at or 0, one.id), default=None)


def _start_another(ledger: Ledger, deal: Deal, identity: Identity, name: str) -> None:
    """The script that another led to. One that is not there any more, or leads round in a circle, is a person's."""
    script = ledger.house.script_for(name, ledger.contact.id)
    started = sum(1 for run in ledger.writes.new_runs.values() if run.deal_id == deal.id)
    if script is None or started >= _MOST_SCRIPTS:
        ledger.create_task(deal, "handoff", ledger.words.line("task_bot_lost"), "robot")
        deal.waiting_since = deal.waiting_since or ledger.now
    else:
        start_run(ledger, deal, identity, script)


def _move(ledger: Ledger, deal: Deal, run: Run, stage: str) -> None:
    """A bot that closes its own deal is through with it, not silenced: what it has said goes out."""
    target = ledger.house.funnel(deal.funnel).stage(stage)
    if target is not None and target.outcome and deal.stage != stage and run.status == "running":
        ledger.end_run(deal, run, "finished", stage, ledger.words.line("bot_finished", bot=ledger.house.title(run.bot)))
    ledger.move(deal, stage, "bot")


def break_loop(ledger: Ledger, deal: Deal, run: Run) -> None:
    """Too many automatic messages: stop talking, and have a person look at who is on the other side."""
    ledger.stop_run(deal, run, ledger.words.line("why_loop"), left="loop")
    ledger.create_task(deal, "check_loop", ledger.words.line("task_loop"), "robot")


def _lost_script(ledger: Ledger, deal: Deal, run: Run) -> None:
    ledger.stop_run(deal, run, ledger.words.line("why_lost"), left="script_missing")
    ledger.create_task(deal, "handoff", ledger.words.line("task_bot_lost"), "robot")
