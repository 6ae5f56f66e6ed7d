"""JSON Schemas of scripts and playbooks, for editors: made from the same tables of keys that the compiler reads by.

They tell words and shapes, so that an editor completes and underlines; what steps and fields exist, only the linter knows.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bots.kit.asking import ANSWER_KEYS, CHOICE_KEYS, OWN_KEYS
from bots.kit.checking import AUDIT_KEYS, CHECK_KEYS, SEVERITIES, WHATS
from bots.kit.checking import STATES as DEAL_STATES
from bots.kit.compiler import SCRIPT_KEYS
from bots.kit.conditions import BARE, COMPARING
from bots.kit.criteria import OPERATORS
from bots.kit.duties import KIND_KEYS, OVERDUE_KEYS, WITH_STAGE
from bots.kit.field_table import FIELD_KEYS
from bots.kit.field_table import KINDS as FIELD_KINDS
from bots.kit.finishes import CALL_KEYS, LEAVE_KEYS, WAIT_KEYS
from bots.kit.funnels import CLOSING_KEYS, FUNNEL_KEYS, STAGE_KEYS
from bots.kit.languages import known_languages
from bots.kit.opening import HOLIDAYS_KEYS, HOURS_KEYS
from bots.kit.script import KINDS
from bots.kit.sections import (
    ENDPOINT_KEYS,
    GUARD_KEYS,
    LIKENESS,
    LIKENESS_KEYS,
    PLAYBOOK_KEYS,
    SOURCE_KEYS,
    TEXTS,
)
from bots.kit.shipping import CARRIERS, SHIPPING_KEYS
from bots.kit.staffing import HOWS, MEMBER_KEYS, RULE_KEYS
from bots.kit.starts import BOT_KEYS, CLARIFICATION_KEYS, TRIGGERS, WHENS
from bots.kit.steps import STEP_KEYS, TASK_KEYS
from bots.kit.template_table import APPROVAL_KEYS, MOST_FILES
from bots.kit.template_table import TEMPLATE_KEYS as PREPARED_KEYS
from bots.kit.templates import STATES
from bots.kit.waiting import CHANNELS, LIMIT_KEYS, REMINDER_KEYS, TEMPLATE_KEYS, WAITING_KEYS
from bots.robots.acting import ACTIONS
from bots.robots.acting import TASK_KEYS as GIVEN_KEYS
from bots.robots.reading import ROBOT_KEYS, TRIGGER_KEYS

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = r"^[^\W\d][\w-]{0,63}$"
_LENGTH = r"^\s*(\d{1,6}\s*[smhd]\s*)+$"
_SPAN = r"^\s*(\d{1,6}\s*[smhd]\s*)+( working\s*)?$"
_CLOCK = r"^([01]?\d|2[0-4]):[0-5]\d$"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_A_SPAN: Schema = {
    "type": "string",
    "pattern": _SPAN,
    "description": "30m, 1d 12h: any time. 2h working: hours in which the calendar is open. 3d working: days on which it opens.",
}
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
"""YAML's editors take `yes` and `12` for more than text; the compiler takes every scalar for what was written."""
_LIST_OF_NAMES: Schema = {"type": "array", "items": _ref("name")}
_TEXTS: Schema = {"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}

_OF_KEYS: Mapping[str, Schema] = {
    "set": {"type": "object", "additionalProperties": SCALAR},
    "tag": _TEXTS,
    "move": _ref("name"),
    "note": SCALAR,
    "task": {"anyOf": [SCALAR, _ref("task")]},
    "say": _ref("text"),
    "template": {"anyOf": [_ref("name"), _ref("template")]},
    "ask": _ref("text"),
    "check": {"type": "array", "items": _ref("case")},
    "wait": {"anyOf": [_ref("span"), _ref("wait")]},
    "split": {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100}},
    "call": {"anyOf": [_ref("name"), _ref("call")]},
    "run": _ref("name"),
    "hand_off": _ref("hand_off"),
    "end": _ref("name"),
    "choices": {"type": "object", "additionalProperties": _ref("choice")},
    "answer": _ref("answer"),
    "save": _ref("name"),
    "hint": _ref("text"),
    "tries": {"type": "integer", "minimum": 0, "maximum": 20},
    "gather": _ref("length"),
    "patience": _ref("length"),
    "remind": {"type": "array", "maxItems": 5, "items": _ref("reminder")},
    "close": _ref("name"),
    **dict.fromkeys(("silence", "person", "not_understood", "media", "message", "else", "failed", "timeout", "then"), _ref("name")),
}  # fmt: skip
"""What stands behind each key of a step and of a question."""


def _table(keys: Iterable[str], of: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    shape: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: of.get(key, SCALAR) for key in keys},
    }
    if required:
        shape["required"] = list(required)
    return shape


