"""How an inquiry enters: into the deal that the router names, or a new one at the entrance that the playbook lists."""

from bots.kit.playbook import Source
from gateway.assigning import assign
from gateway.ledger import Ledger
from gateway.router import Attach, Leave, Open, active, route
from state.records import Deal


def deal_for(ledger: Ledger, source: str, *names: str, language: str = "") -> tuple[Deal, bool]:
    """The deal it belongs to, and whether it was opened for it. `names`: of the playbook's sources, the closest first."""
    entrance = ledger.house.entrance(*names)
    match route(ledger.rows.deals, ledger.house.funnel(entrance.funnel).slot, source):
        case Attach(deal):
            return deal, False
        case Open(why) | Leave(why):
            return enter(ledger, source, why, entrance, language=language), True


def last_deal(ledger: Ledger) -> Deal | None:
    """The contact's active deal, else the latest of those that are loaded."""
    found = active(ledger.rows.deals, ledger.house.slot)
    return found or max(ledger.rows.deals, key=lambda deal: (deal.opened_at, deal.id), default=None)


def enter(ledger: Ledger, source: str, why: str, entrance: Source, *, apart: bool = False, language: str = "") -> Deal:
    """`apart`: beside the open deal that the contact has there already.

    A language that is not the shop's is noted where anything of the shop is in it, or looks at it; anybody may correct it. Else
    it says more of the customer's phone than of how they write.
    """
    own = language != ledger.house.playbook.language and ledger.house.speaks(language)
    deal = ledger.open_deal(
        source, why, funnel=entrance.funnel, stage=entrance.stage, tag=entrance.tag, apart=apart,
        fields={"language": language} if own else {},
    )  # fmt: skip
    if entrance.responsible:
        assign(ledger, deal, entrance.responsible)
    return deal
