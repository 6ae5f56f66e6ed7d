"""What managers do with bots: start one, stop it, have it go on where it was stopped, send one to ask a single thing."""

from dataclasses import dataclass

from gateway.ledger import Ledger
from gateway.obey import move_run, resume_run, start_run
from gateway.refusals import Conflict, Invalid
from gateway.routes import reply_route
from state.records import Deal, Identity, Person, Run


@dataclass(frozen=True, slots=True)
class SteerBot:
    action: str
    bot: str = ""
    last: Run | None = None
    """The deal's newest run, for one that is to go on where it was stopped."""


@dataclass(frozen=True, slots=True)
class Clarify:
    """Have a bot ask the customer for one item of the playbook's list."""

    item: str


@dataclass(frozen=True, slots=True)
class MoveRun:
    """Bring a run to another version of its script, or to a person, if it still stands where it was seen."""

    run: int
    script: str
    """Hash of the version; the process knows it."""
    stood: str
    to: str
    """The step there; empty: to a person."""


def steer(ledger: Ledger, deal: Deal, command: SteerBot, who: Person) -> None:
    must_be_open(deal)
    run = ledger.rows.runs.get(deal.id)
    match command.action:
        case "stop":
            if run is not None:
                _stop(ledger, deal, run, who)
        case "start":
            _start(ledger, deal, command.bot, run)
        case "resume":
            _resume(ledger, deal, command, run)
        case _:
            raise Invalid("action", "start, stop or resume")


def _stop(ledger: Ledger, deal: Deal, run: Run, who: Person) -> None:
    ledger.stop_run(deal, run, ledger.words.line("why_command", who=who.name))
    # Nobody is lost: the talk that the bot leaves is somebody's to go on with.
    task = ledger.words.line("task_bot_stopped", who=who.name)
    ledger.create_task(deal, "answer", task, "robot", responsible=deal.responsible_id or who.id, person=who)


def _start(ledger: Ledger, deal: Deal, bot: str, running: Run | None) -> None:
    house, contact = ledger.house, ledger.contact.id
    script = house.script_for(bot, contact) if bot else house.starts_on_message(contact)
    if script is None:
        raise Invalid("bot", f"there is no bot {bot!r}" if bot else "name the bot: the playbook has none for messages")
    _must_be_silent(running)
    start_run(ledger, deal, _bots_way(ledger, deal, "bot"), script)


def _resume(ledger: Ledger, deal: Deal, command: SteerBot, running: Run | None) -> None:
    """Only what was stopped goes on: a bot that has come to its end would begin in the middle of somebody's talk."""
    last = command.last
    _must_be_silent(running)
    if last is None or last.status != "stopped":
        why = f"{last.bot} has ended ({last.status})" if last is not None else "no bot has been here"
        raise Conflict("not_stopped", f"{why}, so there is nothing to go on with: start a bot to begin anew")
    if command.bot not in ("", last.bot):
        raise Invalid("bot", f"{last.bot} was stopped here, and it alone can go on")
    script = ledger.house.by_hash.get(last.script)
    if script is None:
        raise Conflict("not_stopped", f"the version that {last.bot} began with is not kept: start it to begin anew")
    resume_run(ledger, deal, _bots_way(ledger, deal, "bot"), last, script)


def _must_be_silent(running: Run | None) -> None:
    if running is not None:
        raise Conflict("bot_running", "a bot already has this conversation")


def _bots_way(ledger: Ledger, deal: Deal, field: str) -> Identity:
    """Where a bot can speak: only where the conversation is."""
    identity = reply_route(ledger.house, ledger.contact, deal, ledger.rows.identities.values())
    if identity is None or identity.barred or not ledger.house.can_send(identity.channel, identity.account):
        raise Invalid(field, "the customer cannot be written to on the conversation's channel")
    return identity


def bring_over(ledger: Ledger, deal: Deal, run_id: int, script: str, stood: str, to: str) -> int:
    run = ledger.rows.runs.get(deal.id)
    if run is None or run.id != run_id or run.script == script or run.state.get("step") != stood:
        return 0  # it has gone on, or has been moved before
    if not move_run(ledger, deal, run, ledger.house.by_hash[script], to):
        raise Conflict("settling", "the customer is still speaking; in a moment")
    return run.id


def clarify(ledger: Ledger, deal: Deal, item: str, who: Person) -> None:
    """The bot of the item takes over from whoever speaks; the answer is awaited by whoever answers for the deal.

    A deal that is further than the item's stage stays where it is: what is missing of an order does not make it an inquiry.
    """
    must_be_open(deal)
    asked = ledger.house.playbook.clarifications.get(item)
    script = ledger.house.script_for(asked.script, deal.contact_id) if asked else None
    if asked is None or script is None:
        raise Invalid("item", f"there is no clarification {item!r}")
    identity = _bots_way(ledger, deal, "item")
    run = ledger.rows.runs.get(deal.id)
    if run is not None:
        ledger.stop_run(deal, run, ledger.words.line("why_clarify", who=who.name, what=asked.title))
    if deal.responsible_id is None:
        deal.responsible_id = who.id
        ledger.touch(deal)
    if deal.funnel == asked.funnel and ledger.house.funnel(deal.funnel).is_before(deal.stage, asked.stage):
        ledger.move(deal, asked.stage, "manager", who)
    start_run(ledger, deal, identity, script)


def must_be_open(deal: Deal) -> None:
    if deal.closed_at is not None:
        raise Conflict("closed", "the deal is closed")
