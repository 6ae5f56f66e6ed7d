"""Nobody is lost: an open deal always has a bot, a timer, an open task or a customer who waits.

Where a turn takes the last of them away, a quiet timer takes its place; if nothing has happened by then, a person is told.
"""

from typing import Final

from gateway.ledger import Ledger
from state.records import Deal, Timer

IDLE: Final = "idle:"


def keep(ledger: Ledger) -> None:
    """See to the deals that this turn has taken something from."""
    while ledger.loose:
        _, deal = ledger.loose.popitem()
        quiet = f"deal:{deal.id}:{IDLE}"
        if deal.closed_at is not None or _is_kept(ledger, deal, besides=quiet):
            ledger.cut_timer(quiet)
        else:
            ledger.set_deal_timer(deal, IDLE, IDLE, ledger.now + ledger.house.playbook.idle)


def wake(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """Nothing has happened for long: whoever answers for the deal decides what is next."""
    if deal.closed_at is None and not _is_kept(ledger, deal, besides=timer.key):
        ledger.create_task(deal, "next_step", ledger.words.line("task_next_step"), "robot")


def _is_kept(ledger: Ledger, deal: Deal, *, besides: str = "") -> bool:
    if deal.waiting_since is not None or deal.id in ledger.rows.runs:
        return True
    if any(t.deal_id == deal.id and t.key != besides for t in ledger.rows.timers.values()):
        return True
    return bool(ledger.open_tasks(deal))
