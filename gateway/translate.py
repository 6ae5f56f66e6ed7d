"""Events between their two shapes: what channels make, and what the inbox keeps. Pure, and total over the family."""

from collections.abc import Callable
from typing import Any

from bots.kit.events import Media
from gateway import events as ev
from gateway.channels.base import STORED
from state.files import StoredFile
from state.inbox import Arrival, identity_key

_OPENS = ("message", "mail", "form", "call", "order", "payment")
"""Kinds that may make a contact nobody has seen before."""


def arrival(channel: str, account: str, received: ev.Received) -> Arrival:
    """What the inbox keeps of one raw provider event."""
    match received.meaning:
        case ev.Ignored(reason):
            return Arrival(channel, account, received.external_id, "ignored", {}, received.raw, "ignored", reason)
        case ev.Unusable(reason):
            return Arrival(channel, account, received.external_id, "unusable", {}, received.raw, "quarantined", reason)
        case ev.StatusReported() as status:
            return Arrival(
                channel, account, received.external_id, status.kind, {"event": status}, received.raw, part=status.part
            )  # fmt: skip
        case ev.PartSettled() as settled:
            return Arrival(
                channel, account, received.external_id, settled.kind, {"event": settled}, received.raw, part=settled.part
            )  # fmt: skip
        case ev.EndpointAnswered() as answer:
            return Arrival(
                channel, account, received.external_id, answer.kind, {"event": answer}, received.raw, part=answer.part
            )  # fmt: skip
        case ev.StaffAsked() as asked:
            return Arrival(
                channel, account, received.external_id, asked.kind, {"event": asked}, received.raw, contact=asked.contact
            )  # fmt: skip
        case event:
            s = event.sender
            sender = {
                "channel": s.channel, "account": s.account, "address": s.address, "name": s.name, "phone": s.phone, "email": s.email,
            }  # fmt: skip
            return Arrival(
                channel, account, received.external_id, event.kind, {"event": event}, received.raw,
                sender=sender, opens=event.kind in _OPENS and not (event.kind == "call" and event.not_a_customer), vouched=event.kind == "message",
                part=getattr(event, "part", 0), files=_kept(event) if isinstance(event, ev.MailReceived) else (),
            )  # fmt: skip


def _kept(mail: ev.MailReceived) -> tuple[StoredFile, ...]:
    """The rows of a mail's files."""
    s = mail.sender
    whose = identity_key(s.channel, s.account, s.address)
    kept = ((m, m.ref.removeprefix(STORED)) for m in mail.media if m.ref.startswith(STORED))
    return tuple(StoredFile(ref, whose, m.kind, m.name, m.mime, m.size) for m, ref in kept)


def event_from_json(kind: str, kept: dict[str, Any]) -> ev.Event:
    """The event as it was when it came in. Raises KeyError for a kind that this version does not know."""
    event: ev.Event = _READERS[kind](kept["event"])
    return event


def _sender(data: dict[str, Any]) -> ev.Sender:
    return ev.Sender(**data)


def _message(data: dict[str, Any]) -> ev.MessageReceived:
    data["sender"] = ev.Sender(**data["sender"])
    data["media"] = tuple(Media(**m) for m in data["media"])
    data["flags"] = tuple(data["flags"])
    if data["location"] is not None:
        data["location"] = tuple(data["location"])
    return ev.MessageReceived(**data)


def _order(data: dict[str, Any]) -> ev.OrderChanged:
    return ev.OrderChanged(**(data | {"sender": _sender(data["sender"]), "items": tuple(data["items"])}))


def _mail(data: dict[str, Any]) -> ev.MailReceived:
    lists = {name: tuple(data[name]) for name in ("files", "answers", "flags")}
    lists |= {"media": tuple(Media(**m) for m in data.get("media", ()))}  # an older version's has none
    lists |= {"left": tuple((name, why) for name, why in data.get("left", ()))}
    return ev.MailReceived(**(data | lists | {"sender": _sender(data["sender"])}))


def _with_sender(make: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda data: make(**(data | {"sender": _sender(data["sender"])}))


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "message": _message,
    "mail": _mail,
    "edited": _with_sender(ev.MessageEdited),
    "reach": _with_sender(ev.ReachChanged),
    "address": _with_sender(ev.AddressChanged),
    "form": _with_sender(ev.FormSubmitted),
    "call": _with_sender(ev.CallEnded),
    "order": _order,
    "payment": _with_sender(ev.PaymentReceived),
    "parcel": _with_sender(ev.ParcelMoved),
    "visit": _with_sender(ev.SiteVisited),
    "status": lambda data: ev.StatusReported(**data),
    "settled": lambda data: ev.PartSettled(**data),
    "answer": lambda data: ev.EndpointAnswered(**data),
    "staff": lambda data: ev.StaffAsked(**data),
}
