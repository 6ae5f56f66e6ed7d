"""What is said to the customer, as parts of the outbox: messages, acknowledged presses, calls of endpoints in their line."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bots.kit.effects import Choice
from bots.kit.events import Media
from gateway.lines import Lines
from gateway.parts import plan
from state.records import Deal, Entry, Identity, Part, Person


class Voice(Lines):
    """A page from which is spoken; whoever is answered does not wait any more."""

    def wait_for_us(self, deal: Deal, identity: Identity) -> None:
        """The customer has spoken: replies go where they wrote from, and they are waiting."""
        if deal.route_id != identity.id or deal.waiting_since is None:
            deal.route_id = identity.id
            if deal.waiting_since is None:
                deal.waiting_since = self.now
            self.touch(deal, bump=False)

    def answered(self, deal: Deal) -> None:
        if deal.waiting_since is not None:
            deal.waiting_since = None
            self.loose[deal.id] = deal
            self.touch(deal, bump=False)

    def spoken_with(self, deal: Deal, told: Entry, person: int) -> None:
        """A person has answered otherwise than by a message; 0: nobody says who."""
        if deal.waiting_since is not None:
            self._waited(deal, told, deal.waiting_since, person)
        self.answered(deal)

    def say(
        self, deal: Deal, identity: Identity, text: str, *, author: str, choices: tuple[Choice, ...] = (),
        token: str = "", ask_phone: bool = False, person: Person | None = None, client_id: str | None = None,
        template: Mapping[str, Any] | None = None, media: Sequence[Media] = (), subject: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Entry:  # fmt: skip
        """Put one message into the outbox, a part for each provider call it takes. `subject`: where messages have one;
        `data`: what its entry remembers.
        """
        limits = self.house.limits(identity.channel, identity.account)
        entry = self.write_entry(
            deal, "message", author=author, text=text, direction="out", identity=identity, person=person, client_id=client_id,
            data={"choices": [[c.key, c.label] for c in choices], "token": token} if choices else data,
            media=[asdict(file) for file in media],
        )  # fmt: skip
        if template:
            payloads = [dict(template)]
        else:
            label = self.house.to_customer("share_phone", deal.fields.get("language")) if ask_phone else ""
            parts = plan(
                text, choices, limits=limits, data=lambda one: f"{token}.{one.key}", media=media, ask_phone=label
            )
            payloads = [part.payload() for part in parts]
        if limits.threads:
            self._head(deal, entry, payloads, subject)
        for payload in payloads:
            kind = "reply" if author == "bot" else "service"
            self._queue(deal.id, entry.id, identity, payload, author, kind, deal.epoch if author == "bot" else None)
        if person is not None and deal.waiting_since is not None:
            self._waited(deal, entry, deal.waiting_since, person.id)
        if author != "robot":
            self.answered(deal)
        return entry

    def _head(self, deal: Deal, entry: Entry, payloads: list[dict[str, Any]], subject: str) -> None:
        """What it is about: as said, else the talk's own subject (when it leaves), else the deal."""
        if subject:
            entry.data["subject"] = subject
        told = deal.fields.get("language")
        about = {"subject": subject} if subject else {"topic": self.house.to_customer("topic", told, deal=deal.id)}
        for payload in payloads:
            payload.update(about)

    def _queue(
        self, deal: int, entry: int, identity: Identity, payload: dict[str, Any], author: str, kind: str, epoch: int | None, to: str = "",
    ) -> None:  # fmt: skip
        """`to`: an endpoint instead of the identity's own address."""
        where = ("endpoint", to, "") if to else (identity.channel, identity.account, identity.address)
        part = self.ids.take("part")
        self.writes.parts.append(
            Part(part, entry, deal, self.contact.id, identity.id, *where, payload, author, kind, epoch, 0, self.now)
        )

    def acknowledge(self, identity: Identity, callback: str, text: str = "") -> None:
        """Answer a pressed button, so that the customer's app stops waiting for it."""
        self._queue(0, 0, identity, {"kind": "ack", "callback": callback, "text": text}, "robot", "ack", None)

    def call_endpoint(
        self, deal: Deal, identity: Identity, endpoint: str, fields: Mapping[str, object], asked: str, *, author: str = "bot",
    ) -> None:  # fmt: skip
        """Ask a declared endpoint, as a part in the customer's line: what is said later is said behind it."""
        payload, epoch = (
            {"kind": "call", "variables": dict(fields), "callback": asked},
            deal.epoch if author == "bot" else None,
        )
        self._queue(deal.id, 0, identity, payload, author, "service", epoch, endpoint)

    def loops(self, text: str) -> bool:
        """Count one automatic message; True when the contact has had too many, or too many alike."""
        guard = self.house.loop_guard
        if not guard.messages:
            return False
        since = self.now - guard.minutes * 60_000
        digest = zlib.crc32(text.encode())
        pace = [p for p in self.rows.pace if p[0] > since]
        pace.append([self.now, digest])
        self.rows.pace = pace[-guard.messages - 1 :]
        return len(pace) > guard.messages or sum(1 for p in pace if p[1] == digest) > guard.equal

    def silence(self, deal: Deal, why: str) -> None:
        deal.epoch += 1
        self.touch(deal)
        self.writes.silenced.append((deal.id, why))
        for part in self.writes.parts:
            if part.deal_id == deal.id and part.author == "bot" and part.state == "queued":
                part.state, part.open, part.error, part.settled_at = "blocked", 0, why, self.now
