"""The shop's prepared messages, filled in for one deal. Pure: nothing leaves with an empty variable.

Robots and managers come by here alike; the difference is whether a person reads the message before it leaves.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, assert_never

from bots.kit.events import Media
from bots.kit.templates import BLANK, MANAGER, OF_DEAL, Filled, Template, fill
from bots.kit.words import CURRENCY
from bots.robots.facts import BROUGHT
from gateway.channels.base import Limits
from gateway.clock import Instant
from gateway.house import House
from gateway.knowing import language_of
from gateway.refusals import Invalid
from gateway.routes import window_shut
from gateway.wording import words_in
from state.records import Contact, Deal, Identity

_GAP: Final = re.compile(r"\{(\w{1,64})\}")
_KINDS: Final[Mapping[str, Literal["photo", "video", "audio"]]] = {
    "jpg": "photo", "jpeg": "photo", "png": "photo", "webp": "photo", "mp4": "video", "mp3": "audio",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What a message is filled in from."""

    deal: Deal
    contact: Contact
    now: Instant
    manager: str = ""
    """Who writes; for a robot, in whose name it does."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message that may leave."""

    text: str
    """As the customer reads it, also where a provider puts it together."""
    language: str
    subject: str = ""
    """For e-mail; one line."""
    approved: Mapping[str, Any] | None = None
    """The part's payload where the provider's own template goes out; None: free text."""
    media: tuple[Media, ...] = ()
    left: tuple[str, ...] = ()
    """Attachments that this channel cannot carry, now."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why it may not leave: there is no such template, a value is empty, nothing takes a value that was given, free
    text may not go and no provider has approved it, or its files are more than the message can carry.
    """

    what: Literal["template", "value", "surplus", "approval", "size"]
    names: tuple[str, ...]
    """The variables; for `approval` the state that it is in, for `size` the files."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as far as it goes: what `preview` shows and `render` lets out when nothing is missing."""

    filled: Filled
    message: Rendered
    missing: Missing | None
    shut: bool = False


def render(
    house: House, known: Known, name: str, identity: Identity | None, *, language: str = "",
    given: Mapping[str, str] | None = None, unseen: bool = True,
) -> Rendered | Missing:  # fmt: skip
    """The template of that name for this deal, to go to this address.

    `language`: empty, the customer's. `given` goes before what the deal knows, and fills the blanks. `unseen`: nobody
    reads it before it leaves, so that a doubtful name gives way to the word that stands for it.
    """
    template = house.playbook.templates.get(name)
    if template is None:
        return Missing("template", (name,))
    made = draft(house, known, template, identity, language=language, given=given, unseen=unseen)
    return made.missing or made.message


def draft(
    house: House, known: Known, template: Template, identity: Identity | None, *, language: str = "",
    given: Mapping[str, str] | None = None, unseen: bool = False,
) -> Draft:  # fmt: skip
    """As `render`, with all that is wrong beside it. Without an identity: as it would be where everything may go."""
    given = given or {}
    channel = identity.channel if identity else ""
    language = template.spoken(language or language_of(house, known.deal))
    shut = identity is not None and window_shut(house, identity, known.now)
    approval = template.approval(channel, language)
    by_provider = approval is not None and approval.state == "approved" and (shut or not template.attach)
    look_up = _look_up(house, known, channel, language)
    filled = fill(template.worded(language, channel), look_up, given, unseen=unseen, flat=by_provider)
    subject = _subject(template, language, channel, look_up, given, unseen=unseen)
    media, links, left = _attached(house, template, identity, by_provider=by_provider)
    message = Rendered(
        "\n".join([filled.text, *links]), language, subject.text if subject else "",
        _payload(approval.id, approval.values, filled) if by_provider and approval else None, media, left,
    )  # fmt: skip
    missing: Missing | None = None
    surplus = tuple(name for name in given if name not in template.names())
    gaps = (
        *filled.empty,
        *filled.blanks,
        *((*subject.empty, *subject.blanks) if subject and channel == "email" else ()),
    )
    if surplus:
        missing = Missing("surplus", surplus)
    elif gaps:
        missing = Missing("value", tuple(dict.fromkeys(gaps)))
    elif shut and not by_provider:
        missing = Missing("approval", (approval.state if approval else "none",))
    elif identity is not None and _too_heavy(house, identity, media):
        missing = Missing("size", tuple(file.name for file in media))
    return Draft(filled, message, missing, shut)


def _subject(
    template: Template, language: str, channel: str, look_up: Callable[[str], object], given: Mapping[str, str], *, unseen: bool
) -> Filled | None:  # fmt: skip
    head = template.headed(language, channel)
    return None if head is None else fill(head, look_up, given, unseen=unseen, flat=True)


def _payload(provided: str, order: tuple[str, ...], filled: Filled) -> dict[str, Any]:
    values = {str(n): filled.values.get(name, "") for n, name in enumerate(order, start=1)}
    return {"kind": "template", "template": provided, "variables": values}


