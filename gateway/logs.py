"""Structured logs: one JSON line an event, and no secret in any of them.

Secrets are taken out by value, wherever they turn up; control and bidirectional characters are escaped, so that a
customer's text cannot forge a line.
"""

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import orjson
import structlog

_HIDDEN = "•••"
_STEPS: list[Any] = []
"""One list for good: loggers that have been used keep it, and follow when logs are set up anew."""
_DEEPEST = 4
_MOST = 100
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x2028, 0x2029, 0x85])


def set_up(level: str, secrets: Iterable[str], *, plain: bool = False) -> None:
    """Send all logs, ours and libraries', to standard error. `plain`: for a person at a terminal."""
    hidden = tuple(s for s in secrets if len(s) >= 4)
    ending: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if plain else _as_json
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _Redactor(hidden),
    ]
    _STEPS[:] = [structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=_STEPS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiohttp.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Redactor:
    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if not key.startswith("_"):
                event[key] = self._plain(value, 0)
        return event

    def _plain(self, value: Any, depth: int) -> Any:
        """Lists and tables stay what they are, to a depth and a size; whatever is no plain value becomes words."""
        match value:
            case None | bool() | float():
                return value
            case int() if abs(value) < 2**63:  # JSON's writer takes no larger one
                return value
            case str():
                return self._clean(value)
            case dict() if depth < _DEEPEST and len(value) <= _MOST:
                return {self._clean(str(key)): self._plain(one, depth + 1) for key, one in value.items()}
            case list() | tuple() | set() | frozenset() if depth < _DEEPEST and len(value) <= _MOST:
                return [self._plain(one, depth + 1) for one in value]
            case _:
                return self._clean(repr(value))

    def _clean(self, value: str) -> str:
        for secret in self._secrets:
            if secret in value:
                value = value.replace(secret, _HIDDEN)
        return value.translate(_BIDI)


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(dict(event), default=repr).decode()
