"""Who is asking: a visitor is a random id in a signed cookie, and nothing else is known of them.

The key is a secret of this installation, made once. Whoever forges a cookie becomes a new visitor with no history.
"""

import hashlib
import ipaddress
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from itsdangerous import BadSignature, Signer

from gateway.api.errors import Refusal
from gateway.settings import Settings

_ID: Final = re.compile(r"[0-9a-f]{32}")
_YEAR_S: Final = 365 * 24 * 3600
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.\-\[\]:]+", re.IGNORECASE)


def read_secret(folder: Path) -> bytes:
    """The installation's secret, made when first needed; of several processes making one, the first wins."""
    at = folder / "secret"
    with suppress(FileNotFoundError):
        return at.read_bytes()
    fresh = folder / f"secret.{secrets.token_hex(8)}"
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(fresh, at)
    fresh.unlink()
    return at.read_bytes()


class Visitors:
    """Gives out cookies and reads them, and knows which pages may speak for a visitor."""

    def __init__(self, secret: bytes, settings: Settings) -> None:
        self._signer = Signer(secret, salt="parley.visitor", key_derivation="hmac", digest_method=hashlib.sha256)
        self.secure = settings.public_url.startswith("https://")
        self.cookie = "__Host-parley-visitor" if self.secure else "parley-visitor"
        public = urlsplit(settings.public_url)
        self.embedders = [origin for origin in settings.chat_origins.split(",") if origin]
        self._origins = {*self.embedders, _origin(f"{public.scheme}://{public.netloc}")} - {""}

    def known(self, request: web.Request) -> str:
        """The visitor's id; empty for a stranger or a forger."""
        try:
            visitor = self._signer.unsign(request.cookies.get(self.cookie, "")).decode()
        except (BadSignature, UnicodeError):
            return ""
        return visitor if _ID.fullmatch(visitor) else ""

    def demand(self, request: web.Request) -> str:
        if visitor := self.known(request):
            return visitor
        raise Refusal(401, "stranger", "open the chat's page first: it gives the visitor's cookie")

    def new(self) -> str:
        return secrets.token_hex(16)

    def give(self, request: web.Request, response: web.Response, visitor: str) -> None:
        """Sent with every page, so that whoever comes back within a year stays who they are."""
        foreign = self.secure and _framed_by_another_site(request)
        place = "; Secure; SameSite=None; Partitioned" if foreign else "; SameSite=Lax" + "; Secure" * self.secure
        signed = self._signer.sign(visitor).decode()
        # Written by hand: Python's own cookies know no partitions before 3.14.
        response.headers["Set-Cookie"] = f"{self.cookie}={signed}; Max-Age={_YEAR_S}; Path=/; HttpOnly{place}"

    def own_page_only(self, request: web.Request) -> None:
        """Refuse what a foreign page made a browser send. Programs that are no browser send no origin."""
        given = request.headers.get("Origin")
        if given is None or _origin(given) in self._origins:
            return
        if not _origin(given) or urlsplit(given).netloc.lower() != request.host.lower():
            raise Refusal(403, "foreign_page", "the request comes from another site's page")

    def address(self, request: web.Request) -> str:
        """Whom to count new visitors by. The gateway speaks no TLS: behind an https address stands a proxy.

        Its word on the customer's address is taken, and nobody else's. An IPv6 customer has a whole /64.
        """
        peer = request.remote or ""
        if self.secure and _is_near(peer):
            peer = request.headers.get("X-Forwarded-For", peer).rpartition(",")[2].strip()
        try:
            ip = ipaddress.ip_address(peer)
        except ValueError:
            return request.remote or ""
        return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _origin(written: str) -> str:
    found = written.strip().rstrip("/").lower()
    return found if _ORIGIN.fullmatch(found) else ""


def _is_near(peer: str) -> bool:
    try:
        ip = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_private


def _framed_by_another_site(request: web.Request) -> bool:
    if "embed" not in request.query and request.headers.get("Sec-Fetch-Dest") != "iframe":
        return False
    return request.headers.get("Sec-Fetch-Site", "cross-site") == "cross-site"