def _look_up(house: House, known: Known, channel: str, language: str) -> Callable[[str], object]:
    """What is known of the deal, by the name that templates call it."""
    deal, contact, shop = known.deal, known.contact, house.playbook
    of_deal: dict[str, object] = {
        "name": contact.name, "phone": contact.phone, "email": contact.email, "channel": words_in(language).channels.get(channel, channel),
        MANAGER: known.manager, "shop": shop.title, "deal": deal.id, "title": deal.title,
        CURRENCY: deal.fields.get(CURRENCY) or shop.currency,
    }  # fmt: skip
    return lambda name: of_deal.get(name) or deal.fields.get(name)


# -- attachments -------------------------------------------------------------------------------------------------------


def _attached(
    house: House, template: Template, identity: Identity | None, *, by_provider: bool
) -> tuple[tuple[Media, ...], tuple[str, ...], tuple[str, ...]]:
    """The files that go along, the addresses that go into the text, and what cannot be sent here."""
    if by_provider:
        return (), (), template.attach
    limits = house.limits(identity.channel, identity.account) if identity else None
    media: list[Media] = []
    links: list[str] = []
    left: list[str] = []
    for ref in template.attach:
        kept = house.attached.get(ref)
        if ref.startswith("https:"):
            if limits is None or limits.links:
                media.append(_fetched(ref))
            else:
                links.append(ref)
        elif kept is None or (limits is not None and not _carried(kept.media, limits)):
            left.append(ref)
        else:
            media.append(kept.media)
    return tuple(media), tuple(links), tuple(left)


def _carried(file: Media, limits: Limits) -> bool:
    """Where all go in one message, one that is too large is no reason to leave it behind: the message does not go."""
    return limits.files and (bool(limits.together) or file.size <= limits.media_bytes)


def _too_heavy(house: House, identity: Identity, media: tuple[Media, ...]) -> bool:
    most = house.limits(identity.channel, identity.account).together
    return bool(most) and sum(file.size for file in media) > most


def _fetched(address: str) -> Media:
    name = re.split(r"[?#]", address, maxsplit=1)[0].rpartition("/")[2]
    return Media(_KINDS.get(name.rpartition(".")[2].lower(), "document"), address, name)


# -- what managers write -----------------------------------------------------------------------------------------------


def must_render(
    house: House, known: Known, name: str, identity: Identity, language: str, given: Mapping[str, str]
) -> Rendered:
    """The template as a manager sends it, who has read it; else `Invalid` names the field that is to blame."""
    said = render(house, known, name, identity, language=language, given=given, unseen=False)
    if isinstance(said, Rendered):
        return said
    match said.what:
        case "template":
            raise Invalid("template", f"the playbook has no template {name!r}")
        case "surplus":
            raise Invalid(f"variables.{said.names[0]}", f"template {name!r} has no such value")
        case "value":
            others = f"; nor may {', '.join(said.names[1:])}" if said.names[1:] else ""
            raise Invalid(f"variables.{said.names[0]}", f"must not be empty{others}")
        case "size":
            most = house.limits(identity.channel, identity.account).together // 1_000_000
            what = f"its files ({', '.join(said.names)}) are more than the {most} MB that {identity.channel} carries"
            raise Invalid("template", f"{what}: use another channel, or a template with smaller ones")
        case "approval":
            state = "not approved" if said.names == ("none",) else said.names[0]
            raise Invalid(
                "template",
                f"the {_hours(house, identity)}-hour window is closed, and it is {state} for {identity.channel}",
            )
        case _:
            assert_never(said.what)


def own_words(house: House, text: str, identity: Identity, now: Instant, subject: str = "") -> Rendered:
    """What a manager has written themselves, perhaps out of a template: no gap may be left in it."""
    if window_shut(house, identity, now):
        raise Invalid(
            "text",
            f"the {_hours(house, identity)}-hour window is closed: send an approved template or use another channel",
        )
    for field, words in (("text", text), ("subject", subject)):
        if gaps := _gaps_in(house, words):
            named = ", ".join(f"{{{gap}}}" for gap in gaps)
            raise Invalid(field, f"{named} {'is' if len(gaps) == 1 else 'are'} not filled in")
    return Rendered(text, house.playbook.language, subject)


def _hours(house: House, identity: Identity) -> int:
    return house.limits(identity.channel, identity.account).window_hours


def _gaps_in(house: House, text: str) -> list[str]:
    """Variables and blanks that somebody has left standing in a text of their own."""
    known = {*OF_DEAL, *BROUGHT, *house.playbook.fields}
    left = (found[1] for found in _GAP.finditer(text))
    templates: Iterable[Template] = house.playbook.templates.values()
    return [
        name
        for name in dict.fromkeys(left)
        if name.startswith(BLANK) or name in known or any(name in one.names() for one in templates)
    ]
