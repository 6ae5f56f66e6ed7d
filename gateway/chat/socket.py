"""One open page of a visitor: frames in, items out, over a WebSocket.

Whatever is sent here is in the database first, so a socket may break at any moment and nothing is lost with it.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

import structlog
from aiohttp import WSMsgType, web

from gateway.api.errors import Refusal
from gateway.channels import payload
from gateway.chat.reception import Reception
from state.database import Unavailable
from state.live import Bell

log = structlog.get_logger()

MOST_BYTES: Final = 1_000_000
_TRY_LATER: Final = 1013
_TOO_MANY: Final = 1008
_MOST_REMEMBERED: Final = 1_000


class Socket:
    def __init__(self, reception: Reception, ws: web.WebSocketResponse, visitor: str) -> None:
        self.visitor = visitor
        self.ws = ws
        self._reception = reception
        self._last: tuple[str, int] | None = None
        """Time and id of the newest item this page has; None until it says hello."""
        self._sent: dict[int, None] = {}
        self._unanswered: set[str] = set()
        self._acks: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Lock()
        self._bell: Bell | None = None

    def ring(self) -> None:
        """There may be something new."""
        if self._bell is not None:
            self._bell.ring()

    async def run(self) -> None:
        with self._reception.live.subscribe(f"visitor:{self.visitor}") as self._bell:
            pushing = asyncio.create_task(self._push(self._bell))
            try:
                async for message in self.ws:
                    if message.type is WSMsgType.TEXT:
                        await self._hear(payload.read_json(message.data.encode("utf-8", "surrogatepass"))[0])
            except Unavailable:
                await self.ws.close(code=_TRY_LATER)
            finally:
                for task in (pushing, *self._acks):
                    task.cancel()
                await asyncio.gather(pushing, *self._acks, return_exceptions=True)

    # -- what the page says ------------------------------------------------------------------------------------------

    async def _hear(self, frame: Any) -> None:
        if not isinstance(frame, dict):
            await self._refuse(None, Refusal(400, "not_json", "frames are JSON objects"))
            return
        try:
            self._reception.pace(f"frames:{self.visitor}", 10.0, 200)
        except Refusal:
            await self.ws.close(code=_TOO_MANY)
            return
        match frame.get("type"):
            case "hello":
                await self._greet(frame.get("after"))
            case "message":
                await self._take(frame)
            case "seen":
                await self._reception.seen(self.visitor, frame.get("id"))
            case _:  # A newer page may know more than this server.
                return

    async def _greet(self, after: Any) -> None:
        async with self._looking:
            items = await self._reception.items(self.visitor, after)
            self._sent = {}
            self._last = ("", payload.whole(after) or 0)
            self._remember(items)
            await self._send({"type": "history", "items": items, "shop": self._reception.shop})

    async def _take(self, frame: dict[str, Any]) -> None:
        try:
            client_id = await self._reception.take(self.visitor, frame)
        except Refusal as refusal:
            given = frame.get("id")
            await self._refuse(given if isinstance(given, str) else None, refusal)
            return
        self._unanswered.add(client_id)
        task = asyncio.create_task(self._acknowledge(client_id))
        self._acks.add(task)
        task.add_done_callback(self._acks.discard)

    async def _acknowledge(self, client_id: str) -> None:
        """With the message's place in the conversation if it has one by now; that it is kept is certain either way."""
        with suppress(Unavailable, ConnectionError):
            await self._reception.turn_taken(self.visitor, client_id)
            await self._look()
            if client_id in self._unanswered:
                place = await self._reception.place(self.visitor, client_id)
                await self._answer(client_id, place)

    # -- what the page is told ---------------------------------------------------------------------------------------

    async def _push(self, bell: Bell) -> None:
        while not self.ws.closed:
            await bell.wait(3600)
            try:
                await self._look()
            except Unavailable:
                await asyncio.sleep(1)
                bell.ring()
            except ConnectionError:
                return

    async def _look(self) -> None:
        """Send what is new since the page's last item."""
        if self._last is None:
            return
        async with self._looking:
            items = await self._reception.items(self.visitor, self._last[1])
            fresh = [item for item in items if item["id"] not in self._sent]
            self._remember(items)
            for item in fresh:
                if item["client_id"] in self._unanswered:
                    await self._answer(item["client_id"], {"item": item["id"], "at": item["at"]})
                await self._send({"type": "item", "item": item})

    def _remember(self, items: list[dict[str, Any]]) -> None:
        self._sent |= dict.fromkeys(item["id"] for item in items)
        while len(self._sent) > _MOST_REMEMBERED:
            del self._sent[next(iter(self._sent))]
        self._last = max([self._last or ("", 0), *((item["at"], item["id"]) for item in items)])

    async def _answer(self, client_id: str, place: dict[str, Any]) -> None:
        self._unanswered.discard(client_id)
        await self._send({"type": "ack", "id": client_id, **place})

    async def _refuse(self, client_id: str | None, refusal: Refusal) -> None:
        said = {"code": refusal.code, "message": str(refusal), **refusal.more}
        await self._send({"type": "error", "id": client_id, **said})

    async def _send(self, frame: dict[str, Any]) -> None:
        if not self.ws.closed:
            await self.ws.send_json(frame)
