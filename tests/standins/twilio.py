"""Twilio's Messages API on loopback: keeps what was sent, signs and posts what comes in and what became of it.

Run on its own: `python -m tests.standins.twilio --port 0 --log FILE --gateway http://127.0.0.1:PORT`.
"""

import asyncio
import base64
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from tests.standins.faults import Fault
from tests.standins.serving import Standin, arguments, reply, serve_until_ended

ACCOUNT = "AC" + "0" * 31 + "1"
AUTH_TOKEN = "standin-auth-token"
BODY = 1600
MEDIA = 10
CALLBACK_KEYS = frozenset(
    {"SmsSid", "SmsStatus", "MessageStatus", "To", "MessageSid", "AccountSid", "From", "ApiVersion"}
)
MESSAGES = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit."),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    30008: (400, "Unknown error"),
    63003: (400, "Channel could not find To address"),
    63016: (400, "Failed to send freeform message because you are outside the allowed window."),
    63018: (429, "Rate limit exceeded for Channel"),
    63024: (400, "Invalid message recipient"),
}
Form = Mapping[str, str] | Iterable[tuple[str, str]]


class RefusedError(Exception):
    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or MESSAGES[code][1])
        self.code = code


def refused(code: int, text: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    status, usual = MESSAGES.get(code, (400, "Error"))
    body = {
        "code": code,
        "message": text or usual,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return reply(body, status, headers)


def check(params: MultiDict[str]) -> None:
    """What the real one refuses at once."""
    to, sender = params.get("To", ""), params.get("From", "")
    if not to:
        raise RefusedError(21604)
    if not sender and not params.get("MessagingServiceSid"):
        raise RefusedError(21603)
    if not re.fullmatch(r"(whatsapp:)?\+[1-9][0-9]{6,14}", to):
        raise RefusedError(21211, f"Invalid 'To' Phone Number: {to}")
    if sender and sender.startswith("whatsapp:") != to.startswith("whatsapp:"):
        raise RefusedError(21910)
    body, media = params.get("Body", ""), params.getall("MediaUrl", [])
    if not body.strip() and not media and not params.get("ContentSid"):
        raise RefusedError(21602)
    if len(body) > BODY:
        raise RefusedError(21617)
    if len(media) > MEDIA:
        raise RefusedError(21623)
    if any(not url.startswith(("https://", "http://")) for url in media):
        raise RefusedError(21620)


def now_text() -> str:
    return format_datetime(datetime.now(UTC))


class TwilioStandin(Standin):
    """`gateway` is where posts go; `public` is the base address they are signed for (the same unless a proxy
    stands between)."""

    sends = frozenset({"Messages.create"})

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        account: str = ACCOUNT,
        auth_token: str = AUTH_TOKEN,
        gateway: str = "",
        public: str = "",
    ) -> None:
        super().__init__(port=port, log=log)
        self.account, self.auth_token = account, auth_token
        self.gateway, self.public = gateway.rstrip("/"), (public or gateway).rstrip("/")
        self.statuses: list[str] = []
        """Statuses to report by themselves for each message that names a StatusCallback."""
        self.early = False
        """Report them before the call itself is answered."""
        self.media_redirect = ""
        """Where media downloads are sent on to, instead of being answered."""
        self.messages: list[dict[str, Any]] = []
        self.answers: list[tuple[str, int, str]] = []
        """Of each post to the gateway: path, status (0: no answer), body."""
        self._callbacks: dict[str, str] = {}
        self._media: dict[str, tuple[str, bytes]] = {}
        self._next = 0
        self._reporting: set[asyncio.Task[None]] = set()

    def routes(self, app: web.Application) -> None:
        for host in ("", "/api.twilio.com"):
            account = f"{host}/2010-04-01/Accounts/{{account}}"
            app.router.add_post(f"{account}/Messages.json", self._create)
            app.router.add_get(f"{account}/Messages.json", self._list)
            app.router.add_get(f"{account}/Messages/{{sid}}.json", self._fetch)
            app.router.add_get(f"{account}/Messages/{{message}}/Media/{{sid}}", self._download)

    def refusal(self, fault: Fault) -> web.Response:
        if fault.do == "throttle":
            after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return refused(fault.code or 20429, fault.text, after)
        return refused(fault.code or 30008, fault.text)

    # -- what a test does --------------------------------------------------------------------------------------------

    def add_media(self, content: bytes, mime: str = "image/jpeg") -> str:
        """Media that a customer sent; its address, for MediaUrl0."""
        sid = self._sid("ME")
        self._media[sid] = (mime, content)
        return f"{self.base}/2010-04-01/Accounts/{self.account}/Messages/{self._sid('MM')}/Media/{sid}"

    def signature(self, url: str, form: Form) -> str:
        return str(RequestValidator(self.auth_token).compute_signature(url, MultiDict(form)))

    async def post(
        self, path: str, form: Form, *, signature: str | None = None, headers: Mapping[str, str] | None = None
    ) -> int:
        """Post a form to the gateway, signed for the public address of `path` (query and all, in its order).

        Gives the status, 0 where no answer came.
        """
        pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
        signed = {
            "X-Twilio-Signature": signature or self.signature(self.public + path, pairs),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        try:
            async with self.session.post(
                self.gateway + path, data=urlencode(pairs).encode(), headers={**signed, **(headers or {})}
            ) as response:
                status, body = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError) as why:
            status, body = 0, str(why)
        self.answers.append((path, status, body))
        return status

    async def push(self, form: Form, path: str = "/hooks/twilio/messages") -> int:
        """A customer's message: remembered for the message list whether or not the gateway takes it."""
        pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
        fields = dict(pairs)
        if fields.get("MessageSid") and not any(m["sid"] == fields["MessageSid"] for m in self.messages):
            self.messages.append(self._resource(fields["MessageSid"], "inbound", "received", MultiDict(pairs)))
        return await self.post(path, pairs)

    async def push_status(self, sid: str, status: str, code: int = 0, url: str = "") -> int:
        """What became of a message, to the StatusCallback it was sent with."""
        message = next((m for m in self.messages if m["sid"] == sid), None)
        form = {
            "SmsSid": sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message["to"] if message else "+10000000000",
            "MessageSid": sid,
            "AccountSid": self.account,
            "From": (message["from"] or "") if message else "+10000000001",
            "ApiVersion": "2010-04-01",
        }
        if form["To"].startswith("whatsapp:"):
            form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": form["To"]}
        if code:
            form |= {"ErrorCode": str(code), "ErrorMessage": MESSAGES.get(code, (0, "Unknown error"))[1]}
        if message:
            message |= {"status": status, "error_code": code or None, "date_updated": now_text()}
        url = (url or self._callbacks.get(sid, "/hooks/twilio/status")).split("#")[0]
        return await self.post(self._path(url), form)

    def _path(self, url: str) -> str:
        for base in (self.public, self.gateway):
            if base and url.startswith(base):
                return url.removeprefix(base)
        return re.sub(r"^https?://[^/]+", "", url)

    async def push_json(self, order: dict[str, Any]) -> dict[str, Any]:
        if "status" in order:
            return {"status": await self.push_status(order["sid"], order["status"], order.get("code", 0))}
        return {"status": await self.push(order["form"], order.get("path", "/hooks/twilio/messages"))}

    # -- what a client calls -----------------------------------------------------------------------------------------

    def _sid(self, prefix: str) -> str:
        self._next += 1
        return f"{prefix}{time.time_ns():020x}{self._next:012x}"

    def _authorised(self, request: web.Request) -> bool:
        wanted = base64.b64encode(f"{self.account}:{self.auth_token}".encode()).decode()
        given = request.headers.get("Authorization", "")
        return given == f"Basic {wanted}" and request.match_info["account"] == self.account

    def _resource(self, sid: str, direction: str, status: str, params: MultiDict[str]) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{sid}"
        media = len(params.getall("MediaUrl", [])) or int(params.get("NumMedia") or 0)
        return {
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": params.get("Body", ""),
            "date_created": now_text(),
            "date_sent": now_text() if direction == "inbound" else None,
            "date_updated": now_text(),
            "direction": direction,
            "error_code": None,
            "error_message": None,
            "from": params.get("From"),
            "messaging_service_sid": params.get("MessagingServiceSid"),
            "num_media": str(media),
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": params.get("To"),
            "uri": f"{uri}.json",
        }

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if not self._authorised(request):
            self.ledger.refuse("Messages.create", "", "unauthorised")
            return refused(20003)
        params: MultiDict[str] = MultiDict((k, str(v)) for k, v in (await request.post()).items())
        to = params.get("To", "")
        try:
            check(params)
        except RefusedError as why:
            self.ledger.refuse("Messages.create", to, f"{why.code} {why}")
            return refused(why.code, str(why))
        created: list[str] = []

        def accept(fault: Fault | None) -> dict[str, Any]:
            sid = self._sid("MM" if params.get("MediaUrl") else "SM")
            message = self._resource(sid, "outbound-api", "queued", params)
            kept = {k: v[0] if len(v) == 1 else v for k in params if (v := params.getall(k))}
            self.ledger.accept("Messages.create", request.path, to, params.get("Body", ""), kept, sid)
            before = self.messages[-1]["sid"] if self.messages else "SM" + "0" * 32
            self.messages.append(message)
            created.append(sid)
            if params.get("StatusCallback"):
                self._callbacks[sid] = params["StatusCallback"]
            if fault is not None and fault.do == "fail_later":
                self._report(sid, [("failed", fault.code or 30008)])
            elif self.statuses and sid in self._callbacks and not self.early:
                self._report(sid, [(status, 0) for status in self.statuses])
            shown = before if fault is not None and fault.value is None else (fault and fault.value)
            return message | {"sid": shown} if fault is not None and fault.do == "wrong_id" else dict(message)

        exempt = frozenset({63016}) if params.get("ContentSid") else frozenset[int]()
        answer = await self.conduct(request, "Messages.create", to, accept, exempt)
        if self.early and created and created[0] in self._callbacks:
            for status in self.statuses:
                await self.push_status(created[0], status)
        if answer.status == 200 and not answer.prepared:
            answer.set_status(201)
        return answer

    def _report(self, sid: str, statuses: list[tuple[str, int]]) -> None:
        async def report() -> None:
            for status, code in statuses:
                await asyncio.sleep(0.01)
                await self.push_status(sid, status, code)

        task = asyncio.get_running_loop().create_task(report())
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)

    async def stop(self) -> None:
        for task in list(self._reporting):
            task.cancel()
        await asyncio.gather(*self._reporting, return_exceptions=True)
        await super().stop()

    async def _list(self, request: web.Request) -> web.StreamResponse:
        """Newest first, filtered by To, From and DateSent (a day or an instant; `>` and `<` as Twilio spells them)."""
        if not self._authorised(request):
            return refused(20003)
        query = request.query
        found = [
            m
            for m in reversed(self.messages)
            if query.get("To", m["to"]) == m["to"]
            and query.get("From", m["from"]) == m["from"]
            and _sent_within(m, query)
        ]
        size, page = int(query.get("PageSize") or 50), int(query.get("Page") or 0)
        shown = found[page * size : (page + 1) * size]
        path = f"/2010-04-01/Accounts/{self.account}/Messages.json"
        following = urlencode({**query, "PageSize": size, "Page": page + 1})
        more = (page + 1) * size < len(found)
        body = {
            "messages": shown,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + len(shown) - 1,
            "uri": f"{path}?{request.query_string}",
            "first_page_uri": f"{path}?PageSize={size}&Page=0",
            "next_page_uri": f"{path}?{following}" if more else None,
            "previous_page_uri": None,
        }
        return await self.conduct(request, "Messages.list", "", self._seen(request, "Messages.list", body))

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        if not self._authorised(request):
            return refused(20003)
        sid = request.match_info["sid"]
        message = next((m for m in self.messages if m["sid"] == sid), None)
        if message is None:
            return refused(20404)
        return await self.conduct(request, "Messages.fetch", "", self._seen(request, "Messages.fetch", message))

    def _seen(self, request: web.Request, method: str, body: dict[str, Any]) -> Any:
        def accept(fault: Fault | None) -> dict[str, Any]:
            self.ledger.accept(method, request.path, "", "", dict(request.query), "")
            return body

        return accept

    async def _download(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return refused(20003)
        if self.media_redirect:
            return web.Response(status=307, headers={"Location": self.media_redirect})
        mime, content = self._media.get(request.match_info["sid"], ("", b""))
        return web.Response(body=content, content_type=mime) if mime else refused(20404)


def _sent_within(message: dict[str, Any], query: Mapping[str, str]) -> bool:
    sent = parsedate_to_datetime(message["date_sent"] or message["date_created"])

    def given(name: str, otherwise: datetime) -> datetime:
        at = datetime.fromisoformat(query[name]) if query.get(name) else otherwise
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    return given("DateSent>", sent) <= sent <= given("DateSent<", sent) and (
        sent.date() == given("DateSent", sent).date()
    )


def main() -> None:
    parser = arguments("Twilio's Messages API on loopback.")
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    parser.add_argument("--gateway", default="")
    parser.add_argument("--public", default="")
    given = parser.parse_args()
    asyncio.run(serve_until_ended(TwilioStandin(**vars(given))))


if __name__ == "__main__":
    main()
