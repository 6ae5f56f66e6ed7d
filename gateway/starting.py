"""How bots begin otherwise than on a customer's first words: because a deal has entered a stage, then or after a while.

What was to begin does so only in the very stay in the stage that it was set for. Where it cannot, a person is told.
"""

from bots.kit.beginnings import bot_of, due
from gateway.ledger import Ledger
from gateway.obey import start_run
from state.records import Deal, Identity, Timer


def begin(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """A stage's bot is due. A deal that has moved on since, or a rule that is gone, makes nothing of it."""
    rules = ledger.house.on_stage.get((deal.funnel, deal.stage), ())
    script = ledger.house.script_for(bot_of(timer.name), deal.contact_id)
    running, identity = ledger.rows.runs.get(deal.id), way_to(ledger, deal)
    opens = ledger.house.next_open(ledger.now, deal.funnel)
    verdict = due(
        rules, timer.name, deal.stage_at,
        is_open=opens <= ledger.now, speaking=running is not None, reachable=identity is not None,
    )  # fmt: skip
    if script is None or verdict == "gone":
        return
    if verdict == "later":
        ledger.put_off(timer, opens)
    elif running is not None:
        _tell(ledger, deal, ledger.words.line("task_bot_busy", bot=script.title, other=ledger.house.title(running.bot)))
    elif identity is None:
        _tell(ledger, deal, ledger.words.line("task_bot_mute", bot=script.title))
    else:
        if deal.route_id != identity.id:
            deal.route_id = identity.id
            ledger.touch(deal, bump=False)
        start_run(ledger, deal, identity, script)


def way_to(ledger: Ledger, deal: Deal) -> Identity | None:
    """Where the bot can write: to where the conversation is, else to the address that was heard from last."""
    ways = [
        one
        for one in ledger.rows.identities.values()
        if one.person_id is None and not one.barred and ledger.house.can_send(one.channel, one.account)
    ]
    first = ledger.contact.email  # a form may have brought another address since
    return max(
        ways, key=lambda one: (one.id == deal.route_id, one.heard_at or 0, one.address == first, one.id), default=None
    )


def _tell(ledger: Ledger, deal: Deal, text: str) -> None:
    ledger.create_task(deal, "write", text, "robot")
