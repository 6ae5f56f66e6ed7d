"""A call of the API as a typed function: its signature is what it takes, what is checked, and what the document says.

`ctx`, `who` and `request` are handed in; names in the path come from it; `body` is the JSON body; a parameter marked
with `Header` is one; all others are query parameters (`Query` names one that Python cannot), and no other is let through.
A parameter that is a record stands for a query parameter for each of its fields.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from gateway.api.context import CONTEXT
from gateway.api.errors import Refusal, invalid, json_response, not_found

Source = Literal["path", "query", "header", "body"]
Handler = Callable[..., Awaitable[Any]]
MOST_BODY = 256_000
WHO = web.RequestKey("who", object)


@dataclass(frozen=True, slots=True)
class Header:
    name: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter whose name no argument can have."""

    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with another status than 200, or with headers."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    """As the caller writes it."""
    argument: str
    source: Source
    adapter: TypeAdapter[Any]
    default: Any
    required: bool
    record: type | None = None
    """What it is a field of, which stands in the signature as `argument`."""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    handler: Handler
    params: tuple[Param, ...]
    given: frozenset[str]
    """Which of `ctx`, `who`, `request` the handler takes."""
    answer: Any
    """The type of what is answered, for the description; None: what a call of this kind always is."""
    status: int
    summary: str

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        arguments = await _arguments(self, request)
        answer = await self.handler(**arguments)
        if isinstance(answer, web.StreamResponse):
            return answer
        if isinstance(answer, Answer):
            return json_response(answer.body, answer.status, answer.headers)
        return json_response(answer, self.status)


class Calls(list[Call]):
    """The calls of one module, in order."""

    def on(self, method: str, path: str, *, status: int = 200) -> Callable[[Handler], Handler]:
        def note(handler: Handler) -> Handler:
            self.append(_read(method, path, handler, status))
            return handler

        return note


_GIVEN = frozenset({"ctx", "who", "request"})


def _read(method: str, path: str, handler: Handler, status: int) -> Call:
    hints = get_type_hints(handler, include_extras=True)  # the extras are the limits
    answer = hints.pop("return", None)
    params = tuple(
        param
        for name, one in inspect.signature(handler).parameters.items()
        if name not in _GIVEN
        for param in (
            _fields(name, hints[name])
            if is_dataclass(hints[name]) and name != "body"
            else [_param(name, hints[name], one, path)]
        )
    )
    shaped = answer is not None and answer is not type(None) and not _is_response(answer)
    summary = (inspect.getdoc(handler) or "").split("\n", 1)[0]
    return Call(
        method, path, handler, params, _GIVEN & set(hints), answer if shaped else None, status, summary
    )  # fmt: skip


def _is_response(answer: Any) -> bool:
    return answer is Answer or (isinstance(answer, type) and issubclass(answer, web.StreamResponse))


def _param(name: str, hint: Any, one: inspect.Parameter, path: str) -> Param:
    required = one.default is inspect.Parameter.empty
    source: Source = "path" if "{" + name + "}" in path else "body" if name == "body" else "query"
    spelled = name
    if get_origin(hint) is Annotated:
        named = next((extra for extra in get_args(hint)[1:] if isinstance(extra, Header | Query)), None)
        if named is not None:
            source, spelled = "header" if isinstance(named, Header) else "query", named.name
    return Param(spelled, name, source, TypeAdapter(hint), None if required else one.default, required)


def _fields(argument: str, record: Any) -> list[Param]:
    hints = get_type_hints(record, include_extras=True)
    made = []
    for one in fields(record):
        default = inspect.Parameter.empty if one.default is MISSING else one.default
        like = inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=default)
        made.append(
            replace(_param(one.name, hints[one.name], like, ""), argument=argument, record=record, attribute=one.name)
        )
    return made


async def _arguments(call: Call, request: web.Request) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if "ctx" in call.given:
        arguments["ctx"] = request.app[CONTEXT]
    if "who" in call.given:
        arguments["who"] = request[WHO]
    if "request" in call.given:
        arguments["request"] = request
    _only_known(call, request)
    records: dict[str, tuple[type, dict[str, Any]]] = {}
    for param in call.params:
        match param.source:
            case "path":
                arguments[param.argument] = _from_path(param, request)
            case "query" if param.record is not None:
                found = _from_text(param, request.query.get(param.name))
                records.setdefault(param.argument, (param.record, {}))[1][param.attribute] = found
            case "query":
                arguments[param.argument] = _from_text(param, request.query.get(param.name))
            case "header":
                arguments[param.argument] = _from_text(param, request.headers.get(param.name))
            case "body":
                arguments[param.argument] = await _from_body(param, request)
    return arguments | {name: record(**values) for name, (record, values) in records.items()}


def _only_known(call: Call, request: web.Request) -> None:
    known = {param.name for param in call.params if param.source == "query"}
    for name in request.query:
        if name not in known:
            raise invalid(name[:100], "there is no such parameter")
        if len(request.query.getall(name)) > 1:
            raise invalid(name, "must be given once")


def _from_path(param: Param, request: web.Request) -> Any:
    try:
        return param.adapter.validate_python(request.match_info[param.name])
    except ValidationError:
        raise not_found() from None


def _from_text(param: Param, value: str | None) -> Any:
    if value is None:
        if param.required:
            raise invalid(param.name, "is needed")
        return param.default
    try:
        return param.adapter.validate_python(value)
    except ValidationError as wrong:
        raise invalid(param.name, _said(wrong)) from None


async def _from_body(param: Param, request: web.Request) -> Any:
    raw = await read_body(request)
    if not raw and not param.required:
        return param.default
    if raw and request.content_type != "application/json":
        raise Refusal(415, "unsupported", "send application/json")
    try:
        found = param.adapter.validate_json(raw or b"{}")  # nothing at all lacks the same fields
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise Refusal(400, "bad_json", first["msg"]) from None
        raise invalid(_field(first["loc"]), _said(wrong)) from None
    _no_key_twice(raw or b"{}")
    return found


def _no_key_twice(raw: bytes) -> None:
    """Of a key that stands twice, one reader takes the first value and another the last: nobody knows what was meant.

    What comes here is JSON that was read already, and so is no deeper than it may be.
    """

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(name for n, (name, _) in enumerate(pairs) if any(name == other for other, _ in pairs[:n]))
            raise Refusal(400, "bad_json", f"the key {twice[:100]!r} stands twice in one table")
        return found

    json.loads(raw, object_pairs_hook=table)


def _field(at: tuple[int | str, ...]) -> str:
    """The field's name; inside a table also the key. What lies deeper is how a type is made, not the caller's word."""
    deep = 2 if at and at[0] in ("contact", "fields", "variables") else 1
    return ".".join(str(step) for step in at[:deep])[:100] or "body"


def _said(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_input=False)[0]
    if first["type"] in ("string_too_short", "too_short") and first.get("ctx", {}).get("min_length") == 1:
        return "must not be empty"
    return str(first["msg"]).removeprefix("Value error, ")


async def read_body(request: web.Request) -> bytes:
    """The whole body, as sent; 413 past the API's own limit."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Refusal(415, "unsupported", "send it uncompressed")
    kept = bytearray()
    async for piece in request.content.iter_any():
        kept += piece
        if len(kept) > MOST_BODY:
            raise Refusal(413, "too_large", f"a body has at most {MOST_BODY} bytes")
    return bytes(kept)
