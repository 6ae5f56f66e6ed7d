"""The API's own description, OpenAPI 3.1, made from the same signatures that check what comes in."""

import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from gateway.api.calls import Call
from gateway.api.policy import policy_of
from gateway.spreadsheets import XLSX

_REF = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": "string"},
                "findings": {"type": "array"},
                "changes": {"type": "array"},
                "diff": {"type": "string"},
                "current": {},
                "contact": {"type": ["integer", "null"]},
            },
        }
    },
}
_FILES = {"/audit/export.xlsx": XLSX, "/audit/export.csv": "text/csv"}
_REFUSALS = {
    "400": "Cut or malformed", "401": "No valid token", "403": "Not for your role", "404": "Not there, or not for you",
    "405": "Not with this method", "409": "Somebody was quicker; `current` is how it is now",
    "413": "Too large", "415": "Not JSON", "422": "A value that cannot be; `field` names it (a deal's own as `fields.budget`), `message` says what is wanted", "501": "Not there yet", "502": "Whoever keeps it does not answer", "503": "Busy; ask again",
}  # fmt: skip


def document(calls: list[Call]) -> dict[str, Any]:
    """The whole OpenAPI document for these calls."""
    schemas, definitions = _schemas(calls)
    paths: dict[str, dict[str, Any]] = {}
    for number, call in enumerate(calls):
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(number, call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": "1", "description": "Deals, timelines, tasks and live changes."},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {**definitions, "Error": _ERROR},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "parley"},
            },
        },
    }


def _schemas(calls: list[Call]) -> tuple[dict[Any, Any], dict[str, Any]]:
    inputs: list[tuple[Any, JsonSchemaMode, Any]] = []
    for number, call in enumerate(calls):
        inputs += [((number, param.name), "validation", param.adapter.core_schema) for param in call.params]
        if call.answer is not None:
            inputs.append(((number, ""), "serialization", TypeAdapter(call.answer).core_schema))
    made, definitions = GenerateJsonSchema(ref_template=_REF).generate_definitions(inputs)
    return {key: schema for (key, _), schema in made.items()}, {str(name): one for name, one in definitions.items()}


def _operation(number: int, call: Call, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.handler.__name__,
        "summary": call.summary,
        "x-roles": sorted(policy_of(call).roles),
        "parameters": [
            {
                "name": p.name,
                "in": p.source,
                "required": p.required or p.source == "path",
                "schema": _plain(schemas[number, p.name]),
            }
            for p in call.params
            if p.source != "body"
        ],
        "responses": _responses(number, call, schemas),
    }
    for param in call.params:
        if param.source == "body":
            content = {"application/json": {"schema": _plain(schemas[number, param.name])}}
            operation["requestBody"] = {"required": param.required, "content": content}
    return operation


def _responses(number: int, call: Call, schemas: dict[Any, Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
    responses: dict[str, Any] = {status: {"description": said, "content": error} for status, said in _REFUSALS.items()}
    if call.path == "/events":
        good: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif call.path in _FILES:
        good = {_FILES[call.path]: {"schema": {"type": "string", "format": "binary"}}}
    elif call.path.endswith("/csv"):
        good = {"text/csv": {"schema": {"type": "string"}}}
    elif call.path.endswith("/media/{n}"):
        good = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    elif call.answer is not None:
        good = {"application/json": {"schema": schemas[number, ""]}}
    else:
        good = {"application/json": {"schema": {"$ref": _REF.format(model="DealShape")}}}
    responses[str(call.status)] = {"description": "Done", "content": good}
    return responses


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is not null: callers cannot write null in a query."""
    options = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if "anyOf" not in schema:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**options[0], **rest} if len(options) == 1 else {**rest, "anyOf": options}


def path_for_router(path: str) -> str:
    """`{deal_id}` as the router takes it: whatever is there, the value's own type says whether it can be."""
    return re.sub(r"\{(\w+)\}", r"{\1:[^{}/]+}", path)
