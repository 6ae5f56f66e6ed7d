"""The seal that a mail of ours carries and its answer brings back: which part it was, signed, so that nobody can guess one.

It stands in the Message-ID, in what automatic mails offer for leaving, and, where the shop's server knows `shop+seal@`, in
the address that answers go to. A part always has the same seal: whoever keeps mail can tell a repeat by it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final

from bots.kit.values import value

_SEAL: Final = re.compile(r"(?<![\w.])([0-9]{1,19}\.[0-9a-f]{8})\.([a-z2-7]{16})(?![\w.])")
_LOOKED_THROUGH: Final = 200
"""So many seals are checked in one text: whoever writes thousands of false ones finds nothing out and costs little."""


@value
class Seal:
    """A part of ours, as a mail named it."""

    part: int
    word: str


class Threads:
    """`secret` is the installation's; `address` is what we write from."""

    def __init__(self, secret: bytes, address: str) -> None:
        self._secret = secret
        self._local, _, self.domain = address.rpartition("@")

    def seal(self, part: int, address: str, text: str) -> str:
        """Of one part. Whom it goes to and what it says are in it: after yesterday's backup numbers are used again."""
        said = hashlib.sha256(f"{address}\n{text}".encode("utf-8", "replace")).hexdigest()[:8]
        return f"{part}.{said}.{self._signed(f'{part}.{said}')}"

    def message_id(self, seal: str) -> str:
        return f"<{seal}@{self.domain or 'parley.invalid'}>"

    def plus(self, seal: str) -> str:
        """Our address with the seal in it."""
        return f"{self._local}+{seal}@{self.domain}"

    def find(self, texts: Iterable[str]) -> Seal | None:
        """The first seal in these texts that is really ours."""
        for text in texts:
            for n, found in enumerate(_SEAL.finditer(text.lower())):
                if n == _LOOKED_THROUGH:
                    break
                if hmac.compare_digest(found[2], self._signed(found[1])):
                    return Seal(int(found[1].partition(".")[0]), found[0])
        return None

    def _signed(self, word: str) -> str:
        digest = hmac.new(self._secret, f"parley.mail:{word}".encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:10]).decode().lower()
