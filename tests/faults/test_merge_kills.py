"""A merge and its undoing are whole or not at all, wherever the process dies."""

import aiohttp

from tests.faults.scenes import Scene


async def _two(scene: Scene) -> list[int]:
    for chat in (501, 502):
        await scene.say("привет", chat)
    await scene.until(lambda: scene.count("deals") == 2)
    await scene.quiet()
    return [row["id"] for row in scene.rows("SELECT id FROM deals ORDER BY id")]


async def _press(scene: Scene, path: str, body: dict[str, object]) -> None:
    try:
        await scene.call("POST", path, json=body)
    except (TimeoutError, aiohttp.ClientError, OSError):
        return
    raise AssertionError("it was to die of this")


async def test_killed_before_the_commit_of_a_merge_nothing_is_joined_and_behind_it_all_is(scene: Scene) -> None:
    gateway = await scene.start(failpoint="merges.before_commit")
    leading, other = await _two(scene)
    await _press(scene, f"/deals/{leading}/merge", {"from": other})
    assert await gateway.wait(10) == -9
    assert scene.count("merges") == scene.count("contacts", "merged_into IS NOT NULL") == 0
    assert scene.count("deals", "closed_at IS NULL") == 2
    gateway = await scene.start(failpoint="merges.after_commit")
    await _press(scene, f"/deals/{leading}/merge", {"from": other})
    assert await gateway.wait(10) == -9
    assert scene.count("contacts", "merged_into IS NOT NULL") == scene.count("deals", "closed_at IS NULL") == 1
    gateway = await scene.start(failpoint="merges.before_commit")
    (merge,) = scene.rows("SELECT id FROM merges WHERE kind = 'contacts'")
    await _press(scene, f"/merges/{merge['id']}/undo", {})
    assert await gateway.wait(10) == -9
    assert scene.count("deals", "closed_at IS NULL") == 1
    await scene.start()
    assert (await scene.call("POST", f"/merges/{merge['id']}/undo"))[0] == 200
    assert scene.count("contacts", "merged_into IS NOT NULL") == 0
    assert scene.count("deals", "closed_at IS NULL") == 2
