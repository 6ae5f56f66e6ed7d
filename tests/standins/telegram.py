"""Telegram's Bot API on loopback: remembers the webhook, hands out updates, keeps what was sent.

Run on its own: `python -m tests.standins.telegram --port 0 --log FILE`.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.standins import telegram_rules as rules
from tests.standins.faults import Fault
from tests.standins.serving import Standin, arguments, reply, serve_until_ended

TOKEN = "700001:STANDIN"
USUAL = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
}
CONFLICT = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
METHODS = {
    name.lower(): name
    for name in (
        *("getMe", "setWebhook", "deleteWebhook", "getWebhookInfo", "getUpdates", "getFile"),
        *("sendMessage", "answerCallbackQuery", "sendChatAction", "setMyCommands", *rules.FILES),
        *("editMessageReplyMarkup", "editMessageText"),
    )
}


def refused(status: int, description: str, parameters: dict[str, Any] | None = None) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return reply(body, status)


async def read_params(request: web.Request) -> dict[str, Any]:
    """Parameters from query, form, multipart or JSON; an uploaded file becomes its name, type and size."""
    params: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json() if request.can_read_body else {}
        if not isinstance(body, dict):
            raise ValueError("an object is expected")
        return params | body
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            content = value.file.read()
            params[name] = {"name": value.filename, "type": value.content_type, "size": len(content)}
        else:
            params[name] = value if isinstance(value, str) else str(value)
    for name in ("photo", "document", "voice", "video"):
        if str(params.get(name, "")).startswith("attach://"):
            params[name] = params.pop(str(params[name]).removeprefix("attach://"), "")
    return params


class TelegramStandin(Standin):
    sends = frozenset({"sendMessage", *rules.FILES})

    def __init__(self, *, port: int = 0, log: Path | None = None, token: str = TOKEN) -> None:
        super().__init__(port=port, log=log)
        self.token = token
        self.strict_callbacks = False
        """Refuse to answer a button press that was not pushed from here."""
        self.webhook: dict[str, Any] = {}
        self.answers: list[tuple[int, int, str]] = []
        """Of each webhook post: update_id, status (0: no answer), body."""
        self._queue: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self._poller = 0
        self._update_id = 100_000
        self._message_id = 1_000
        self._presses: set[str] = set()
        self._files: dict[str, tuple[str, bytes, int]] = {}
        self.me = {
            "id": int(token.split(":", maxsplit=1)[0]),
            "is_bot": True,
            "first_name": "Запчасти",
            "username": "standin_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)

    def refusal(self, fault: Fault) -> web.Response:
        if fault.do == "throttle":
            after = "" if fault.retry_after is None else f": retry after {fault.retry_after}"
            parameters = {} if fault.retry_after is None else {"retry_after": fault.retry_after}
            return refused(429, f"Too Many Requests{after}", parameters)
        code = fault.code or 400
        return refused(code, fault.text or USUAL.get(code, "Bad Request"))

    # -- what a test does --------------------------------------------------------------------------------------------

    def add_file(self, file_id: str, content: bytes, path: str = "documents/file_1.bin", size: int = 0) -> None:
        """A file that `getFile` knows; `size` pretends to be larger than the content."""
        self._files[file_id] = (path, content, size or len(content))

    async def push(self, update: Mapping[str, Any]) -> int:
        """One update to the webhook, or into the polling queue; the webhook's status (0: no answer, -1: queued).

        Without an update_id it gets the next one. An update of a kind that the webhook was not set up for is
        dropped, as the real one does: -2.
        """
        update = dict(update)
        update.setdefault("update_id", self._update_id + 1)
        if isinstance(update["update_id"], int):
            self._update_id = max(self._update_id, update["update_id"])
        wanted = self.webhook.get("allowed_updates")
        if wanted and not set(wanted) & update.keys():
            return -2
        if "callback_query" in update:
            self._presses.add(update["callback_query"]["id"])
        if not self.webhook.get("url"):
            self._queue.append(update)
            self._arrived.set()
            return -1
        headers = {"Content-Type": "application/json"}
        if self.webhook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook["secret_token"]
        try:
            async with self.session.post(
                self.webhook["url"], data=json.dumps(update, ensure_ascii=False).encode(), headers=headers
            ) as response:
                status, body = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError) as why:
            status, body = 0, str(why)
        self.answers.append((update["update_id"], status, body))
        return status

    async def push_until_accepted(self, update: Mapping[str, Any], within_s: float = 20.0) -> int:
        """Repeat an update until the webhook takes it, as the real one does; the number of tries."""
        update = {"update_id": self._update_id + 1, **update}
        deadline = asyncio.get_running_loop().time() + within_s
        tries = 0
        while True:
            tries += 1
            status = await self.push(update)
            if status < 0 or 200 <= status < 300:
                return tries
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"update {update['update_id']} not taken in {tries} tries: {status}")
            await asyncio.sleep(min(0.05 * tries, 0.5))

    async def push_json(self, order: dict[str, Any]) -> dict[str, Any]:
        if order.get("until_accepted"):
            return {"tries": await self.push_until_accepted(order["update"])}
        return {"statuses": [await self.push(u) for u in order.get("updates") or [order["update"]]]}

    # -- what a client calls -----------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = METHODS.get(request.match_info["method"].lower())
        if request.match_info["token"] != self.token:
            return refused(401, USUAL[401])
        if name is None:
            return refused(404, "Not Found")
        try:
            params = await read_params(request)
        except (ValueError, web.HTTPException):
            return refused(400, "Bad Request: can't parse request")
        try:
            if name in self.sends:
                return await self._send(request, name, params)
            if name == "getUpdates":
                return await self._get_updates(request, params)
            return await self._other(request, name, params)
        except rules.BadRequestError as why:
            self.ledger.refuse(name, str(params.get("chat_id", "")), str(why))
            return refused(400, f"Bad Request: {why}")

    async def _send(self, request: web.Request, name: str, params: dict[str, Any]) -> web.StreamResponse:
        chat = rules.check_chat(params)
        text = rules.check_message(params) if name == "sendMessage" else rules.check_file(name, params)

        def accept(fault: Fault | None) -> dict[str, Any]:
            before = self._message_id
            self._message_id += 1
            self.ledger.accept(name, request.path, chat, text, params, str(self._message_id))
            shown = self._message_id
            if fault is not None and fault.do == "wrong_id":
                shown = before if fault.value is None else fault.value
            return {"ok": True, "result": self._message(shown, chat, name, text, params)}

        return await self.conduct(request, name, chat, accept)

    def _message(self, id: Any, chat: str, name: str, text: str, params: dict[str, Any]) -> dict[str, Any]:
        group = chat.startswith(("-", "@"))
        message: dict[str, Any] = {
            "message_id": id,
            "from": {key: self.me[key] for key in ("id", "is_bot", "first_name", "username")},
            "chat": {"id": chat if chat.startswith("@") else int(chat), "type": "group" if group else "private"},
            "date": int(time.time()),
        }
        if group:
            message["chat"]["title"] = "Группа"
        else:
            message["chat"]["first_name"] = "Покупатель"
        markup = params.get("reply_markup")
        markup = json.loads(markup) if isinstance(markup, str) and markup else markup
        if markup and "inline_keyboard" in markup:
            message["reply_markup"] = markup
        if name == "sendMessage":
            return message | {"text": text}
        file = {"file_id": f"sent-{id}", "file_unique_id": f"u{id}", "file_size": 1000}
        match name:
            case "sendPhoto":
                message["photo"] = [file | {"width": 90, "height": 60}, file | {"width": 900, "height": 600}]
            case "sendVoice":
                message["voice"] = file | {"duration": 3}
            case "sendVideo":
                message["video"] = file | {"width": 640, "height": 360, "duration": 3}
            case _:
                message["document"] = file | {"file_name": "file"}
        return message | ({"caption": text} if text else {})

    async def _other(self, request: web.Request, name: str, params: dict[str, Any]) -> web.StreamResponse:
        to = text = ""
        result: Any = True
        match name:
            case "getMe":
                result = self.me
            case "setWebhook" | "deleteWebhook":
                url = rules.check_webhook(params) if name == "setWebhook" else ""
                allowed = params.get("allowed_updates")
                allowed = json.loads(allowed) if isinstance(allowed, str) and allowed else allowed
                if str(params.get("drop_pending_updates", "")).lower() in ("true", "1"):
                    self._queue.clear()

                def set_webhook() -> None:
                    self.webhook = {**params, "url": url, "allowed_updates": allowed} if url else {}
                    self._arrived.set()

                return await self.conduct(request, name, "", self._plain(request, name, params, True, set_webhook))
            case "getWebhookInfo":
                result = self._webhook_info()
            case "getFile":
                result = self._file_info(str(params.get("file_id", "")))
            case "answerCallbackQuery":
                to = str(params.get("callback_query_id", ""))
                text = str(params.get("text") or "")
                if not to or (self.strict_callbacks and to not in self._presses):
                    raise rules.BadRequestError("query is too old and response timeout expired or query ID is invalid")
                if rules.utf16(text) > rules.ANSWER:
                    raise rules.BadRequestError("MESSAGE_TOO_LONG")
            case "sendChatAction" | "editMessageReplyMarkup" | "editMessageText":
                to = rules.check_chat(params)
                rules.check_keyboard(params)
            case _:
                pass
        return await self.conduct(request, name, to, self._plain(request, name, params, result, None, to, text))

    def _plain(
        self,
        request: web.Request,
        name: str,
        params: dict[str, Any],
        result: Any,
        then: Any = None,
        to: str = "",
        text: str = "",
    ) -> Any:
        def accept(fault: Fault | None) -> dict[str, Any]:
            self.ledger.accept(name, request.path, to, text, params, "")
            if then is not None:
                then()
            return {"ok": True, "result": result}

        return accept

    def _webhook_info(self) -> dict[str, Any]:
        info: dict[str, Any] = {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._queue),
        }
        if self.webhook:
            info["max_connections"] = int(self.webhook.get("max_connections") or 40)
            if self.webhook["allowed_updates"]:
                info["allowed_updates"] = self.webhook["allowed_updates"]
        failed = [status for _, status, _ in self.answers if not 200 <= status < 300]
        if failed:
            info["last_error_date"] = int(time.time())
            info["last_error_message"] = f"Wrong response from the webhook: {failed[-1]}"
        return info

    def _file_info(self, file_id: str) -> dict[str, Any]:
        if file_id not in self._files:
            raise rules.BadRequestError("invalid file_id")
        path, _, size = self._files[file_id]
        if size > rules.DOWNLOAD:
            raise rules.BadRequestError("file is too big")
        return {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": size, "file_path": path}

    async def _download(self, request: web.Request) -> web.Response:
        wanted = request.match_info["path"]
        content = next((content for path, content, _ in self._files.values() if path == wanted), None)
        if request.match_info["token"] != self.token or content is None:
            return refused(404, "Not Found")
        return web.Response(body=content, content_type="application/octet-stream")

    async def _get_updates(self, request: web.Request, params: dict[str, Any]) -> web.StreamResponse:
        """The offset confirms: whatever is below it is gone for good. A later poller ends an earlier one."""
        if self.webhook.get("url"):
            self.ledger.refuse("getUpdates", "", "webhook is set")
            return refused(409, CONFLICT)
        offset, limit = int(params.get("offset") or 0), int(params.get("limit") or 100)
        if offset > 0:
            self._queue = [u for u in self._queue if u["update_id"] >= offset]
        elif offset < 0:
            self._queue = self._queue[offset:]
        self._poller += 1
        mine = self._poller
        self._arrived.set()
        deadline = asyncio.get_running_loop().time() + float(params.get("timeout") or 0)
        while not self._queue and (left := deadline - asyncio.get_running_loop().time()) > 0:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                break
            if mine != self._poller:
                return refused(409, USUAL[409])
            if self.webhook.get("url"):
                return refused(409, CONFLICT)
        batch = sorted(self._queue, key=lambda u: u["update_id"])[: max(1, min(limit, 100))]
        return await self.conduct(request, "getUpdates", "", self._plain(request, "getUpdates", params, batch))


def main() -> None:
    parser = arguments("Telegram's Bot API on loopback.")
    parser.add_argument("--token", default=TOKEN)
    given = parser.parse_args()
    asyncio.run(serve_until_ended(TelegramStandin(port=given.port, log=given.log, token=given.token)))


if __name__ == "__main__":
    main()
