"""The files of a conversation, for those who work with it: each comes through us, whoever keeps it.

A provider's address never leaves here: a file is fetched by the channel that it came on, guarded, and handed over.
"""

import asyncio
from typing import Any, Final

from aiohttp import web

from gateway import files
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, not_found
from gateway.api.values import Id
from gateway.channels.base import STORED
from gateway.fetch import Fetched, NotFetched
from state import timeline

calls = Calls()

_PASSING: Final = frozenset({"failed", "timeout"})
_PATIENCE_S: Final = 100.0


@calls.on("GET", "/entries/{entry_id}/media/{n}")
async def get_media(ctx: ApiContext, entry_id: Id, n: Id) -> web.StreamResponse:
    """The bytes of a file of a message: `n` counts from 0, as in its `media`."""
    told = await ctx.db.read(lambda c: timeline.find_entry(c, entry_id))
    if told is None or n >= len(told.entry.media):
        raise not_found()
    ref = str(told.entry.media[n].get("ref", ""))
    if told.entry.direction == "out" and ref.startswith("https://"):
        return web.Response(
            status=302, headers={"Location": ref}
        )  # the playbook's own; customers are given no such handle
    route = await ctx.db.read(lambda c: timeline.route_of(c, entry_id))
    if ref.startswith(STORED):
        # Only the doors of the chat and of e-mail write such a handle; what another channel brought may only pretend to.
        ours = told.entry.direction == "out" or told.entry.channel in ("web", "email")
        kept = await ctx.shelf.answer(ref.removeprefix(STORED)) if ctx.shelf is not None and ours else None
        if kept is None:
            raise _unavailable(404)
        return kept
    return _handed_over(await _fetch(ctx.channels.get(route), ref), ref)


async def _fetch(channel: Any, ref: str) -> Fetched | NotFetched:
    """A channel that customers send files on is a `FileSource`; the plain hooks' senders and closed channels are none."""
    download = getattr(channel, "download", None)
    if download is None or not ref:
        return NotFetched("gone", "nobody to ask")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found: Fetched | NotFetched = await download(ref)
            return found
    except TimeoutError:
        return NotFetched("timeout", f"not within {_PATIENCE_S:g} s")


def _handed_over(found: Fetched | NotFetched, ref: str) -> web.Response:
    if isinstance(found, NotFetched):
        raise _unavailable(502 if found.cause in _PASSING else 404)
    return web.Response(body=found.body, headers=files.headers(found.mime, ref, inline=found.inline))


def _unavailable(status: int) -> Refusal:
    message = "the file is not there any more" if status == 404 else "the file cannot be fetched now; ask again"
    return Refusal(status, "media_unavailable", message)
