"""Every talk of every bot, in virtual time, through the whole gateway, on both databases."""

from pathlib import Path

import pytest

from bots.kit.talk import read_talk
from gateway.playbooks import BOTS, SHIPPED
from tests.playing import play, stage_of

TALKS = sorted([*BOTS.glob("*/talks/*.talk"), *SHIPPED.glob("autoparts/talks/**/*.talk")])
"""Those of the other playbooks are held without a gateway (tests/bots/test_talks.py): their stories go through all of it."""


@pytest.mark.parametrize("path", TALKS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
async def test_what_a_talk_says_is_what_the_outbox_holds(path: Path, database_url: str):
    talk, _ = read_talk(path.read_text(encoding="utf-8"))
    assert talk is not None
    shop = stage_of(talk, database_url)
    try:
        assert await play(talk, shop) == []
    finally:
        await shop.db.close()
