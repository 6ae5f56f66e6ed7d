"""What robots and templates may know of a deal, from its rows: for the turn that acts and for whoever asks why."""

from bots.kit.languages import known_languages
from bots.robots.facts import DealFacts
from gateway.clock import Instant
from gateway.house import House
from state.records import Contact, Deal


def language_of(house: House, deal: Deal) -> str:
    """What the customer reads: as the deal says in its field `language`, else the shop's."""
    told = deal.fields.get("language")
    return told if isinstance(told, str) and told in known_languages() else house.playbook.language


def known_of(
    house: House, contact: Contact, deal: Deal, channel: str, now: Instant, responsible: str = ""
) -> DealFacts:
    """`channel`: where the conversation is; `responsible`: the name of who answers for the deal."""
    shop = house.playbook
    return DealFacts(
        now, deal.funnel, deal.stage, deal.stage_at, contact.name, contact.phone, contact.email, channel, deal.source, deal.title,
        responsible, deal.owner, deal.fields, deal.tags, language_of(house, deal), shop.zone, shop.currency, shop.working(deal.funnel), shop.asks.about,
    )  # fmt: skip
