"""The plain doors: forms, calls, other messengers and the shop's own systems, as simple JSON with a bearer token.

They follow the rule of every channel: durable before 2xx, the same id twice has one effect, and what a shop's own
system sends may lead to a contact by phone or e-mail, though it proves neither.
"""

import hmac
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from bots.kit.events import Media, MediaKind
from gateway.channels import payload
from gateway.events import CallEnded, Event, FormSubmitted, Ignored, MessageReceived, Received, Sender, Unusable
from gateway.intake import Intake
from gateway.points import phone_of
from gateway.shop_hooks import CHANNEL_OF, TOLD
from state.database import Unavailable

log = structlog.get_logger()

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MINUTE_MS: Final = 60_000
_KINDS: Final[tuple[MediaKind, ...]] = ("photo", "document", "voice", "audio", "video", "sticker")
_ALSO: Final = {
    "image": "photo", "picture": "photo", "file": "document", "audio/ogg": "voice", "audio/opus": "voice", "audio/amr": "voice",
}  # fmt: skip
"""What other systems call them, media types besides."""
_NOT_JSON: Final = "not_json"
_MARKS: Final = ("referrer", "referer", "page")
_LONGEST_MARK: Final = 512
_MOST_FIELDS: Final = 400
_CHARSETS: Final = ("utf-8", "windows-1251", "koi8-r")
_RESERVED: Final = (
    "telegram",
    "whatsapp",
    "sms",
    "web",
    "parley",
    "form",
    "phone",
    "email",
    "mail",
    *CHANNEL_OF.values(),
)


