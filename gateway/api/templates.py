"""Prepared messages: the list behind a composer's `/`, and one filled in for a deal, to be read before it is sent."""

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from bots.kit.templates import BLANK, State, Template, as_written
from gateway.api.bodies import PreviewBody, as_said
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import invalid, not_found
from gateway.api.values import Flag, Id, Limit, Sought, Word
from gateway.house import House
from gateway.parts import plan
from gateway.picking import Wanted, find, used_by
from gateway.reaching import way_to_write
from gateway.refusals import Invalid
from gateway.templates import Draft, Known, draft
from state import cards, inbox
from state.records import Identity, Person

calls = Calls()


class ApprovalShape(TypedDict):
    channel: str
    language: str
    state: State
    id: str


class BlankShape(TypedDict):
    name: str
    title: str


class TemplateShape(TypedDict):
    name: str
    title: str
    text: str
    """As written for this channel and language; what is filled in stands as {name}."""
    subject: str | None
    languages: list[str]
    variables: list[str]
    blanks: list[BlankShape]
    attachments: list[str]
    approvals: list[ApprovalShape]
    used_by: list[str]
    """The scripts that send it, and the robots and triggers, as `funnel: name`."""


class Templates(TypedDict):
    items: list[TemplateShape]
    next: None


class WarningShape(TypedDict):
    code: str
    variable: str
    text: str


class AttachmentShape(TypedDict):
    name: str
    sent: bool
    """Whether this channel can carry it, now."""


class PreviewShape(TypedDict):
    template: str
    channel: str | None
    """Where it would go; null: the customer has no address yet."""
    language: str
    text: str
    subject: str | None
    variables: dict[str, str]
    """What has been filled in, by name."""
    empty: list[str]
    blanks: list[BlankShape]
    warnings: list[WarningShape]
    parts: list[str]
    """What the customer gets, a message each."""
    limit: int
    """The most characters that the channel carries in one message."""
    sends: Literal["text", "approved"]
    refused: Literal["template", "value", "surplus", "approval", "size", "channel", "closed"] | None
    """Why it cannot be sent like this: a gap, a value that nothing takes, no approval, files that are more than the
    message carries, no way to the customer, a closed deal; null: it can.
    """
    state: State | None
    """What the provider says of it, on this channel."""
    attachments: list[AttachmentShape]


@calls.on("GET", "/templates")
async def list_templates(
    ctx: ApiContext, q: Sought = "", channel: Word = "", language: Word = "", approved: Flag = False, limit: Limit = 50
) -> Templates:
    """The shop's templates, best first: by words of name or text, or by a text that is like theirs."""
    found = find(ctx.house, Wanted(q, channel, language, approved))[:limit]
    used = used_by(ctx.house)
    language = language or ctx.house.playbook.language
    return {"items": [_shape(one, channel, language, used.get(one.name, ())) for one in found], "next": None}


@calls.on("POST", "/deals/{deal_id}/preview")
async def preview(ctx: ApiContext, who: Person, deal_id: Id, body: PreviewBody) -> PreviewShape:
    """A template filled in for this deal, with what it still lacks. Nothing is sent."""
    template = ctx.house.playbook.templates.get(body.template)
    card = await ctx.db.read(lambda c: cards.find_card(c, deal_id))
    if card is None:
        raise not_found()
    if template is None:
        raise invalid("template", f"the playbook has no template {body.template!r}")
    try:
        identity: Identity | None = await ctx.db.read(
            lambda c: way_to_write(
                ctx.house, card.contact, card.deal, card.identities, body.channel, lambda key: inbox.is_known(c, key)
            )
        )
    except Invalid as nowhere:
        if body.channel:
            raise invalid(nowhere.name, str(nowhere)) from None
        identity = None
    known = Known(card.deal, card.contact, ctx.clock.now(), who.name)
    made = draft(ctx.house, known, template, identity, language=body.language, given=as_said(body.variables))
    return _preview(ctx.house, template, identity, known, made)


def _preview(house: House, template: Template, identity: Identity | None, known: Known, made: Draft) -> PreviewShape:
    channel = identity.channel if identity else ""
    limits = house.limits(channel, identity.account if identity else "")
    said, filled = made.message, made.filled
    approval = template.approval(channel, said.language)
    warnings: list[WarningShape] = [
        {"code": code, "variable": "name", "text": house.words.doubts[code].format(name=known.contact.name)}
        for code in filled.doubts
    ]
    return {
        "template": template.name, "channel": channel or None, "language": said.language, "text": said.text,
        "subject": said.subject or None, "variables": {name: value for name, value in filled.values.items() if value},
        "empty": list(filled.empty), "blanks": _blanks(filled.blanks), "warnings": warnings,
        "parts": [said.text] if said.approved else [part.text for part in plan(said.text, limits=limits, media=said.media)],
        "limit": limits.text, "sends": "approved" if said.approved else "text",
        "refused": made.missing.what if made.missing else _no_way(house, known, identity), "state": approval.state if approval else None,
        "attachments": [{"name": ref, "sent": ref not in said.left} for ref in template.attach],
    }  # fmt: skip


def _no_way(house: House, known: Known, identity: Identity | None) -> Literal["channel", "closed"] | None:
    if known.deal.closed_at is not None:
        return "closed"
    reached = identity is not None and not identity.barred and house.can_send(identity.channel, identity.account)
    return None if reached else "channel"


def _shape(one: Template, channel: str, language: str, used: tuple[str, ...]) -> TemplateShape:
    subject = one.headed(language, channel)
    names = one.names()
    return {
        "name": one.name, "title": one.title or one.name, "text": as_written(one.worded(language, channel)),
        "subject": as_written(subject) if subject else None, "languages": list(one.languages()),
        "variables": [name for name in names if not name.startswith(BLANK)],
        "blanks": _blanks(one.blanks), "attachments": list(one.attach),
        "approvals": [
            {"channel": channel, "language": spoken, "state": approval.state, "id": approval.id}
            for (channel, spoken), approval in one.approvals.items()
        ],
        "used_by": list(used),
    }  # fmt: skip


def _blanks(names: Iterable[str]) -> list[BlankShape]:
    return [{"name": name, "title": name.strip("_0123456789").replace("_", " ") or "…"} for name in names]
