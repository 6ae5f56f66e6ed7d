"""How an inquiry enters: into the deal that the router names, or a new one at the entrance that the playbook lists."""

from bots.kit.languages import known_languages
from bots.kit.playbook import Source
from gateway.assigning import assign
from gateway.ledger import Ledger
from gateway.router import Attach, Leave, Open, route
from state.records import Deal


def deal_for(ledger: Ledger, source: str, *names: str, language: str = "") -> tuple[Deal, bool]:
    """The deal it belongs to, and whether it was opened for it. `names`: of the playbook's sources, the closest first."""
    entrance = ledger.house.entrance(*names)
    match route(ledger.rows.deals, ledger.house.funnel(entrance.funnel).slot, source):
        case Attach(deal):
            return deal, False
        case Open(why) | Leave(why):
            return enter(ledger, source, why, entrance, language=language), True


def enter(ledger: Ledger, source: str, why: str, entrance: Source, *, apart: bool = False, language: str = "") -> Deal:
    """`apart`: beside the open deal that the contact has there already.

    A language that bots know and that is not the shop's is noted: scripts that speak it use it, and anybody may correct it.
    """
    own = language in known_languages() and language != ledger.house.playbook.language
    deal = ledger.open_deal(
        source, why, funnel=entrance.funnel, stage=entrance.stage, tag=entrance.tag, apart=apart,
        fields={"language": language} if own else {},
    )  # fmt: skip
    if entrance.responsible:
        assign(ledger, deal, entrance.responsible)
    return deal