class PlainHooks:
    def __init__(self, intake: Intake, token: str, form_key: str, region: str) -> None:
        self.intake = intake
        self._token = token
        self._form_key = form_key
        self._region = region
        self._lately: dict[str, tuple[int, str]] = {}
        """Posts without an id of the last minute: when they came first, and the key they were kept under."""
        self.denied = 0
        """How many were turned away, for the metrics."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/hooks/forms/{form}", self.form),
            web.post("/hooks/calls", self.call),
            web.post("/hooks/messages/{source}", self.message),
            *(web.post(f"/hooks/{what}", self.told) for what in TOLD),
        ]

    # -- doors -------------------------------------------------------------------------------------------------------

    async def form(self, request: web.Request) -> web.Response:
        name = request.match_info["form"]
        data, raw = await _read(request)
        sent = data.get("form_key", "") if isinstance(data, dict) else ""
        key = request.headers.get("X-Form-Key", "") or str(sent)
        if not (self._bearer(request) or _same(key, self._form_key)):
            return self._deny(request)
        if isinstance(data, dict):
            data.pop("form_key", None)
        return await self._keep("form", name, data, raw, lambda d: _form(name, d, self._region))

    async def call(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return self._deny(request)
        data, raw = await _read(request)
        return await self._keep("phone", "calls", data, raw, lambda d: _call(d, self._region))

    async def message(self, request: web.Request) -> web.Response:
        if not self._bearer(request):
            return self._deny(request)
        source = request.match_info["source"]
        if source in _RESERVED:
            return _unknown()
        data, raw = await _read(request)
        return await self._keep(source, "hook", data, raw, lambda d: _message(source, d, self._region))

    async def told(self, request: web.Request) -> web.Response:
        """Orders, payments, parcels, visits."""
        if not self._bearer(request):
            return self._deny(request)
        what = request.path.rpartition("/")[2]
        data, raw = await _read(request)
        return await self._keep(
            CHANNEL_OF[what], what, data, raw,
            lambda d: TOLD[what](d, self._region) if d.get("id") not in (None, "") else Unusable("no_id"),
        )  # fmt: skip

    # -- what they share ---------------------------------------------------------------------------------------------

    def _bearer(self, request: web.Request) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and _same(given.strip(), self._token)

    def _deny(self, request: web.Request) -> web.Response:
        self.denied += 1
        log.warning("hook_denied", path=request.path)
        return web.json_response({"error": {"code": "unauthorized", "message": "a bearer token is needed"}}, status=401)

    async def _keep(
        self, channel: str, account: str, data: dict[str, Any] | str, raw: bytes, read: Any
    ) -> web.Response:
        if not (_NAME.fullmatch(channel) and _NAME.fullmatch(account)):
            return _unknown()
        meaning: Event | Ignored | Unusable = Unusable(data) if isinstance(data, str) else read(data)
        key = _id(data["id"]) if isinstance(data, dict) and data.get("id") not in (None, "") else ""
        if key and isinstance(meaning, CallEnded) and meaning.not_a_customer:
            key = f"{key}:stranger"  # it was told of before, perhaps, when nobody had listened to it yet
        if not key:
            key = payload.fingerprint(raw)
            if not isinstance(meaning, Unusable):
                key = self._key_of_the_minute(f"{account}:{key}", key)
        try:
            answers = await self.intake.accept(channel, account, [Received(key, meaning, raw)])
        except Unavailable:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if answers[0] == "new" and isinstance(meaning, Unusable):
            return web.json_response({"status": "quarantined", "reason": meaning.reason})
        return web.json_response({"status": "accepted" if answers[0] == "new" else "duplicate"})

    def _key_of_the_minute(self, same: str, fingerprint: str) -> str:
        """The same bytes within a minute are a form that was sent twice, later on they are another inquiry.

        Minutes of the clock serve all processes; who posts on both sides of a full one is remembered here.
        """
        now = self.intake.clock.now()
        while self._lately and (oldest := next(iter(self._lately.items())))[1][0] <= now - _MINUTE_MS:
            del self._lately[oldest[0]]
        return self._lately.setdefault(same, (now, f"{fingerprint}.{now // _MINUTE_MS}"))[1]


def _id(value: object) -> str:
    """As it came; a long one by its fingerprint, so that two which differ only in their end stay two."""
    spelled = payload.text(str(value))
    return spelled if len(spelled) <= 200 else payload.fingerprint(spelled.encode())


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def _unknown() -> web.Response:
    return web.json_response({"error": {"code": "not_found", "message": "no such source"}}, status=404)


async def _read(request: web.Request) -> tuple[dict[str, Any] | str, bytes]:
    """The fields of a JSON object or a form post; or why there are none to be read."""
    raw = await request.read()
    if request.content_type == "application/x-www-form-urlencoded":
        fields = _fields(raw, (request.charset or "").lower())
        return (_NOT_JSON if fields is None else fields), raw
    if request.content_type == "multipart/form-data":
        return _NOT_JSON, raw
    value, why = payload.read_json(raw)
    if isinstance(value, dict):
        return value, raw
    return (_NOT_JSON if why else "not_an_object"), raw


def _fields(raw: bytes, charset: str) -> dict[str, Any] | None:
    """A form post's fields. The server's own reader raises at a charset it does not know, and believes any that it does."""
    charset = charset if charset in _CHARSETS else "utf-8"
    try:
        pairs = parse_qsl(raw.decode(charset, "replace"), True, encoding=charset, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    return {payload.text(k): payload.text(v) for k, v in pairs}


def _seconds(said: Any) -> int | None:
    """Whole ones, spelled in digits or not; none where it is not said. None: it is no length of time."""
    if isinstance(said, float) and 0 <= said < 2**31:
        return int(said)
    return payload.whole(0 if said in (None, "") else said, 0, 2**31 - 1)


# -- translations ----------------------------------------------------------------------------------------------------


def _form(form: str, data: Mapping[str, Any], region: str) -> Event | Unusable:
    phone, email = phone_of(data.get("phone"), region), payload.email(data.get("email"))
    name = payload.name(data.get("name"))
    extra = data.get("fields") if isinstance(data.get("fields"), dict) else {}
    fields = {k: v for k, v in data.items() if k not in ("id", "fields")} | (extra or {})
    kept = {payload.text(str(k))[:60]: _cut(str(k).lower(), _plain(v)) for k, v in list(fields.items())[:60]}
    kept = {k: v for k, v in kept.items() if v != ""}
    if not kept:
        return Unusable("empty_form")
    address = phone or email or f"anonymous:{payload.text(str(data.get('id') or uuid.uuid4().hex))[:80]}"
    return FormSubmitted(Sender("form", form, address, name, phone, email), form, kept)


def _cut(name: str, value: Any) -> Any:
    """Where a customer came from is written by other sites: a mark, not a text."""
    mark = isinstance(value, str) and (name in _MARKS or name.startswith("utm_"))
    return value[:_LONGEST_MARK] if mark else value


def _plain(value: Any) -> Any:
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    if isinstance(value, str):
        return payload.text(value)[:4000]
    if isinstance(value, list):
        return [str(_plain(v)) for v in value[:50] if not isinstance(v, dict | list)]
    return ""


def _call(data: Mapping[str, Any], region: str) -> Event | Ignored | Unusable:
    if data.get("id") in (None, ""):
        return Unusable("no_id")
    phone = phone_of(data.get("phone"), region)
    if not phone:
        return Unusable("bad_phone")
    status, direction = data.get("status"), data.get("direction", "in")
    if status not in ("missed", "answered") or direction not in ("in", "out"):
        return Unusable("bad_status")
    duration, marked = _seconds(data.get("duration_s")), data.get("not_a_customer")
    stranger = payload.truth(False if marked in (None, "") else marked)
    if duration is None:
        return Unusable("bad_duration")
    if stranger is None:
        return Unusable("bad_not_a_customer")
    recording = payload.text(data.get("recording_url"))[:1000]
    return CallEnded(
        Sender("phone", "calls", phone, payload.name(data.get("name")), phone), status, direction,
        duration, recording if recording.startswith("https://") else "", payload.text(data.get("manager"))[:200], stranger,
    )  # fmt: skip


def _message(source: str, data: Mapping[str, Any], region: str) -> Event | Unusable:
    who = data.get("from")
    if data.get("id") in (None, ""):
        return Unusable("no_id")
    if not isinstance(who, dict) or who.get("id") in (None, ""):
        return Unusable("no_sender")
    address = _id(who["id"])
    files = data.get("media") if isinstance(data.get("media"), list) else []
    media = tuple(
        Media(_kind(m.get("type")), payload.text(m.get("url"))[:2000])
        for m in (files or [])[:20]
        if isinstance(m, dict) and isinstance(m.get("url"), str)
    )
    text = payload.text(data.get("text"))[:20_000]
    if not text and not media:
        return Unusable("empty_message")
    sender = Sender(source, "hook", address, payload.name(who.get("name")), phone_of(who.get("phone"), region))
    return MessageReceived(sender, text, media, message_id=_id(data["id"]))


def _kind(given: Any) -> MediaKind:
    """Ours, by our name, another's, or a media type; whatever else it is is a document."""
    said = payload.text(given).partition(";")[0].strip().lower()
    family = said.partition("/")[0]
    name = _ALSO.get(said) or _ALSO.get(family, family)
    return next((kind for kind in _KINDS if kind == name), "document")
