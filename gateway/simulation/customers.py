"""Random customers: they write, answer bots sensibly or not, fall silent, call, fill in forms, block us and come back."""

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from bots.kit.events import Media
from gateway.channels.base import Outgoing
from gateway.channels.paper import ACCOUNTS
from gateway.events import (
    CallEnded,
    FormSubmitted,
    Ignored,
    MailReceived,
    MessageEdited,
    MessageReceived,
    ReachChanged,
    Sender,
    SiteVisited,
    StatusReported,
    Unusable,
)
from gateway.simulation import orders, phrases
from gateway.simulation.world import DAY, HOUR, MINUTE, World
from state.records import Instant

_WAYS: Final = (("whatsapp", 45), ("telegram", 20), ("web", 10), ("sms", 5), ("email", 5), ("form", 9), ("phone", 6))
_MENU: Final = re.compile(r"^(\d+)\. ", re.MULTILINE)
_MOST_WORDS: Final = 14
"""After so many messages even the most talkative has said everything."""


@dataclass(slots=True)
class Customer:
    world: World
    number: int
    way: str
    name: str
    phone: str
    email: str
    talkative: float
    """How likely they answer."""
    sensible: float
    """How likely the answer fits the question."""
    said: int = 0
    expected: bool = False
    """An answer of theirs is on its way already."""
    senders: dict[str, Sender] = field(default_factory=dict)

    def sender(self, channel: str) -> Sender:
        if channel not in self.senders:
            address = {"whatsapp": self.phone, "sms": self.phone, "email": self.email}.get(
                channel, f"{channel}-{self.number}"
            )
            vouched = self.phone if channel in ("whatsapp", "sms") else ""
            email = self.email if channel == "email" else ""
            self.senders[channel] = Sender(channel, ACCOUNTS.get(channel, "hook"), address, self.name, vouched, email)
            self.world.ears[channel, address] = lambda out: self.hear(channel, out)
        return self.senders[channel]

    # -- what they do ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The first that anybody hears of them."""
        world = self.world
        if self.way == "form":
            fields = {"name": self.name, "phone": self.phone, "email": self.email, "goal": "2"}
            sender = Sender("form", "request", self.phone, self.name, self.phone, self.email)
            world.arrive("form", "request", FormSubmitted(sender, "request", fields))
            self.sender("email")
            self.sender("whatsapp")
        elif self.way == "phone":
            self._call()
            self.sender("whatsapp")
        else:
            self.write(self.way, world.pick(phrases.of(phrases.FIRST, world.language)))
        if world.chance(0.45):
            orders.begin(
                world, self.name, self.phone, self.email if world.chance(0.6) else "", world.within(HOUR, 3 * DAY)
            )
        if world.chance(0.15):
            world.plan(world.now + world.within(HOUR, 10 * DAY), self._call)
        if world.chance(0.1):
            world.plan(world.now + world.within(DAY, 20 * DAY), self._visit)
        if world.chance(0.3):
            world.plan(world.now + world.within(2 * DAY, 20 * DAY), self._come_back)
        if world.chance(0.03):
            world.plan(world.now + world.within(HOUR, 5 * DAY), self._shut_the_door)

    def write(self, channel: str, text: str, *, button: str = "") -> None:
        world, sender = self.world, self.sender(channel)
        self.said += 1
        world.counts["messages in"] += 1
        if channel == "email":
            world.arrive("email", ACCOUNTS["email"], MailReceived(sender, "", text))
            return
        number = f"{self.number}.{self.said}"
        media = (Media("photo", f"file{number}", "photo.jpg"),) if not button and world.chance(0.04) else ()
        event = MessageReceived(
            sender, "" if button else text, media, button, f"cb{number}" if button else "", message_id=number
        )
        world.arrive(channel, sender.account, event)
        if world.chance(0.01):
            world.arrive(channel, sender.account, MessageEdited(sender, number, f"{text}!"))
        if world.chance(0.01):
            world.arrive(channel, sender.account, world.pick((Unusable("bad_json"), Ignored("group"))))

    def _call(self) -> None:
        world = self.world
        status = world.pick(("missed", "missed", "answered"))
        sender = Sender("phone", "calls", self.phone, "", self.phone)
        stranger = world.chance(0.05)
        world.arrive(
            "phone", "calls", CallEnded(sender, status, "in", 0 if status == "missed" else 95, not_a_customer=stranger)
        )

    def _visit(self) -> None:
        self.world.arrive(
            "visit", "visits", SiteVisited(Sender("visit", "visits", self.phone, "", self.phone), "/prices")
        )

    def _come_back(self) -> None:
        if self.way not in ("form", "phone"):
            channel = self.way if self.world.chance(0.8) else "whatsapp"
            self.write(channel, self.world.pick(phrases.of(phrases.FIRST, self.world.language)))

    def _shut_the_door(self) -> None:
        sender = self.sender(self.way if self.way in ACCOUNTS else "whatsapp")
        change = self.world.pick(("blocked", "opted_out"))
        self.world.arrive(sender.channel, sender.account, ReachChanged(sender, change))
        back: Literal["unblocked", "opted_in"] = "unblocked" if change == "blocked" else "opted_in"
        later = self.world.now + self.world.within(DAY, 10 * DAY)
        self.world.plan(later, lambda: self.world.arrive(sender.channel, sender.account, ReachChanged(sender, back)))

    # -- what they hear ----------------------------------------------------------------------------------------------

    def hear(self, channel: str, out: Outgoing) -> None:
        """Something of ours has arrived: it is confirmed, and perhaps answered."""
        world = self.world
        if channel in ("whatsapp", "sms") and world.chance(0.3):
            word = world.pick(("delivered", "read", "delivered", "failed" if world.chance(0.05) else "read"))
            world.plan(
                world.now + world.within(MINUTE, HOUR),
                lambda: world.arrive(
                    channel, ACCOUNTS[channel], StatusReported(f"{channel}-{out.part}", word, out.part)
                ),
            )
        if self.expected or self.said >= _MOST_WORDS or not world.chance(self.talkative if out.automatic else 0.6):
            return
        self.expected = True
        pause = world.within(MINUTE, 40 * MINUTE) if world.chance(0.85) else world.within(HOUR, 30 * HOUR)
        world.plan(world.now + pause, lambda: self._answer(channel, out))

    def _answer(self, channel: str, out: Outgoing) -> None:
        world = self.world
        self.expected = False
        if out.buttons and world.chance(0.8):
            self.write(channel, "", button=world.pick(out.buttons).data)
            return
        listed = _MENU.findall(out.text)
        if listed and world.chance(self.sensible):
            self.write(channel, world.pick(listed))
        else:
            self.write(channel, world.pick(phrases.of(phrases.ANSWERS, world.language)))


def come(world: World, many: int, begins: Instant) -> None:
    """All customers of the simulation, each at some hour of some day."""
    ways = [way for way, share in _WAYS for _ in range(share)]
    days = max(1, (world.ends - begins) // DAY)
    for number in range(1, many + 1):
        name = world.pick(phrases.of(phrases.NAMES, world.language)) if world.chance(0.9) else ""
        phone = f"{phrases.PHONES.get(world.language, phrases.PHONES['en'])}{number:07}"
        one = Customer(
            world, number, world.pick(ways), name, phone, f"c{number}@example.com", world.random.uniform(0.3, 0.95), world.random.uniform(0.4, 1),
        )  # fmt: skip
        hour = 8 * HOUR + world.random.randrange(14 * HOUR) if world.chance(0.9) else world.random.randrange(DAY)
        world.plan(begins + world.random.randrange(days) * DAY + hour, one.begin)
