"""From a customer's first word to a manager's answer, over real HTTP from end to end, as an operator starts it."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.faults.gateways import SECRET, started
from tests.faults.scenes import CHAT, CUSTOMER, Scene

VIN = "WVWZZZ1JZXW000001"


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database and takes real time."""


async def _tell(scene: Scene, channel: str, text: str) -> None:
    if channel == "telegram":
        await scene.say(text)
    else:
        assert await scene.write(text) == 200


async def _walk(scene: Scene, channel: str) -> None:
    """Greet, choose parts, give the VIN, the parts and their number; each when its question has come."""
    standin, address = (scene.telegram, str(CHAT)) if channel == "telegram" else (scene.twilio, f"whatsapp:{CUSTOMER}")
    assert standin is not None
    heard = standin.ledger
    for text, answer in (
        ("Здравствуйте", "интересует"),
        ("1", "VIN"),
        (VIN, "Какие детали"),
        ("тормозные колодки", "Сколько"),
        ("2", "Передаю менеджеру"),
    ):
        await _tell(scene, channel, text)
        await scene.until(lambda answer=answer: any(answer in said for said in heard.texts(address)))  # type: ignore[misc]


async def _walk_when_told(scene: Scene) -> None:
    """Telegram brings a customer's words once it knows where to, which the gateway has it told by a process aside."""
    assert scene.telegram is not None
    await scene.until(lambda: scene.telegram.webhook, within_s=60)  # type: ignore[union-attr]
    assert scene.telegram.webhook["url"] == f"{scene.base}/hooks/telegram"
    assert scene.telegram.webhook["secret_token"] == SECRET
    await _walk(scene, "telegram")


async def _hand_off_is_whole(scene: Scene, deal: dict[str, Any], channel: str) -> dict[str, Any]:
    """One deal with what was gathered, its bot gone, and one task that carries it; the task."""
    assert deal["source"] == channel
    assert deal["owner"] == "pool"
    assert deal["bot"]["status"] == "handed_off"
    assert (deal["fields"]["vin"], deal["fields"]["parts"], deal["fields"]["quantity"]) == (VIN, "тормозные колодки", 2)
    tasks = [t for t in (await scene.get("/tasks"))["items"] if t["deal"] == deal["id"]]
    assert [(t["kind"], t["state"]) for t in tasks] == [("parts", "open")]
    task: dict[str, Any] = tasks[0]
    assert task["details"]["vin"] == VIN
    return task


async def _serve_the_customer(scene: Scene, deal: dict[str, Any], task: dict[str, Any], anna: str, boris: str) -> None:
    """Anna takes the deal, Boris comes too late; she answers, and finishes the task with a result and not without."""
    status, taken = await scene.call("POST", f"/deals/{deal['id']}/take", anna)
    assert (status, taken["stage"], taken["owner"]) == (200, "clarification", "person")
    status, refused = await scene.call("POST", f"/deals/{deal['id']}/take", boris)
    assert (status, refused["error"]["code"]) == (409, "taken")
    status, _ = await scene.call(
        "POST", f"/deals/{deal['id']}/messages", anna, json={"text": "Колодки есть, 4500 рублей"}
    )
    assert status == 200
    for result in ({}, {"result": ""}, {"result": "   "}):
        assert (await scene.call("POST", f"/tasks/{task['id']}/done", anna, json=result))[0] == 422
    status, done = await scene.call(
        "POST", f"/tasks/{task['id']}/done", anna, json={"result": "Отправлено предложение"}
    )
    assert (status, done["state"], done["result"]) == (200, "done", "Отправлено предложение")
    assert (await scene.call("POST", f"/tasks/{task['id']}/done", boris, json={"result": "и я"}))[0] == 409


@pytest.mark.parametrize("database_url", ["new sqlite"], indirect=True)
async def test_customers_of_two_channels_walk_to_a_hand_off_and_a_manager_takes_over(scene: Scene) -> None:
    """Started as an operator does it; Telegram is told of the webhook by the gateway itself."""
    assert scene.telegram is not None
    assert scene.twilio is not None
    scene.twilio.gateway = scene.twilio.public = scene.base
    scene.twilio.statuses = ["sent", "delivered"]
    with started(scene.environment(), scene.port, scene.folder / "gateway.log") as gateway:
        await gateway.ready(scene.http)
        await asyncio.gather(_walk_when_told(scene), _walk(scene, "whatsapp"))

        deals = {d["source"]: d for d in (await scene.get("/deals"))["items"]}
        assert sorted(deals) == ["telegram", "whatsapp"]
        assert len((await scene.get("/deals"))["items"]) == 2
        anna, boris = scene.token("manager", "Анна"), scene.token("manager", "Борис")
        for channel, deal in deals.items():
            task = await _hand_off_is_whole(scene, deal, channel)
            await _serve_the_customer(scene, deal, task, anna, boris)
        for ledger in (scene.telegram.ledger, scene.twilio.ledger):
            await scene.until(lambda ledger=ledger: ledger.texts()[-1] == "Колодки есть, 4500 рублей")  # type: ignore[misc]

        said = (len(scene.telegram.ledger.texts()), len(scene.twilio.ledger.texts()))
        for channel in ("telegram", "whatsapp"):
            await _tell(scene, channel, "Спасибо, беру! А ещё 1 фильтр")
        await scene.quiet()
        assert (len(scene.telegram.ledger.texts()), len(scene.twilio.ledger.texts())) == said  # the bot stays silent

        timeline = await scene.get(f"/deals/{deals['whatsapp']['id']}/timeline?limit=200")
        ours = [e for e in timeline["items"] if e.get("direction") == "out"]
        await scene.until(lambda: scene.count("parts", "state='delivered' AND channel='whatsapp'") == len(ours))
        assert [e["text"] for e in timeline["items"] if e.get("direction") == "in"][
            -1
        ] == "Спасибо, беру! А ещё 1 фильтр"
        assert await gateway.stop() == 0


