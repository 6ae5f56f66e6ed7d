"""The web chat's door: the page, its wire and its files. It translates and decides nothing.

Every path that reads or writes a conversation asks for the visitor's cookie; every one that writes, for its own page.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.api.errors import Refusal, busy, json_response
from gateway.channels import payload
from gateway.chat.files import Files
from gateway.chat.reception import Reception
from gateway.chat.socket import MOST_BYTES, Socket
from gateway.chat.sockets import Sockets
from gateway.chat.visitor import Visitors, read_secret
from gateway.clock import Clock
from gateway.house import House
from gateway.intake import Intake
from gateway.settings import Settings
from state.database import Database, Unavailable
from state.live import Live

log = structlog.get_logger()

STRANGER: Final = 4401
_HERE: Final = Path(__file__).parent
_LANGUAGES: Final = ("ru", "uk", "en")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; frame-ancestors 'self'"
)
_PAGE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class ChatDoor:
    def __init__(
        self, db: Database, intake: Intake, live: Live, clock: Clock, house: House, settings: Settings
    ) -> None:
        self.house = house
        secret = read_secret(settings.data_dir)
        self.visitors = Visitors(secret, settings)
        self.reception = Reception(db, intake, live, clock, house)
        self.sockets = Sockets(db)
        self.files = Files(
            self.reception, self.visitors, settings.data_dir / "files", secret, settings.admin_token.get_secret_value()
        )
        self._policy = " ".join((_POLICY, *self.visitors.embedders))
        self._pages = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/chat", _refusing(self.page))
        app.router.add_get("/chat/widget.js", self.widget)
        app.router.add_static("/chat/static", _HERE / "static")
        app.router.add_get("/chat/socket", _refusing(self.socket), allow_head=False)
        app.router.add_post("/chat/messages", _refusing(self.take))
        app.router.add_get("/chat/items", _refusing(self.items))
        app.router.add_post("/chat/files", _refusing(self.files.receive))
        app.router.add_get("/chat/files/{file:[0-9a-f]{32}}", _refusing(self.files.hand_out))
        app.on_response_prepare.append(_mark_static)
        app.on_shutdown.append(self._close)

    async def _close(self, _app: web.Application) -> None:
        await self.sockets.close()
        await self.reception.turnstile.close()

    # -- the page ----------------------------------------------------------------------------------------------------

    async def page(self, request: web.Request) -> web.Response:
        """The customer's page. A stranger becomes a visitor here, and only here."""
        visitor = self.visitors.known(request)
        if not visitor:
            self.reception.pace(f"new:{self.visitors.address(request)}", 2.0, 100)
            visitor = self.visitors.new()
        lang = next((x for x in (request.query.get("lang"), self.house.playbook.language) if x in _LANGUAGES), "ru")
        text = self._pages.get_template("chat.html").render(shop=self.house.playbook.title, lang=lang)
        headers = {**_PAGE, "Content-Security-Policy": self._policy}
        response = web.Response(text=text, content_type="text/html", headers=headers)
        self.visitors.give(request, response, visitor)
        return response

    async def widget(self, _request: web.Request) -> web.FileResponse:
        """For the pages of the shop, on whatever site they are."""
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "public, max-age=300",
        }
        return web.FileResponse(_HERE / "static" / "widget.js", headers=headers)

    # -- the wire ----------------------------------------------------------------------------------------------------

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self.visitors.own_page_only(request)
        visitor = self.visitors.known(request)
        self.sockets.demand_room(visitor)
        ws = web.WebSocketResponse(max_msg_size=MOST_BYTES, heartbeat=25, timeout=2, compress=False)
        if not ws.can_prepare(request):
            raise Refusal(426, "not_a_socket", "this address speaks WebSocket", headers={"Upgrade": "websocket"})
        await ws.prepare(request)
        if not visitor:
            await ws.close(code=STRANGER)
            return ws
        socket = Socket(self.reception, ws, visitor)
        with self.sockets.holding(socket):
            await socket.run()
        return ws

    async def take(self, request: web.Request) -> web.Response:
        """A message where no socket gets through. Answered when it is kept, with its place if it has one by then."""
        self.visitors.own_page_only(request)
        visitor = self.visitors.demand(request)
        frame, _ = payload.read_json(await _body(request))
        if not isinstance(frame, dict):
            raise Refusal(400, "not_json", "a message is a JSON object")
        client_id = await self.reception.take(visitor, frame)
        await self.reception.turn_taken(visitor, client_id)
        return json_response({"id": client_id, **await self.reception.place(visitor, client_id)})

    async def items(self, request: web.Request) -> web.Response:
        visitor = self.visitors.demand(request)
        self.reception.pace(f"frames:{visitor}", 10.0, 200)
        items = await self.reception.items(visitor, request.query.get("after"))
        return json_response({"items": items, "shop": self.reception.shop})


def _refusing(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Handler:
    """Whatever cannot be done is said in JSON, and nothing of the inside is said."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()
        except Unavailable:
            return busy("nothing can be kept now; ask again").answer()

    return handle


async def _body(request: web.Request) -> bytes:
    """At most a megabyte, counted while it comes."""
    too_large = Refusal(413, "too_large", f"at most {MOST_BYTES} bytes", limit=MOST_BYTES)
    if (request.content_length or 0) > MOST_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise too_large
    return bytes(body)


async def _mark_static(request: web.Request, response: web.StreamResponse) -> None:
    """Names do not carry versions, so a browser asks each time whether a file is still the same."""
    if request.path.startswith("/chat/static/"):
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-cache"
