"""The one downloader: every file that somebody else's address points at comes through here, or not at all.

An address is checked before each hop, its host is resolved once, and the connection goes to the very address that was
checked. Nothing is raised to the caller.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway import file_types

Cause = Literal["refused", "gone", "too_big", "timeout", "type", "failed"]
Got = TypeVar("Got")
Resolve = Callable[[str, int], Awaitable[list[str]]]

MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({403, 404, 410})
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")
# All of IPv6 that is handed out so far; within it, the ranges that hide an IPv4 address.
_V6: Final = ipaddress.ip_network("2000::/3")
_WRAPPED: Final = tuple(ipaddress.ip_network(net) for net in ("2002::/16", "2001::/32"))


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes
    mime: str
    """Told by the bytes. `application/octet-stream` where they are not known."""
    inline: bool
    """May be shown in a page; else only handed over as an attachment."""


@dataclass(frozen=True, slots=True)
class NotFetched:
    """`failed` and `timeout` may be tried again; the others are final."""

    cause: Cause
    reason: str


def is_public(address: str) -> bool:
    """True only for addresses of the open internet: nothing private, local, shared, reserved, or wrapped."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.scope_id or ip not in _V6 or any(ip in net for net in _WRAPPED):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


async def system_resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class CheckedResolver(AbstractResolver):
    """Hands the connector only addresses that were checked; one bad address among good ones condemns the host."""

    def __init__(self, resolve: Resolve, trusted_hosts: Collection[str]) -> None:
        self._resolve = resolve
        self._trusted = trusted_hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolve(host, port)
        if host not in self._trusted and not all(is_public(address) for address in found):
            raise _RefusedAddressError(host)
        wanted = {socket.AF_INET: 4, socket.AF_INET6: 6}.get(family)
        results = [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
            if wanted is None or ipaddress.ip_address(address).version == wanted
        ]
        if not results:
            raise OSError(f"{host} has no address")
        return results

    async def close(self) -> None:
        return


class _RefusedAddressError(OSError):
    """The host's address is not on the open internet."""


class Fetcher:
    """`hosts`: exact names or `*.name`. `trusted`: origins (`http://127.0.0.1:8081`) that the operator configured
    himself, such as a provider's stand-in; for them alone plain http and any address are right.
    """

    def __init__(
        self,
        hosts: Collection[str],
        *,
        trusted: Collection[str] = (),
        resolve: Resolve = system_resolve,
        max_bytes: int = 20_000_000,
        total_s: float = 30,
        types: Collection[str] = file_types.KNOWN,
    ) -> None:
        self._exact = frozenset(host for host in hosts if not host.startswith("*."))
        self._under = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._trusted = frozenset(str(URL(origin).origin()) for origin in trusted)
        self._resolver = CheckedResolver(resolve, {URL(origin).host or "" for origin in trusted})
        self._max_bytes = max_bytes
        self._total_s = total_s
        self._types = types
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, authorization: str = "") -> Fetched | NotFetched:
        """`authorization` goes to the first address's own origin only."""
        return await self._guarded(self._follow(url, authorization), self._total_s)

    async def ask(
        self, url: str, body: bytes, key: str, total_s: float, *, headers: Mapping[str, str] | None = None
    ) -> bytes | NotFetched:
        """Post JSON there; what is answered comes back as it is. `key` is the same for the same question asked again."""
        return await self._guarded(self._post(url, body, key, headers or {}), total_s)

    async def _guarded(self, job: Coroutine[Any, Any, Got | NotFetched], total_s: float) -> Got | NotFetched:
        try:
            async with asyncio.timeout(total_s):
                return await job
        except TimeoutError:
            return NotFetched("timeout", f"not within {total_s:g} s")
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _RefusedAddressError):
                return NotFetched("refused", "the host's address is not public")
            return NotFetched("failed", type(error).__name__)
        except _RefusedAddressError:
            return NotFetched("refused", "the host's address is not public")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the kind: the library's words quote the address, which may hold a token.
            return NotFetched("failed", type(error).__name__)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _follow(self, url: str, authorization: str) -> Fetched | NotFetched:
        here = self._checked(url)
        if isinstance(here, NotFetched):
            return here
        home = here.origin()
        for _ in range(MAX_REDIRECTS + 1):
            headers = {"Accept-Encoding": "identity"}
            if authorization and here.origin() == home:
                headers["Authorization"] = authorization
            async with self._own_session().get(here, headers=headers, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS:
                    return await self._read(answer)
                target = answer.headers.get("Location", "")
            onward = self._checked(str(here.join(URL(target))) if not _ODD.search(target) else target)
            if isinstance(onward, NotFetched):
                return onward
            here = onward
        return NotFetched("refused", f"more than {MAX_REDIRECTS} redirects")

    async def _post(self, url: str, body: bytes, key: str, more: Mapping[str, str]) -> bytes | NotFetched:
        here = self._checked(url)
        if isinstance(here, NotFetched):
            return here
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "Idempotency-Key": key, **more}
        async with self._own_session().post(here, data=body, headers=headers, allow_redirects=False) as answer:
            return await self._body(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> Fetched | NotFetched:
        body = await self._body(answer)
        if isinstance(body, NotFetched):
            return body
        found = file_types.of(body)
        if found.mime not in self._types:
            return NotFetched("type", found.mime)
        return Fetched(body, found.mime, found.inline)

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes | NotFetched:
        if answer.status != 200:
            return NotFetched("gone" if answer.status in _GONE else "failed", f"status {answer.status}")
        if (answer.content_length or 0) > self._max_bytes:
            return NotFetched("too_big", f"{answer.content_length} bytes")
        parts: list[bytes] = []
        size = 0
        async for part in answer.content.iter_chunked(65536):
            size += len(part)
            if size > self._max_bytes:
                return NotFetched("too_big", f"more than {self._max_bytes} bytes")
            parts.append(part)
        return b"".join(parts)

    def _checked(self, address: str) -> URL | NotFetched:
        if not address or len(address) > 4096 or _ODD.search(address):
            return NotFetched("refused", "not an address")
        try:
            url = URL(address)
            origin, host = str(url.origin()), (url.host or "").lower()
        except ValueError:
            return NotFetched("refused", "not an address")
        if url.user is not None or url.password is not None:
            return NotFetched("refused", "an address with a user in it")
        if origin in self._trusted:
            return url
        if url.scheme != "https" or url.port != 443:
            return NotFetched("refused", "only https on its own port")
        if host not in self._exact and not host.endswith(self._under):
            return NotFetched("refused", "not an allowed host")
        if re.fullmatch(r"[0-9a-fx.:]+", host):
            # The connector would take a spelled-out address as it is, past the resolver.
            return NotFetched("refused", "an address instead of a host")
        return url

    def _own_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=8)
            self._session = aiohttp.ClientSession(
                connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session