_ANY: Schema = {"type": "object"}
_DEEDS: Mapping[str, Schema] = {
    "task": {"anyOf": [SCALAR, _table(GIVEN_KEYS, {"due": _ref("span"), "ends": {"const": WITH_STAGE}}, ["text"])]},
    "set": _ref("set"),
}
"""What robots do, where more is known of it than that it is a text or a table."""
_DO: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {word: _DEEDS.get(word, {"anyOf": [SCALAR, _ANY]}) for word in ACTIONS},
    },
}

_SET: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": {
        "anyOf": [
            SCALAR,
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"from": _ref("name"), **dict.fromkeys(("in", "before"), _ref("length"))},
                "oneOf": [{"required": ["in"]}, {"required": ["from", "before"]}],
            },
        ]
    },
}
"""A value, or a date so long after now or after another date."""


def _shared() -> dict[str, Schema]:
    number: Schema = {"type": "integer"}
    own: Mapping[str, Schema] = {
        "min": number,
        "max": number,
        "past": SCALAR,
        "first": SCALAR,
        "list": _TEXTS,
        "match": SCALAR,
    }
    answers: dict[str, Schema] = {
        kind: _table((*ANSWER_KEYS, *OWN_KEYS.get(kind, ())), {**own, "save": _ref("name"), "then": _ref("name")})
        for kind in KINDS
    }
    compared: Schema = {"anyOf": [{"enum": list(BARE)}, _TEXTS, _table(OPERATORS, dict.fromkeys(COMPARING, _TEXTS))]}
    until: Schema = {"anyOf": [{"type": "string", "pattern": _CLOCK}, _ref("name")]}
    return {
        "name": {"type": ["string", "boolean"], "pattern": _NAME},
        "length": {"type": "string", "pattern": _LENGTH},
        "span": _A_SPAN,
        "text": {"anyOf": [SCALAR, {"type": "object", "additionalProperties": {"anyOf": [SCALAR, {"type": "object", "additionalProperties": SCALAR}]}}]},
        "task": _table(TASK_KEYS, {"ends": {"const": WITH_STAGE}, "due": _ref("span"), "calendar": _ref("name"), "show": _LIST_OF_NAMES}, ["text"]),
        "template": _table(TEMPLATE_KEYS, {"name": _ref("name"), "values": {"type": "array", "items": SCALAR}, "else": {"enum": ["task", "skip"]}}, ["name"]),
        "case": {"type": "object", "properties": {"then": _ref("name")}, "additionalProperties": compared},
        "wait": _table(WAIT_KEYS, {"for": _ref("span"), "until": until, "before": _ref("length"), "calendar": _ref("name")}),
        "call": _table(CALL_KEYS, {"send": _LIST_OF_NAMES, "keep": {"type": "object", "additionalProperties": _ref("name")}, "patience": _ref("length")}, ["endpoint"]),
        "hand_off": _table(LEAVE_KEYS, {"show": _LIST_OF_NAMES, "ends": {"const": WITH_STAGE}}, ["task"]),
        "choice": _table(CHOICE_KEYS, {"label": _ref("text"), "words": _TEXTS, "then": _ref("name")}, ["label"]),
        "answer": _table(KINDS, answers),
        "reminder": _table(REMINDER_KEYS, {"after": _ref("length"), "say": _ref("text"), "template": _OF_KEYS["template"]}, ["after", "say"]),
    }  # fmt: skip


def script_schema() -> Schema:
    """What an editor needs to know of a script."""
    titles: Schema = {"type": "object", "additionalProperties": SCALAR}
    of: dict[str, Schema] = {
        **{key: _OF_KEYS[key] for key in WAITING_KEYS},
        "language": {"enum": list(known_languages())},
        "languages": {"type": "array", "items": SCALAR},
        "fields": titles,
        "texts": {"type": "object", "additionalProperties": _ref("text")},
        "steps": {"type": "object", "minProperties": 1, "additionalProperties": _ref("step")},
    }
    return {
        "$schema": _DIALECT,
        "title": "A script: what a bot says and asks",
        **_table(SCRIPT_KEYS, of, ["steps"]),
        "$defs": {**_shared(), "step": _table(STEP_KEYS, _OF_KEYS)},
    }


