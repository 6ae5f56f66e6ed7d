"""The values that callers may send, each with its limits. What passes here can be stored on both databases.

Query values arrive as text and bodies as JSON; a type here accepts exactly what its JSON Schema says and nothing else.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from gateway.clock import Instant
from gateway.refusals import is_seen

MOST: Final = 2**63 - 1
_DIGITS: Final = re.compile(r"-?[0-9]{1,19}")
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNKEEPABLE: Final = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Without what one of the databases cannot keep: NUL and lone halves of characters."""
    return _UNKEEPABLE.sub("", text)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise ValueError("must be a whole number")
        return int(value)
    return value


def _flag(value: Any) -> Any:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def moment(value: Any) -> Instant:
    """RFC 3339 with its zone → ms since 1970 UTC."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be a moment like 2026-01-31T12:00:00Z")
    at = (datetime.fromisoformat(value.upper()) - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= at < 253_402_300_800_000:
        raise ValueError("must be between the years 1970 and 9999")
    return at


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day like 2026-01-31")
    return date.fromisoformat(value)


def _not_whole(value: Any) -> Any:
    if isinstance(value, int):
        raise ValueError(f"must be a whole number of at most {MOST}, or a fraction")  # noqa: TRY004 - pydantic's way to say no
    return value


def _not_blank(text: str) -> str:
    if not is_seen(text):
        raise ValueError("must not be empty")
    return text


Id = Annotated[int, Field(ge=0, le=MOST), BeforeValidator(_whole)]
Limit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[int, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Cursor = Annotated[str, Field(max_length=200)]
Sought = Annotated[str, AfterValidator(clean), AfterValidator(lambda q: q.strip()[:200])]
"""Looked for literally; what is longer than 200 characters is cut."""
Word = Annotated[str, AfterValidator(clean), Field(max_length=100)]
Line = Annotated[str, AfterValidator(clean), Field(max_length=500)]
Words = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=10_000), AfterValidator(_not_blank)]

_Scalar = (
    Annotated[str, AfterValidator(clean), Field(max_length=4_000)]
    | Annotated[int, Field(ge=-MOST, le=MOST)]
    | (Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_not_whole)] | bool | None)
)
FieldValue = _Scalar | Annotated[list[_Scalar], Field(max_length=100)]
Fields = Annotated[
    dict[Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=64)], FieldValue],
    Field(
        max_length=100,
        description=(
            "By name; what the playbook declares takes values of its kind, and what can be said in several ways is kept in one. "
            "money: hundredths as a whole number, or a text as people write it ('3 500,50'), no number with a fraction. date: 2026-03-20, 20.03.2026, with an "
            "hour 2026-03-20 18:00. choice: one of the labels, in any case of letters. Empty or null empties any."
        ),
    ),
]


class Body(BaseModel):
    """A JSON body: only what is listed, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
