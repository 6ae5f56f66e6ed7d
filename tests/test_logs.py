"""Log lines: plain values stay what they are, and no secret is in any of them, however deep it lies."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from gateway import logs

SECRET = "700001:the-bots-token"

Write = Callable[..., dict[str, Any]]


@pytest.fixture
def write() -> Iterator[Write]:
    """Logs an event as the gateway does; the line as a log's reader sees it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.set_up("info", [SECRET])
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    out = io.StringIO()
    handler.setStream(out)

    def line(**values: Any) -> dict[str, Any]:
        out.seek(0)
        out.truncate()
        structlog.get_logger().info("happened", **values)
        (only,) = out.getvalue().splitlines()
        assert SECRET not in only
        return json.loads(only)

    yield line
    logs.set_up("warning", ())
    root.handlers[:] = before
    root.setLevel(level)


def test_lists_and_tables_stay_lists_and_tables(write: Write) -> None:
    line = write(channels=["web:site", "telegram:1"], pair=(1, "два"), counts={"sent": 2, "lost": None}, fast=True)
    assert line["channels"] == ["web:site", "telegram:1"]
    assert line["pair"] == [1, "два"]
    assert line["counts"] == {"sent": 2, "lost": None}
    assert line["fast"] is True


def test_a_secret_is_taken_out_wherever_it_lies(write: Write) -> None:
    line = write(
        event_url=f"https://api.example/bot{SECRET}/getMe",
        asked=[{"token": SECRET, SECRET: [(SECRET,)]}],
        kept={SECRET},
        odd=Exception(SECRET),
    )
    assert line["event_url"] == "https://api.example/bot•••/getMe"
    assert line["asked"] == [{"token": "•••", "•••": [["•••"]]}]
    assert line["kept"] == ["•••"]
    assert line["odd"] == "Exception('•••')"


def test_a_bottomless_or_huge_value_is_words(write: Write) -> None:
    around: list[Any] = [SECRET]
    around.append(around)
    line = write(around=around, many=list(range(1_000)), large=2**80, bidi=["\u202eabc"])
    assert json.dumps(line["around"]).count("[...]") > 0
    assert isinstance(line["many"], str)
    assert line["large"] == str(2**80)
    assert line["bidi"] == ["abc"]


def test_a_customers_words_cannot_begin_a_line_of_their_own(write: Write) -> None:
    forged = 'x\n{"event": "forged"}'
    assert write(text=[forged])["text"] == [forged]