def playbook_schema() -> Schema:
    """What an editor needs to know of a playbook."""
    titles: Schema = {"type": "object", "additionalProperties": SCALAR}

    def tables(keys: Iterable[str], of: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
        return {"type": "object", "additionalProperties": _table(keys, of, required)}

    hours = _table(
        HOURS_KEYS,
        {
            "week": {"type": "object", "additionalProperties": _TEXTS},
            "except": {"type": "object", "additionalProperties": _TEXTS},
            "holidays": {"anyOf": [SCALAR, _table(HOLIDAYS_KEYS, {}, ["country"])]},
        },
    )
    approval: Schema = {
        "anyOf": [
            SCALAR,
            _table(
                APPROVAL_KEYS, {"state": {"enum": list(STATES)}, "values": {"type": "array", "items": SCALAR}}, ["id"]
            ),
        ]
    }
    approvals = {"anyOf": [*approval["anyOf"], _table(known_languages(), dict.fromkeys(known_languages(), approval))]}
    attach: Schema = {"anyOf": [SCALAR, {"type": "array", "maxItems": MOST_FILES, "items": SCALAR}]}
    prepared: dict[str, Schema] = {
        "text": _ref("text"), "subject": _ref("text"), "attach": attach, **dict.fromkeys(CHANNELS, approvals),
    }  # fmt: skip
    span = _A_SPAN
    robots = tables(
        ROBOT_KEYS,
        {"in": span, "every": _ref("length"), "before": _ref("length"), "if": _ref("case"), "do": _ref("do")},
        ["do"],
    )
    parts: dict[str, Schema] = {"age": span, "late if": _ref("case"), "required": _TEXTS, "robots": robots}
    closing: Schema = {"anyOf": [SCALAR, _table(CLOSING_KEYS, parts)]}
    stages: Schema = {"type": "object", "additionalProperties": {"anyOf": [SCALAR, _table(STAGE_KEYS, parts)]}}
    check = _table(
        CHECK_KEYS,
        {
            "severity": {"enum": list(SEVERITIES)}, "what": {"enum": list(WHATS)}, "state": {"enum": list(DEAL_STATES)}, "missing": _TEXTS,
            "if": _ref("case"), "older": span, "within": _ref("length"), "at": _ref("name"), "funnels": _TEXTS, "stages": _TEXTS, "kind": _ref("name"),
        },
    )  # fmt: skip
    triggers = tables(TRIGGER_KEYS, {"from": _TEXTS, "if": _ref("case"), "do": _ref("do")}, ["on", "do"])
    of: dict[str, Schema] = {
        "language": {"enum": list(known_languages())},
        "funnels": tables(
            FUNNEL_KEYS,
            {"stages": stages, "calendar": _ref("name"), "won": closing, "lost": closing, "triggers": triggers},
            ["stages", "won", "lost"],
        ),
        "shipping": _table(CARRIERS, dict.fromkeys(CARRIERS, _table(SHIPPING_KEYS, {"weight": {"type": "integer"}}))),
        "idle": _ref("length"),
        "task_kinds": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [SCALAR, _table(KIND_KEYS, {"due": span})]
            },
        },
        "overdue": _table(OVERDUE_KEYS, {"remind": span, "after": span}),
        "team": {"type": "object", "additionalProperties": {"anyOf": [SCALAR, _table(MEMBER_KEYS, {"groups": _TEXTS})]}},
        "assign": tables(RULE_KEYS, {"how": {"enum": list(HOWS)}, "among": _TEXTS, "act": span}),
        "fields": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [SCALAR, _table(FIELD_KEYS, {"kind": {"enum": list(FIELD_KINDS)}, "choices": _TEXTS})]
            },
        },
        "bots": tables(
            BOT_KEYS,
            {"on": {"enum": list(TRIGGERS)}, "within": _ref("length"), "after": _ref("length"), "when": {"enum": list(WHENS)}},
        ),
        "clarifications": tables(CLARIFICATION_KEYS, {}, ["title", "script"]),
        "about": titles,
        "sources": tables(SOURCE_KEYS, {}),
        "reasons": titles,
        "loop_guard": _table(GUARD_KEYS, {key: {"type": "integer", "minimum": 0} for key in GUARD_KEYS}),
        "duplicates": _table(LIKENESS_KEYS, {key: {"enum": list(LIKENESS)} for key in LIKENESS_KEYS}),
        "checks": {"type": "object", "additionalProperties": {"anyOf": [{"const": "no"}, {"const": False}, check]}},
        "audit": _table(AUDIT_KEYS, {"at": {"type": "string", "pattern": _CLOCK}}),
        "texts": _table(TEXTS, {}),
        "hours": hours,
        "calendars": {"type": "object", "additionalProperties": hours},
        "asks": _table(LIMIT_KEYS, {key: _OF_KEYS[key] for key in LIMIT_KEYS}),
        "templates": tables(PREPARED_KEYS, prepared, ["text"]),
        "endpoints": tables(ENDPOINT_KEYS, {"send": _LIST_OF_NAMES, "keep": _LIST_OF_NAMES, "timeout": _ref("length")}, ["url"]),
    }  # fmt: skip
    used = ("name", "length", "span", "text", "template", "reminder", "case")
    return {
        "$schema": _DIALECT,
        "title": "A playbook: one business as data",
        **_table(PLAYBOOK_KEYS, of, ["funnels"]),
        "$defs": {**{name: shape for name, shape in _shared().items() if name in used}, "do": _DO, "set": _SET},
    }
