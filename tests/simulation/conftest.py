"""Commands that run here set up their own logs: what comes after them finds the usual ones."""

from collections.abc import Iterator

import pytest

from gateway import logs


@pytest.fixture(autouse=True)
def _usual_logs() -> Iterator[None]:
    yield
    logs.set_up("warning", ())
