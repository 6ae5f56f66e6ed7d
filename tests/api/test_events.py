"""Live changes: nothing is missed across reconnects, nobody listens on after losing their token, and there is an end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from gateway.api import events
from gateway.api.feed import WINDOW, Feed
from state import people
from tests.api.conftest import ADMIN, PATIENCE_S, Shop, both_databases

Event = tuple[str, str, Any]


class Listener:
    """Reads server-sent events off one response."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, timeout: float = PATIENCE_S) -> Event | None:
        """(id, event, data); None at the end of the stream."""
        seen: dict[str, str] = {}
        async with asyncio.timeout(timeout):
            while True:
                line = (await self.response.content.readline()).decode()
                if not line:
                    return None
                if line.strip():
                    name, _, value = line.rstrip("\n").partition(": ")
                    seen[name] = value
                elif "data" in seen:
                    return seen["id"], seen["event"], orjson.loads(seen["data"])

    async def several(self, count: int) -> list[Event]:
        found = [await self.next() for _ in range(count)]
        return [one for one in found if one is not None]


@asynccontextmanager
async def listening(shop: Shop, token: str = ADMIN, last: str | None = None) -> AsyncIterator[Listener]:
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last is not None else {})
    async with shop.http.get(f"{shop.url}/api/v1/events", headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield Listener(response)


async def _changes(shop: Shop) -> list[int]:
    return await shop.ctx.db.read(lambda c: list(c.exec_driver_sql("SELECT id FROM changes ORDER BY id").scalars()))


@both_databases
async def test_a_change_is_heard_by_all_who_listen(shop: Shop) -> None:
    deal = await shop.open_deal()
    async with listening(shop) as one, listening(shop, shop.token()) as two:
        assert [(await listener.next() or ("", "", {}))[1] for listener in (one, two)] == ["ready", "ready"]
        _, note = await shop.call("POST", f"/deals/{deal['id']}/notes", json={"text": "а"})
        for listener in (one, two):
            heard = await listener.next()
            assert heard is not None
            assert heard[1] == "note"
            assert (heard[2]["deal"], heard[2]["ref"], heard[2]["kind"]) == (deal["id"], note["id"], "note")
            assert heard[0] == str(heard[2]["id"])


@both_databases
async def test_whoever_comes_back_hears_exactly_what_they_missed(shop: Shop) -> None:
    deal = await shop.open_deal()
    async with listening(shop) as listener:
        ready = await listener.next()
        await shop.call("POST", f"/deals/{deal['id']}/notes", json={"text": "а"})
        heard = await listener.next()
        assert ready is not None
        assert heard is not None
        last = heard[0]
    for _ in range(3):
        await shop.call("POST", f"/deals/{deal['id']}/notes", json={"text": "б"})
    expected = [i for i in await _changes(shop) if i > int(last)]
    async with listening(shop, last=last) as listener:
        again = await listener.several(1 + len(expected))
        assert [int(i) for i, event, _ in again if event != "ready"] == expected
        await shop.call("POST", f"/deals/{deal['id']}/notes", json={"text": "в"})
        live = await listener.next()
        assert live is not None
        assert int(live[0]) > expected[-1]


@both_databases
@pytest.mark.parametrize("last", ["-1", "9999999999999999999", "abc", "", "1e3", "٣", "0x10"])
async def test_a_last_id_that_cannot_be_believed_replays_the_window(shop: Shop, last: str) -> None:
    await shop.open_deal()
    expected = await _changes(shop)
    assert 0 < len(expected) < WINDOW
    async with listening(shop, last=last) as listener:
        heard = await listener.several(1 + len(expected))
        assert [int(i) for i, event, _ in heard if event != "ready"] == expected


async def test_a_revoked_token_stops_hearing_within_five_seconds(shop: Shop) -> None:
    token = shop.token()
    async with listening(shop, token) as listener:
        await listener.next()
        now = shop.clock.now()
        await shop.ctx.db.write(lambda c: people.revoke(c, people.digest(token), now))
        assert await listener.next(timeout=5) is None


async def test_too_many_listeners_are_told_when_to_come_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 2)
    async with listening(shop) as one, listening(shop) as two:
        await one.next()
        await two.next()
        async with shop.http.get(f"{shop.url}/api/v1/events", headers={"Authorization": f"Bearer {ADMIN}"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")
            assert (await response.json())["error"]["code"] == "too_many_streams"
    status = 0
    async with asyncio.timeout(PATIENCE_S):
        while status != 200:  # a place that was left is given to the next
            headers = {"Authorization": f"Bearer {ADMIN}"}
            async with shop.http.get(f"{shop.url}/api/v1/events", headers=headers) as response:
                status = response.status


async def test_a_quiet_stream_shows_that_it_is_alive(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_HEARTBEAT_S", 0.05)
    async with listening(shop) as listener:
        await listener.next()
        async with asyncio.timeout(PATIENCE_S):
            assert (await listener.response.content.readline()).startswith(b": ping")


# -- ids are drawn before they are committed: 3 may be seen before 2 ------------------------------------------------------

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def _write(conn: Any) -> int:
    put = "INSERT INTO changes (at, kind, deal_id, ref_id) VALUES (1, 'note', 1, 1) RETURNING id"
    return int(conn.exec_driver_sql(put).scalar_one())


async def _passed_on(feed: Feed, last: int, head: int) -> list[int]:
    async with asyncio.timeout(6):
        while feed.head < head:
            await asyncio.sleep(0.02)
    return [c.id for c in await feed.after(last)]


@on_postgres
async def test_a_change_that_is_committed_late_is_waited_for_however_long_it_takes(shop: Shop) -> None:
    feed = Feed(shop.ctx.db, shop.ctx.live)
    first = await shop.ctx.db.write(_write)
    async with feed.listen():
        with shop.ctx.db.engine.connect() as other, other.begin():
            late = _write(other)
            after = await shop.ctx.db.write(_write)
            shop.ctx.live.publish("changes")
            await asyncio.sleep(2.5)
            assert await feed.after(first) == []
        shop.ctx.live.publish("changes")
        assert await _passed_on(feed, first, after) == [late, after]
    await feed.close()


@on_postgres
async def test_whoever_resumes_while_a_change_is_late_does_not_miss_it(shop: Shop) -> None:
    """The first to listen to this process comes when 3 is there already and 2 is not."""
    feed = Feed(shop.ctx.db, shop.ctx.live)
    first = await shop.ctx.db.write(_write)
    with shop.ctx.db.engine.connect() as other, other.begin():
        late = _write(other)
        after = await shop.ctx.db.write(_write)
        async with feed.listen():
            at = await feed.resume(str(first))
            assert [c.id for c in await feed.after(at)] == []
            other.commit()
            shop.ctx.live.publish("changes")
            assert await _passed_on(feed, at, after) == [late, after]
    await feed.close()


@on_postgres
async def test_a_change_that_was_rolled_back_holds_up_nobody(shop: Shop) -> None:
    feed = Feed(shop.ctx.db, shop.ctx.live)
    first = await shop.ctx.db.write(_write)
    async with feed.listen():
        with shop.ctx.db.engine.connect() as other, other.begin() as never:
            _write(other)
            never.rollback()
        after = await shop.ctx.db.write(_write)
        shop.ctx.live.publish("changes")
        async with asyncio.timeout(1):
            assert await _passed_on(feed, first, after) == [after]
    await feed.close()


@on_postgres
async def test_others_who_write_all_the_time_do_not_hold_up_what_was_before_them(shop: Shop) -> None:
    """Each new writer begins before the last one ends: there is always one, and never the one that was waited for."""
    feed = Feed(shop.ctx.db, shop.ctx.live)
    first = await shop.ctx.db.write(_write)
    with shop.ctx.db.engine.connect() as one, shop.ctx.db.engine.connect() as two:
        async with feed.listen():
            writing = one.begin()
            ids = [_write(one)]
            for n in range(1, 10):
                before, writing = writing, (two if n % 2 else one).begin()
                ids += [_write(two if n % 2 else one), await shop.ctx.db.write(_write)]
                shop.ctx.live.publish("changes")
                await asyncio.sleep(0.15)
                before.commit()
            assert feed.head >= ids[5]
            writing.commit()
            shop.ctx.live.publish("changes")
            assert await _passed_on(feed, first, ids[-1]) == ids
    await feed.close()


async def test_a_stop_ends_every_stream(shop: Shop) -> None:
    async with listening(shop) as listener:
        await listener.next()
        await shop.api.app[events.FEED].close()
        assert await listener.next() is None
