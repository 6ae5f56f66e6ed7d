"""The API put together: every call behind its policy, every answer in the same shape."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.api import (
    acts,
    audit,
    contacts,
    deals,
    events,
    groups,
    lookups,
    media,
    merges,
    people,
    playbook,
    replays,
    reporting,
    reports,
    robots,
    scripts,
    simulator,
    tasks,
    templates,
    waybills,
)
from gateway.api import telegram as own_telegram
from gateway.api.calls import WHO, Call
from gateway.api.context import CONTEXT, ApiContext
from gateway.api.errors import Refusal, busy, json_response
from gateway.api.feed import Feed
from gateway.api.identity import credential, guard_session, person_of
from gateway.api.openapi import document, path_for_router
from gateway.api.policy import Policy, admit, policy_of
from state.database import Unavailable

log = structlog.get_logger()

CALLS: Final[list[Call]] = [
    *deals.calls,
    *acts.calls,
    *merges.calls,
    *tasks.calls,
    *contacts.calls,
    *lookups.calls,
    *playbook.calls,
    *templates.calls,
    *robots.calls,
    *waybills.calls,
    *people.calls,
    *groups.calls,
    *own_telegram.calls,
    *scripts.calls,
    *media.calls,
    *events.calls,
    *simulator.calls,
    *replays.calls,
    *reports.calls,
    *audit.calls,
    *reporting.calls,
]


@dataclass(frozen=True, slots=True)
class Api:
    """Mounted at `/api`: the calls under `/api/v1`, their description at `/api/openapi.json`."""

    app: web.Application

    def mount(self, parent: web.Application) -> None:
        parent.add_subapp("/api", self.app)


def make_api(ctx: ApiContext) -> Api:
    app = web.Application(middlewares=[_refusals])
    app[CONTEXT] = ctx
    app[events.FEED] = Feed(ctx.db, ctx.live)
    app[events.STREAMS] = set()
    for call in CALLS:
        app.router.add_route(call.method, "/v1" + path_for_router(call.path), _guarded(call, policy_of(call)))
    described = _described()

    async def openapi(_request: web.Request) -> web.Response:
        return json_response(described)

    app.router.add_get("/openapi.json", openapi, allow_head=False)
    app.on_shutdown.append(_close)
    return Api(app)


@cache
def _described() -> dict[str, Any]:
    return document(CALLS)


async def _close(app: web.Application) -> None:
    await app[events.FEED].close()


def _guarded(call: Call, policy: Policy) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        ctx = request.app[CONTEXT]
        shown = credential(request, ctx.admin_token)
        person = await person_of(ctx, shown)
        if person is None or shown is None:
            raise Refusal(401, "unauthorized", "send a valid token", headers={"WWW-Authenticate": "Bearer"})
        if shown.kind == "session":
            guard_session(request)
        admit(policy, person)
        request[WHO] = person
        return await call(request)

    return handle


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is said in JSON, and nothing of the inside is said."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except Unavailable:
        return busy("the database cannot be reached now; ask again").answer()
    except web.HTTPException as other:
        return _plainly(other)
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("api_failed", method=request.method, path=request.path)
        return Refusal(500, "internal", "something went wrong on our side").answer()


_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_request"}


def _plainly(other: web.HTTPException) -> web.Response:
    if other.status < 400:
        raise other
    headers = {"Allow": other.headers["Allow"]} if "Allow" in other.headers else {}
    message = "there is nothing here" if other.status == 404 else other.reason.lower()
    return Refusal(other.status, _CODES.get(other.status, "refused"), message, headers=headers).answer()
