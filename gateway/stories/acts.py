"""What happens in a story, besides what managers do: time, customers, the shop's own systems, providers."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, cast

from bots.kit.acts import spoken, until
from bots.kit.problems import did_you_mean, shown
from gateway.channels.base import ChannelDown, Outcome, Refused, Retry, Throttled, Unknown, Unreachable, WindowClosed
from gateway.channels.paper import ACCOUNTS
from gateway.events import (
    CallEnded,
    FormSubmitted,
    MailReceived,
    MessageReceived,
    ReachChanged,
    Sender,
    StatusReported,
    Unusable,
)
from gateway.playbooks import read_house_again
from gateway.points import phone_of
from gateway.shop_hooks import CHANNEL_OF, ORDER_EVENTS, PARCEL_STATUSES, TOLD
from gateway.stories.scene import Do, Scene, Unseen
from gateway.stories.words import BadLine, Words
from state import audits

FAULTS: Final[Mapping[str, Outcome]] = {
    "refused": Refused("400", "refused by the provider"),
    "unknown": Unknown("no answer in time"),
    "blocked": Unreachable("blocked", "the customer has blocked us"),
    "throttled": Throttled(30_000, "account", "too many"),
    "window": WindowClosed("outside the window"),
    "down": ChannelDown("our credentials are refused"),
    "retry": Retry("busy"),
}
_ORDER: Final = ("total", "currency", "paid", "office", "items", "tracking", "phone", "name", "email")
_Reach = Literal["blocked", "unblocked", "opted_out", "opted_in"]
_REACH: Final[Mapping[tuple[str, ...], _Reach]] = {
    ("blocks",): "blocked", ("unblocks",): "unblocked", ("opts", "out", "of"): "opted_out", ("opts", "in", "to"): "opted_in",
}  # fmt: skip
_SAYS: Final = re.compile(r'customer\s+(?:("[^"]+"|[^\s:"]+)\s+)?([a-z][a-z0-9_-]*):\s?(.*)', re.DOTALL)


# -- time ------------------------------------------------------------------------------------------------------------


def read_wait(words: Words) -> Do:
    length = words.length()

    async def do(scene: Scene) -> None:
        await scene.until(scene.now + length)

    return do


def read_until(words: Words) -> Do:
    said = words.rest()
    if until(said, 1, "UTC") is None:
        raise BadLine(f"'{shown(said)}' is no time", "Write 10:00, Monday 10:00, tomorrow 10:00 or 2026-03-05 10:00")

    async def do(scene: Scene) -> None:
        moment = until(said, scene.now, scene.zone)
        if moment is None or moment < scene.now:
            raise Unseen(f"{said} is over already")
        await scene.until(moment)

    return do


# -- customers -------------------------------------------------------------------------------------------------------


def read_customer(line: str) -> Do:
    """`customer [NAME] CHANNEL: text`, else what else customers do."""
    if said := _SAYS.fullmatch(line):
        return _says((said[1] or "").strip('"'), said[2], said[3])
    words = Words(line.removeprefix("customer"))
    if (do := _else("", words)) or (do := _else(words.word("a customer's name"), words)):
        return do
    remedy = "Write 'customer whatsapp: text', 'customer is \"Name\" phone …' or 'customer blocks whatsapp'"
    raise BadLine("this is nothing that customers do", remedy)


def _else(who: str, words: Words) -> Do | None:
    if words.take("is"):
        return _is(who, words)
    found = next((change for phrase, change in _REACH.items() if words.take(*phrase)), None)
    return _reach(who, words, found) if found else None


def _says(who: str, channel: str, text: str) -> Do:
    if not text.strip():
        raise BadLine("the customer says nothing", "Write the message behind the colon")
    said = spoken(text.strip())

    async def do(scene: Scene) -> None:
        sender = scene.meet(who).sender(channel)
        if channel == "email":
            await scene.hear(*ACCOUNT_OF_MAIL, MailReceived(sender, text=said.text, media=said.media))
            return
        button, callback = await _pressed(scene, said.choice) if said.choice else ("", "")
        event = MessageReceived(
            sender, said.text, said.media, button, callback, said.phone, said.location, message_id=f"m{scene.now}"
        )
        await scene.hear(sender.channel, sender.account, event)

    return do


ACCOUNT_OF_MAIL: Final = ("email", ACCOUNTS["email"])


async def _pressed(scene: Scene, choice: str) -> tuple[str, str]:
    deal = await scene.deal()
    running = await scene.rows("runs", deal_id=deal["id"], status="running")
    if not running:
        raise Unseen("no bot is asking anything: there is no button to press")
    run = running[-1]
    return f"{run['id']}.{run['state']['turn']}.{choice}", "press"


def _is(who: str, words: Words) -> Do:
    name = words.quoted()
    known = words.named(("name", "phone", "email"))

    async def do(scene: Scene) -> None:
        one = scene.meet(who)
        one.name = name or known.get("name", one.name)
        one.phone = _phone(scene, known.get("phone", one.phone))
        one.declared = one.declared or "email" in known
        one.email = known.get("email", one.email)

    return do


def _reach(who: str, words: Words, change: _Reach) -> Do:
    channel = words.one_of(ACCOUNTS, "channel")
    words.end()

    async def do(scene: Scene) -> None:
        sender = scene.meet(who).sender(channel)
        await scene.hear(sender.channel, sender.account, ReachChanged(sender, change))

    return do


def _phone(scene: Scene, given: str) -> str:
    found = phone_of(given, scene.rehearsal.house.region)
    if not found:
        raise Unseen(f"'{shown(given)}' is no phone number")
    return found


def read_mail(words: Words) -> Do:
    text = words.quoted()
    answers = words.take("answers")
    more = words.named(("subject", "from"))
    if text is None:
        raise BadLine("the mail has no text", 'Write mail "text" subject "…" from x@y.z')

    async def do(scene: Scene) -> None:
        one = scene.meet(scene.customer)
        if "from" in more:
            one.email = more["from"].lower()
        part = 0
        if answers:
            contact = await scene.known_contact()
            ours = await scene.rows("parts", contact_id=contact, channel="email")
            if not ours:
                raise Unseen("no mail of ours went to this customer")
            part = ours[-1]["id"]
        await scene.hear(
            *ACCOUNT_OF_MAIL, MailReceived(one.sender("email"), more.get("subject", ""), text or "", part=part)
        )

    return do


# -- the shop's own systems --------------------------------------------------------------------------------------------


def _of_customer(scene: Scene, given: dict[str, str]) -> dict[str, str]:
    """Who an order or a form is said to be of: as the line has it, else the customer of the story."""
    one = scene.meet(scene.customer)
    if "phone" in given:
        one.phone = _phone(scene, given["phone"])
    if "name" in given:
        one.name = given["name"]
    if "email" in given:
        one.email, one.declared = given["email"], True
    who = {"name": one.name, "phone": one.phone}
    return {**who, "email": one.email} if one.declared else who


async def _told(scene: Scene, what: str, body: Mapping[str, Any]) -> None:
    meaning = TOLD[what](body, scene.rehearsal.house.region)
    if isinstance(meaning, Unusable):
        raise Unseen(f"the gateway cannot use this: {meaning.reason}")
    await scene.rehearsal.hear(CHANNEL_OF[what], what, meaning)
    await scene.rehearsal.settle()


def _sum(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def read_order(words: Words) -> Do:
    number = words.word("an order's number")
    event = words.one_of(ORDER_EVENTS, "order event")
    given = words.named(_ORDER)
    if given.get("paid", "yes") not in ("yes", "no"):
        raise BadLine(f"paid is '{shown(given['paid'])}'", "Write yes or no")

    async def do(scene: Scene) -> None:
        order: dict[str, Any] = {name: given[name] for name in ("currency", "office", "tracking") if name in given}
        order |= {"number": number} | ({"paid": given["paid"] == "yes"} if "paid" in given else {})
        order |= {"total": _sum(given["total"])} if "total" in given else {}
        order |= {"items": [one.strip() for one in given["items"].split(";")]} if "items" in given else {}
        await _told(scene, "orders", {"event": event, "order": order, "customer": _of_customer(scene, given)})

    return do


def read_payment(words: Words) -> Do:
    number, amount = words.word("an order's number"), words.word("a sum")
    words.end()

    async def do(scene: Scene) -> None:
        await _told(scene, "payments", {"order": number, "amount": _sum(amount)})

    return do


def read_parcel(words: Words) -> Do:
    tracking, status = words.word("a parcel's number"), words.one_of(PARCEL_STATUSES, "parcel status")
    note = words.named(("note",)).get("note", "")

    async def do(scene: Scene) -> None:
        await _told(scene, "parcels", {"tracking": tracking, "status": status, "note": note})

    return do


def read_visit(words: Words) -> Do:
    page = words.word("a page")
    words.end()

    async def do(scene: Scene) -> None:
        await _told(scene, "visits", {"page": page, **_of_customer(scene, {})})

    return do


def read_call(words: Words) -> Do:
    status = cast("Any", words.one_of(("missed", "answered"), "kind of call"))
    stranger = words.take("not", "a", "customer")
    phone = words.number()
    stranger = stranger or words.take("not", "a", "customer")
    more = words.named(("duration", "direction", "manager", "recording", "name"))

    async def do(scene: Scene) -> None:
        one = scene.meet(scene.customer)
        one.phone = _phone(scene, phone) if phone else one.phone
        one.addresses.add(("phone", "calls", one.phone))
        sender = Sender("phone", "calls", one.phone, more.get("name", ""), one.phone)
        event = CallEnded(
            sender, status, cast("Any", more.get("direction", "in")), int(more.get("duration", "0")), more.get("recording", ""),
            more.get("manager", ""), stranger,
        )  # fmt: skip
        await scene.hear("phone", "calls", event)

    return do


def read_form(words: Words) -> Do:
    form = words.word("a form's name")
    fields = words.named()

    async def do(scene: Scene) -> None:
        who = _of_customer(scene, {n: fields[n] for n in ("name", "phone", "email") if n in fields})
        told = {**who, **fields}
        address = who["phone"] or who.get("email", "")
        sender = Sender("form", form, address, who["name"], who["phone"], who.get("email", ""))
        scene.meet(scene.customer).addresses.add(("form", form, address))
        await scene.hear("form", form, FormSubmitted(sender, form, told))

    return do


# -- providers and the process ---------------------------------------------------------------------------------------


def status(said: Literal["delivered", "read", "failed"]) -> Callable[[Words], Do]:
    def read(words: Words) -> Do:
        words.end()

        async def do(scene: Scene) -> None:
            found = await scene.rows("parts", id=scene.last_part)
            if not found:
                raise Unseen("nothing was sent yet")
            part = found[0]
            event = StatusReported(part["provider_id"], said, part["id"], "30008" if said == "failed" else "")
            await scene.hear(part["channel"], part["account"], event)

        return do

    return read


def read_fault(words: Words) -> Do:
    if not words.take("next", "send"):
        raise BadLine("this is no fault", "Write 'fault next send refused', or with 'on email' behind it")
    outcome = FAULTS[words.one_of(FAULTS, "fault")]
    channel = words.one_of(ACCOUNTS, "channel") if words.take("on") else ""
    words.end()

    async def do(scene: Scene) -> None:
        scene.faults.append((channel, outcome))

    return do


def read_about(words: Words) -> Do:
    kind = words.one_of(("order", "funnel", "stage", "customer", "the"), "way to name a deal")
    if kind == "the" and not words.take("deal"):
        raise BadLine("it is not said which deal", "Write 'about the deal', 'about order 4711' or 'about funnel mail'")
    which = "" if kind == "the" else words.word("its name")
    words.end()

    async def do(scene: Scene) -> None:
        if kind == "customer":
            if which not in scene.customers:
                raise Unseen(f"there is no customer '{shown(which)}'. {did_you_mean(which, scene.customers)}")
            scene.meet(which)
        else:
            scene.pick = (cast("Any", "" if kind == "the" else kind), which)

    return do


def read_restart(words: Words) -> Do:
    words.end()

    async def do(scene: Scene) -> None:
        await scene.rehearsal.restart(read_house_again(str(scene.folder)))

    return do


def read_audit(words: Words) -> Do:
    """The shop is looked through."""
    words.end()

    async def do(scene: Scene) -> None:
        whole = scene.rehearsal
        await whole.db.write(lambda c: audits.ask(c, whole.db.ids, scene.now), "audit")
        await scene.audit()

    return do


def _plain(read: Callable[[Words], Do]) -> Callable[[str], Do]:
    """Of a line's words behind the first one, whichever that is."""
    return lambda line: read(Words(line.partition(" ")[2]))


ACTS: Final[Mapping[str, Callable[[str], Do]]] = {
    "until": _plain(read_until),
    "customer": read_customer,
    "mail": _plain(read_mail),
    "order": _plain(read_order),
    "payment": _plain(read_payment),
    "parcel": _plain(read_parcel),
    "visit": _plain(read_visit),
    "call": _plain(read_call),
    "form": _plain(read_form),
    "delivered": _plain(status("delivered")),
    "read": _plain(status("read")),
    "undelivered": _plain(status("failed")),
    "fault": _plain(read_fault),
    "restart": _plain(read_restart),
    "audit": _plain(read_audit),
    "about": _plain(read_about),
}
"""By the line's first word; one that begins with + lets time pass."""
