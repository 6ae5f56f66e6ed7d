"""Scripts are published while customers are in the middle of them: no run is lost, reset or doubled."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import fakeredis
import pytest

from gateway.library import Faulty, Order, Outdated, Unfit, open_library, refresh
from gateway.mover import Mover
from state import scripts
from state.live_redis import RedisLive
from tests.publishing import FIRST, RENAMED, SECOND, SHORTER, Press, open_press, write_playbook
from tests.shop import furnished, open_shop


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
async def press(database_url: str, tmp_path: Path) -> AsyncIterator[Press]:
    made = await open_press(database_url, tmp_path / "book")
    yield made
    await made.shop.db.close()


async def asked(press: Press, who: str) -> list[str]:
    return press.shop.paper.texts(who)


# -- fifty customers ---------------------------------------------------------------------------------------------------


async def test_fifty_customers_in_the_middle_are_neither_lost_nor_reset_nor_doubled_by_a_publication_and_a_roll_back(
    press: Press,
) -> None:
    shop, customers = press.shop, [str(n) for n in range(1, 51)]
    for who in customers:
        await shop.write("hello", who)
    for who in customers[:30]:
        await shop.write("Lada", who)
    for who in customers[:10]:
        await shop.write("brakes", who)
    report = await press.publish(SECOND, note="plainer words")
    assert [c.what for c in report.difference.changes] == ["step `parts`: the question now reads “What is broken?”"]
    assert {(f.stand.step, f.stand.n, f.to) for f in report.fates} == {
        ("car", 20, ""), ("parts", 20, ""), ("town", 10, ""),
    }  # fmt: skip
    for who in customers[30:40]:
        await shop.write("Volga", who)  # they finish on the old one: their question is the old one
    await shop.write("hello", "new")
    await shop.write("Niva", "new")
    assert (await asked(press, "new"))[-1] == "What is broken?"
    now = await press.live()
    back = await press.publisher.roll_back(press.name, 1, press.vera, now.revision, note="", order=Order())
    assert [c.what for c in back.difference.changes] == ["step `parts`: the question now reads “Which parts?”"]
    await shop.write("hello", "newer")
    await shop.write("Oka", "newer")
    assert (await asked(press, "newer"))[-1] == "Which parts?"
    await shop.write("lamp", "new")  # and this one finishes on the version that was rolled back
    await shop.write("Tver", "new")
    for who in customers:
        for words in ("Lada", "brakes", "Tula"):
            if not (await asked(press, who))[-1].startswith("Thank you"):
                await shop.write(words, who)
    for who in customers:
        said = await asked(press, who)
        assert said[:3] == ["Which car?", "Which parts?", "Which town?"], who
        assert len(said) == 4
        assert said[3].startswith("Thank you")
    runs = await shop.all("runs")
    assert len(runs) == 52
    assert {r["status"] for r in runs if r["contact_id"] <= 50} == {"handed_off"}
    assert len([t for t in await shop.all("tasks") if t["text"].startswith("Call back")]) == 51
    assert await shop.balanced()


async def test_the_version_before_is_finished_after_a_restart_too(
    press: Press, database_url: str, tmp_path: Path
) -> None:
    await press.shop.write("hello")
    await press.publish(SECOND)
    await press.shop.db.close()
    again = open_shop(
        database_url, playbook=write_playbook(tmp_path / "pulled", SECOND)
    )  # the first is in the database only
    again.clock.at = press.shop.clock.at
    await open_library(again.db, again.house, again.clock.now())
    again._n = 100
    await again.write("Lada")
    assert again.paper.texts("1")[-1] == "Which parts?"
    await again.write("hello", "2")
    await again.write("Lada", "2")
    assert again.paper.texts("2")[-1] == "What is broken?"
    await again.db.close()


# -- runs that follow --------------------------------------------------------------------------------------------------


async def test_who_stands_at_a_renamed_step_goes_on_there_and_is_not_asked_again(press: Press) -> None:
    shop = press.shop
    await shop.write("hello")
    await shop.write("Lada")
    await shop.write("hello", "2")
    before = await shop.all("runs")
    report = await press.publish(RENAMED, order=Order("map"))
    assert {(f.stand.step, f.to) for f in report.fates} == {("parts", "spares"), ("car", "")}
    assert await press.move() == 0
    assert await press.standing() == {(hash_of(RENAMED), "spares"): 1, (hash_of(FIRST), "car"): 1}
    after = await shop.all("runs")
    assert [r["id"] for r in after] == [r["id"] for r in before]
    assert after[0]["state"] == before[0]["state"] | {"step": "spares"}
    assert shop.paper.texts("1") == ["Which car?", "Which parts?"]
    await shop.write("brakes")
    await shop.write("Tula")
    assert shop.paper.texts("1")[-1] == "Thank you: Lada, brakes, Tula."
    assert await shop.db.read(scripts.open_moves) == []


async def test_a_question_that_reads_otherwise_is_asked_once_more_and_only_once(press: Press) -> None:
    shop = press.shop
    await shop.write("hello")
    await shop.write("Lada")
    await press.publish(SECOND, order=Order("map", {"parts": "parts"}))
    await press.move()
    await press.move()
    assert shop.paper.texts("1") == ["Which car?", "Which parts?", "What is broken?"]
    assert [e["text"] for e in await shop.all("entries") if e["data"].get("event") == "moved"] != []
    await shop.later(hours=11)
    assert [d["reason"] for d in await shop.all("deals")] == ["silence"]  # its clock goes on in the new version


async def test_a_step_that_is_gone_must_be_given_a_way_on(press: Press) -> None:
    await press.shop.write("hello")
    await press.shop.write("Lada")
    with pytest.raises(Unfit, match="parts"):
        await press.publish(SHORTER, order=Order("map"))
    with pytest.raises(Unfit, match="nowhere"):
        await press.publish(SHORTER, order=Order("map", {"parts": "nowhere"}))
    assert (await press.live()).revision == 1
    await press.publish(SHORTER, order=Order("map", {"parts": "town"}))
    await press.move()
    assert press.shop.paper.texts("1")[-1] == "Which town?"


async def test_who_stands_at_a_step_that_is_gone_is_handed_to_a_person_with_the_answers(press: Press) -> None:
    shop = press.shop
    await shop.write("hello")
    await shop.write("Lada")
    await shop.write("hello", "2")
    report = await press.publish(SHORTER, order=Order("hand_off"))
    assert {(f.stand.step, f.to) for f in report.fates} == {("parts", "(a person)"), ("car", "")}
    await press.move()
    run, other = await shop.all("runs")
    assert (run["status"], run["reason"], other["status"]) == ("handed_off", "script_changed", "running")
    (task,) = await shop.all("tasks")
    assert task["details"] == {"car": "Lada"}
    assert (await shop.deal(run["deal_id"]))["owner"] == "pool"


async def test_who_is_still_speaking_is_moved_when_they_have_spoken(database_url: str, tmp_path: Path) -> None:
    slow = FIRST.replace("gather: 0s", "gather: 2s")
    press = await open_press(database_url, tmp_path / "book", slow)
    shop = press.shop
    await shop.write("hello")
    await shop.later(minutes=1)
    await shop.write("La")
    await press.publish(slow.replace("Which car?", "Make and year?"), order=Order("map", {"car": "car"}))
    assert await press.move() == 1
    await shop.write("da")
    await shop.later(seconds=3)
    assert await press.move() == 0
    assert shop.paper.texts("1") == ["Which car?", "Which parts?"]
    assert (await shop.deal())["fields"]["car"] == "La\nda"
    await shop.db.close()


async def test_a_manager_who_took_over_in_between_keeps_the_conversation(press: Press) -> None:
    from gateway.desk import Take  # noqa: PLC0415

    await press.shop.write("hello")
    await press.publish(SECOND.replace("Which car?", "Make?"), order=Order("map", {"car": "car"}))
    await press.shop.ask(Take())
    await press.move()
    assert press.shop.paper.texts("1") == ["Which car?"]
    assert [r["status"] for r in await press.shop.all("runs")] == ["stopped"]


# -- who may publish on what -------------------------------------------------------------------------------------------


async def test_of_two_who_publish_at_once_the_second_is_shown_what_the_first_did(press: Press) -> None:
    await press.publish(SECOND, base=1)
    with pytest.raises(Outdated) as late:
        await press.publish(RENAMED, base=1)
    assert [c.what for c in late.value.difference.changes] == ["step `parts`: the question now reads “What is broken?”"]
    assert "+    ask: What is broken?" in late.value.diff
    with pytest.raises(Outdated):
        await press.publish(RENAMED, base=hash_of(FIRST))
    with pytest.raises(Outdated):
        await press.publish(RENAMED, base=None)
    await press.publish(RENAMED, base=hash_of(SECOND))
    assert (await press.live()).stable == hash_of(RENAMED)


async def test_a_script_with_a_mistake_is_not_published(press: Press) -> None:
    with pytest.raises(Faulty) as wrong:
        await press.publish(FIRST.replace("then: town}", "then: twon}"))
    (problem,) = wrong.value.problems
    assert (problem.line, problem.remedy) == (18, "Did you mean 'town'?")
    assert (await press.live()).stable == hash_of(FIRST)


async def test_the_same_text_again_is_no_new_version(press: Press) -> None:
    report = await press.publish(FIRST)
    assert not report.changed
    assert (await press.live()).revision == 1


async def test_a_script_of_a_new_name_can_be_published_and_started_by_hand(press: Press) -> None:
    await press.publisher.publish("other", SECOND, press.vera, None)
    assert press.shop.house.scripts["other"].hash == hash_of(SECOND)
    with pytest.raises(Outdated):
        await press.publisher.publish("other", FIRST, press.vera, None)


# -- roll-out ----------------------------------------------------------------------------------------------------------


async def test_a_share_of_the_contacts_begins_with_the_candidate_and_stays_in_as_it_grows(press: Press) -> None:
    await press.publish(SECOND, percent=10)
    house = press.shop.house
    tenth = {n for n in range(2_000) if house.script_for(press.name, n) is not house.scripts[press.name]}
    assert 150 <= len(tenth) <= 250
    now = await press.live()
    await press.publisher.roll_out(press.name, 50, press.vera, now.revision, Order())
    half = {n for n in range(2_000) if press.shop.house.script_for(press.name, n) is not house.scripts[press.name]}
    assert tenth < half
    assert 900 <= len(half) <= 1_100
    now = await press.live()
    await press.publisher.roll_out(press.name, 100, press.vera, now.revision, Order())
    assert (await press.live()).stable == hash_of(SECOND)
    assert (await press.live()).candidate == ""
    assert press.shop.house.candidates == {}


async def test_a_run_keeps_the_version_it_drew(press: Press) -> None:
    await press.publish(SECOND, percent=50)
    for n in range(1, 21):
        await press.shop.write("hello", str(n))
    drawn = {r["contact_id"]: r["script"] for r in await press.shop.all("runs")}
    assert set(drawn.values()) == {hash_of(FIRST), hash_of(SECOND)}
    assert drawn == {n: press.shop.house.script_for(press.name, n).hash for n in drawn}  # type: ignore[union-attr]
    for n in range(1, 21):
        await press.shop.write("Lada", str(n))
    said = {n: press.shop.paper.texts(str(n))[-1] for n in range(1, 21)}
    assert set(said.values()) == {"Which parts?", "What is broken?"}


async def test_runs_follow_only_where_all_begin_with_the_version(press: Press) -> None:
    with pytest.raises(Unfit, match="share"):
        await press.publish(SECOND, percent=10, order=Order("hand_off"))


# -- files and database ------------------------------------------------------------------------------------------------


async def test_changed_files_count_until_somebody_publishes_and_then_the_database_does(
    database_url: str, tmp_path: Path
) -> None:
    press = await open_press(database_url, tmp_path / "one")
    shop = press.shop
    edited = furnished(write_playbook(tmp_path / "two", SECOND))
    await open_library(shop.db, edited, 5)
    assert [(v.number, v.hash, v.author_id) for v, _ in await shop.db.read(lambda c: scripts.versions(c, "questions", 9))] == [
        (2, hash_of(SECOND), None), (1, hash_of(FIRST), None),
    ]  # fmt: skip
    await refresh(shop.db, shop.house)
    assert shop.house.scripts["questions"].hash == hash_of(SECOND)
    await press.publish(RENAMED)
    third = furnished(write_playbook(tmp_path / "three", SHORTER))
    assert await open_library(shop.db, third, 6) == ["questions"]
    assert third.scripts["questions"].hash == hash_of(RENAMED)
    assert (await press.live()).revision == 3
    await shop.db.close()


async def test_another_process_goes_on_with_the_old_version_until_it_has_heard(press: Press, tmp_path: Path) -> None:
    other = furnished(write_playbook(tmp_path / "other"))
    await open_library(press.shop.db, other, 5)
    await press.publish(SECOND, percent=30)
    assert other.candidates == {}
    assert await refresh(press.shop.db, other)
    assert other.candidates["questions"].percent == 30
    assert not await refresh(press.shop.db, other)


async def test_over_redis_another_process_hears_at_once_and_not_at_its_next_look(press: Press, tmp_path: Path) -> None:
    server = fakeredis.FakeServer()
    mine, theirs = (
        RedisLive("", client=fakeredis.FakeRedis(server=server), async_client=fakeredis.FakeAsyncRedis(server=server))
        for _ in range(2)
    )
    await mine.start()
    await theirs.start()
    await asyncio.sleep(0.1)
    other = furnished(write_playbook(tmp_path / "other"))
    await open_library(press.shop.db, other, 5)
    listening = asyncio.create_task(Mover(press.shop.db, other, press.shop.turns, theirs, press.shop.clock).run())
    await asyncio.sleep(0.1)  # it has looked, and looks again in 30 s
    press.shop.live = mine
    await press.publish(SECOND)
    async with asyncio.timeout(10):
        while other.scripts["questions"].hash != hash_of(SECOND):
            await asyncio.sleep(0.01)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await mine.close()
    await theirs.close()
