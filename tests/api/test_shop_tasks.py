"""Tasks that belong to no deal: the shop's own, about what could not be understood."""

from gateway.events import Received, Unusable
from tests.api.conftest import Shop


async def test_the_shops_own_task_is_listed_and_done_once_with_a_result(shop: Shop) -> None:
    await shop.ctx.intake.accept("telegram", "1", [Received("x1", Unusable("not_json"), b"[")])
    olga, pavel = shop.token(), shop.token()
    (task,) = (await shop.get("/tasks?state=open", olga))["items"]
    assert (task["kind"], task["deal"]) == ("quarantine", None)
    status, _ = await shop.call("POST", f"/tasks/{task['id']}/done", olga, json={"result": " "})
    assert status == 422
    status, done = await shop.call("POST", f"/tasks/{task['id']}/done", olga, json={"result": "мусор"})
    assert (status, done["result"]) == (200, "мусор")
    status, _ = await shop.call("POST", f"/tasks/{task['id']}/done", pavel, json={"result": "и я"})
    assert status == 409
