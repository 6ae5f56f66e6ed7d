"""Who is asking: a bearer token, or the console's session cookie, which then must prove that its own page asked.

A browser sends a cookie wherever a foreign page points it; it adds neither our header nor our origin for a foreign page.
"""

import hmac
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from aiohttp import web

from gateway.api.context import ApiContext
from gateway.api.errors import Refusal
from state import people
from state.records import Person

COOKIE_SECURE: Final = "__Host-parley"
COOKIE_PLAIN: Final = "parley"
CSRF_HEADER: Final = "X-Parley-CSRF"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Credential:
    """A token as it came: its digest and what kind it must be."""

    digest: str
    kind: Literal["api", "session", "settings"]


def credential(request: web.Request, admin_token: str) -> Credential | None:
    """What the request shows; a bearer token wins over a cookie. None: nothing."""
    given = request.headers.getall("Authorization", [])
    if given:
        scheme, _, token = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
            return None
        digest = people.digest(token.strip())
        settings = people.digest(admin_token) if admin_token else ""
        return Credential(digest, "settings" if settings and hmac.compare_digest(digest, settings) else "api")
    cookie = session_cookie(request)
    return Credential(people.digest(cookie), "session") if cookie else None


def session_cookie(request: web.Request) -> str | None:
    return request.cookies.get(COOKIE_SECURE) or request.cookies.get(COOKIE_PLAIN)


async def person_of(ctx: ApiContext, shown: Credential | None) -> Person | None:
    """Whom it speaks for, and a session in use lives on. None: nobody."""
    if shown is None:
        return None
    now = ctx.clock.now()
    if shown.kind == "settings":
        found = await ctx.db.read(people.find_admin_of_settings)
        return found or await ctx.db.write(lambda c: people.admin_of_settings(c, ctx.db.ids, now), "people")
    person = await ctx.db.read(lambda c: people.whoami(c, shown.digest, now, shown.kind))
    if (
        person is not None
        and shown.kind == "session"
        and await ctx.db.read(lambda c: people.session_needs_renewal(c, shown.digest, now))
    ):
        await ctx.db.write(lambda c: people.renew(c, shown.digest, now), "people")
    return person


def from_own_page(request: web.Request, *, own_hosts: frozenset[str] = frozenset()) -> bool | None:
    """Whether one of our own pages caused this request; None: it says nothing either way.

    The browser's own word counts most: pages cannot write `Sec-Fetch-Site`. `Origin` is `null` for a form of a page
    that sends no referrer, as ours are, and also for a foreign page that hides itself.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return (
        None
        if origin in (None, "null")
        else urlsplit(origin or "").netloc.lower() in own_hosts | {request.host.lower()}
    )


def guard_session(request: web.Request) -> None:
    """Refuse a state-changing request that a foreign page may have caused."""
    if request.method in _SAFE:
        return
    own = from_own_page(request)
    if own is False:
        raise Refusal(403, "foreign_page", "the request comes from another site's page")
    if request.headers.get(CSRF_HEADER):
        return
    if own is None or request.content_type != "application/json":
        raise Refusal(403, "no_csrf", f"send the header {CSRF_HEADER}")
