"""Killed with a mail's files on disk: what was acknowledged is there with its mail, what was not leaves nothing behind."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gateway.safekeeping import STALE_S
from tests.channels.test_mail_files_in import letter
from tests.chat.test_catalogue import PNG
from tests.faults.gateways import ADMIN, Nursery
from tests.faults.scenes import Scene

HOOK = "hook-token-of-this-test"


@pytest.fixture
async def mailing(
    tmp_path: Path, database_url: str, http: aiohttp.ClientSession, nursery: Nursery
) -> AsyncIterator[Scene]:
    """Mails come in; nothing runs yet."""
    made = Scene(tmp_path, database_url, http, nursery)
    yield made
    made.end()


async def post(scene: Scene, body: bytes) -> int:
    """The status; 0 where nobody answered."""
    headers = {"Authorization": f"Bearer {HOOK}", "Content-Type": "message/rfc822"}
    try:
        async with scene.http.post(f"{scene.base}/hooks/mail", data=body, headers=headers) as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


def on_disk(scene: Scene) -> list[str]:
    return sorted(at.name for at in (scene.folder / "data" / "files").iterdir())


@pytest.mark.parametrize("failpoint", ["mails.after_files", "intake.before_commit", "intake.after_commit"])
async def test_killed_between_a_file_and_its_row_the_mail_comes_again_and_has_one_effect(
    mailing: Scene, failpoint: str
) -> None:
    body = letter(("a.png", PNG)).as_bytes()
    gateway = await mailing.start(failpoint=failpoint, hook_token=HOOK)
    assert await post(mailing, body) == 0
    assert await gateway.wait(10) == -9
    (waiting,) = on_disk(mailing)
    assert waiting.endswith(".new")
    kept = failpoint == "intake.after_commit"
    assert mailing.count("inbox") == mailing.count("files") == kept
    await mailing.start(hook_token=HOOK)
    assert on_disk(mailing) == [waiting.removesuffix(".new") if kept else waiting]  # swept at the start, by its row
    assert [await post(mailing, body) for _ in range(2)] == [200, 200]
    await mailing.quiet()
    assert on_disk(mailing) == [waiting.removesuffix(".new")]
    assert mailing.count("files") == mailing.count("inbox") == mailing.count("deals") == 1
    (entry,) = mailing.rows("SELECT id FROM entries WHERE author='customer'")
    url = f"{mailing.base}/api/v1/entries/{entry['id']}/media/0"
    async with mailing.http.get(url, headers={"Authorization": f"Bearer {ADMIN}"}) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)


async def test_what_a_killed_gateway_left_of_a_mail_that_never_came_again_is_gone_after_an_hour(mailing: Scene) -> None:
    gateway = await mailing.start(failpoint="mails.after_files", hook_token=HOOK)
    assert await post(mailing, letter(("a.png", PNG)).as_bytes()) == 0
    assert await gateway.wait(10) == -9
    (waiting,) = on_disk(mailing)
    at = mailing.folder / "data" / "files" / waiting
    os.utime(at, (time.time() - STALE_S - 1,) * 2)
    await mailing.start(hook_token=HOOK)
    assert on_disk(mailing) == []
    assert mailing.count("inbox") == mailing.count("files") == 0
