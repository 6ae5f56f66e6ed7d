"""A channel on paper: it writes down what it is asked to send, and may answer with faults. For rehearsals and tests."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from gateway.channels.base import Denied, Limits, Malformed, Outcome, Outgoing, Post, Rate, Sent
from gateway.channels.limits import LIMITS
from gateway.events import Received

ACCOUNTS = {"telegram": "100", "whatsapp": "shop", "sms": "shop", "web": "site", "email": "mail"}


class PaperChannel:
    """With the real channel's limits. `answer` says what becomes of a send; by default everything goes out."""

    hooks: tuple[str, ...] = ()
    rates: tuple[Rate, ...] = ()

    def __init__(
        self, name: str, account: str = "", *, limits: Limits | None = None, answer: Callable[[Outgoing], Outcome | None] | None = None
    ) -> None:  # fmt: skip
        self.name = name
        self.account = account or ACCOUNTS.get(name, "shop")
        # Whoever asks a piece of paper what became of a message waits for ever.
        self.limits = replace(limits or LIMITS[name], settles=False)
        self.sent: list[Outgoing] = []
        self._answer = answer

    def verify(self, post: Post) -> Denied | None:
        return Denied(403, "a channel on paper has no webhook")

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        return Malformed("a channel on paper has no webhook")

    async def send(self, out: Outgoing) -> Outcome:
        outcome = self._answer(out) if self._answer else None
        if outcome is None or isinstance(outcome, Sent):
            self.sent.append(out)
        return outcome or Sent(f"{self.name}-{out.part}")

    async def settle(self, out: Outgoing) -> Outcome | None:
        return None

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return


def paper_channels(
    names: Iterable[str] = ACCOUNTS, answer: Callable[[str, Outgoing], Outcome | None] | None = None
) -> dict[str, PaperChannel]:
    """By `channel:account`, as the workers know them."""
    made = [PaperChannel(name, answer=_of(name, answer)) for name in names]
    return {f"{one.name}:{one.account}": one for one in made}


def _of(
    name: str, answer: Callable[[str, Outgoing], Outcome | None] | None
) -> Callable[[Outgoing], Outcome | None] | None:
    return (lambda out: answer(name, out)) if answer else None
