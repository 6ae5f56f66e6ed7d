"""Where an inquiry goes: to the deal that its contact has open, else to a new one where the playbook says it enters."""

from bots.kit.playbook import Source
from gateway.ledger import Ledger
from gateway.router import Attach, Leave, Open, route
from state.records import Deal


def deal_for(ledger: Ledger, source: str, *names: str) -> tuple[Deal, bool]:
    """The deal it belongs to, and whether it was opened for it. `names`: of the playbook's sources, the closest first."""
    entrance = ledger.house.entrance(*names)
    match route(ledger.rows.deals, ledger.house.funnel(entrance.funnel).slot, source):
        case Attach(deal):
            return deal, False
        case Open(why) | Leave(why):
            return enter(ledger, source, why, entrance), True


def enter(ledger: Ledger, source: str, why: str, entrance: Source) -> Deal:
    return ledger.open_deal(source, why, funnel=entrance.funnel, stage=entrance.stage, tag=entrance.tag)