# -- Telegram asked instead of telling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database_url", "failpoint"),
    [("sqlite", "intake.after_commit"), ("postgres", "intake.before_commit")],
    indirect=["database_url"],
)
async def test_polling_confirms_only_what_is_on_disk(scene: Scene, failpoint: str) -> None:
    """Killed between fetching and commit, or between commit and confirming: asked again, and heard once."""
    assert scene.telegram is not None
    scene.playbook = str(Path(__file__).parents[1] / "faults" / "playbook")
    polling: dict[str, Any] = {"telegram_mode": "polling", "telegram_secret": ""}
    for n in range(1, 4):
        await scene.telegram.push(scene.update(f"слово {n}"))
    gateway = await scene.start(failpoint=failpoint, wait=False, **polling)
    assert await gateway.wait() == -9
    kept = scene.count("inbox") if failpoint == "intake.after_commit" else 0
    assert kept == (3 if failpoint == "intake.after_commit" else 0)
    assert [u["update_id"] for u in scene.telegram._queue] == [1001, 1002, 1003]  # none was confirmed

    await scene.start(**polling)
    await scene.until(lambda: len(scene.telegram.ledger.texts()) >= 1)  # type: ignore[union-attr]
    await scene.telegram.push(scene.update("слово 4"))
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 4)
    heard = [r["text"] for r in scene.rows("SELECT text FROM entries WHERE author='customer' ORDER BY id")]
    assert heard == [f"слово {n}" for n in range(1, 5)]
    assert scene.rows("SELECT value FROM cursors") == [{"value": 1005}]
    await scene.until(lambda: not scene.telegram._queue)  # type: ignore[union-attr]


# -- Twilio's statuses ---------------------------------------------------------------------------------------------------


@sqlite_only
async def test_statuses_in_any_order_repeated_and_of_nobody_only_ever_climb(whatsapp_scene: Scene) -> None:
    scene = whatsapp_scene
    assert scene.twilio is not None
    scene.playbook = str(Path(__file__).parents[1] / "faults" / "playbook")
    await scene.start()
    assert await scene.write("раз") == 200
    (sent,) = await scene.twilio.ledger.wait_for(1)
    for status in ("delivered", "sent", "delivered", "queued", "sent"):
        assert await scene.twilio.push_status(sent.provider_id, status) == 200
    await scene.quiet()
    assert scene.rows("SELECT state FROM parts") == [{"state": "delivered"}]
    assert await scene.twilio.push_status(sent.provider_id, "read") == 200
    assert await scene.twilio.push_status(sent.provider_id, "exploded") == 200
    assert await scene.twilio.push_status("SM" + "f" * 32, "delivered") == 200
    await scene.quiet()
    assert scene.rows("SELECT state FROM parts") == [{"state": "read"}]
    (nobodys,) = scene.rows(f"SELECT state, reason FROM inbox WHERE external_id LIKE 'SM{'f' * 32}%'")
    assert nobodys == {"state": "waiting", "reason": ""}  # for its message, for a day
    assert scene.count("inbox", "state='ignored' AND reason='unknown_status'") == 1


@sqlite_only
@pytest.mark.parametrize(
    ("ago_ms", "free_text"),
    [(24 * 3_600_000 - 400_000, True), (24 * 3_600_000 + 1_000, False)],
    ids=["just inside 24 h", "just outside 24 h"],
)
async def test_free_text_ends_with_the_24_hour_window_and_a_template_does_not(
    whatsapp_scene: Scene, ago_ms: int, free_text: bool
) -> None:
    """The edges to the millisecond are tried in virtual time; here the whole way, with the clock as it is."""
    scene = whatsapp_scene
    assert scene.twilio is not None
    scene.playbook = str(scene.folder / "shop")
    shop = Path(scene.playbook) / "playbook.yaml"
    shutil.copytree(Path(__file__).parents[2] / "playbooks" / "autoparts", scene.playbook)
    ours = 'templates:\n  e2e_back: {text: "Здравствуйте, {1}!", whatsapp: HX11111111111111111111111111111111}\n'
    text = shop.read_text(encoding="utf-8")
    mine = text.replace("templates:\n", ours, 1) if "\ntemplates:\n" in text else text + "\n" + ours
    shop.write_text(mine, encoding="utf-8")
    await scene.start()
    assert await scene.write("позовите менеджера") == 200
    await scene.until(lambda: scene.count("tasks"))
    await scene.quiet()
    scene.change(f"UPDATE identities SET heard_at = heard_at - {ago_ms}")  # as if the last word had been so long ago
    said = len(scene.twilio.ledger.texts())
    (deal,) = (await scene.get("/deals"))["items"]
    status, body = await scene.call("POST", f"/deals/{deal['id']}/messages", json={"text": "Добрый день"})
    assert status == (200 if free_text else 422), body
    status, body = await scene.call(
        "POST", f"/deals/{deal['id']}/messages", json={"template": "e2e_back", "variables": {"1": "Анна"}}
    )
    assert status == 200, body
    calls = await scene.twilio.ledger.wait_for(said + free_text + 1)
    assert [bool(c.params.get("ContentSid")) for c in calls[said:]] == ([False, True] if free_text else [True])
