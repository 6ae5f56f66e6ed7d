"""Live changes as server-sent events: resumable by id, bounded in number, and over within seconds of a lost token."""

import asyncio
from typing import Annotated, Final

import orjson
from aiohttp import web
from aiohttp_sse import sse_response

from gateway.api import shapes
from gateway.api.calls import Calls, Header
from gateway.api.context import ApiContext
from gateway.api.errors import SAFE, Refusal
from gateway.api.feed import Feed
from gateway.api.identity import credential, person_of
from gateway.api.policy import POLICY

calls = Calls()

FEED = web.AppKey("feed", Feed)
STREAMS = web.AppKey("streams", set[object])
MOST_STREAMS: Final = 200
_RECHECK_S: Final = 2.0
_HEARTBEAT_S: Final = 15.0


@calls.on("GET", "/events")
async def events(
    ctx: ApiContext,
    request: web.Request,
    last_event_id: Annotated[str | None, Header("Last-Event-ID")] = None,
) -> web.StreamResponse:
    """Live changes as server-sent events, resumable by `Last-Event-ID`."""
    feed, streams = request.app[FEED], request.app[STREAMS]
    if len(streams) >= MOST_STREAMS or feed.closing:
        raise Refusal(503, "too_many_streams", "too many are listening", headers={"Retry-After": "5"})
    me = object()
    streams.add(me)
    try:
        return await _stream(ctx, request, feed, last_event_id)
    finally:
        streams.discard(me)


async def _stream(ctx: ApiContext, request: web.Request, feed: Feed, claimed: str | None) -> web.StreamResponse:
    allowed = POLICY["GET", "/events"].roles
    shown, loop = credential(request, ctx.admin_token), asyncio.get_running_loop()
    async with feed.listen() as bell:
        last = await feed.resume(claimed)
        async with sse_response(request, headers=SAFE, ping_interval=_HEARTBEAT_S, sep="\n", send_timeout=20) as stream:
            await stream.send("{}", event="ready", id=str(last), retry=2_000)
            checked = loop.time()
            while not feed.closing and _is_heard(request):
                while found := await feed.after(last):
                    for change in found:
                        body = orjson.dumps(shapes.change(change)).decode()
                        await stream.send(body, event=change.kind, id=str(change.id))
                        last = change.id
                await bell.wait(_RECHECK_S)
                if loop.time() - checked >= _RECHECK_S:
                    checked = loop.time()
                    person = await person_of(ctx, shown)
                    if person is None or person.role not in allowed:
                        break
            return stream  # type: ignore[no-any-return]


def _is_heard(request: web.Request) -> bool:
    """Whether somebody is still at the other end; a write would tell only at the next heartbeat."""
    return request.transport is not None and not request.transport.is_closing()
