"""Tasks over the API: whose they are, of which kind, and what closes them."""

from tests.api.conftest import Shop, both_databases


@both_databases
async def test_a_customer_who_asked_for_a_person_is_not_done_without_one_and_the_bot_does_not_begin_anew(
    shop: Shop,
) -> None:
    deal, anna = await shop.deal(), shop.token()
    await shop.say("позовите менеджера")
    at = f"/deals/{deal['id']}"
    assert (await shop.get(at))["bot"]["status"] == "handed_off"
    status, refused = await shop.call("POST", f"{at}/bot", anna, json={"action": "resume"})
    assert (status, refused["error"]["code"], refused["error"]["current"]["id"]) == (409, "not_stopped", deal["id"])
    (task,) = (await shop.get("/tasks?kind=talk"))["items"]
    assert "просит менеджера" in task["text"]
    status, refused = await shop.call("POST", f"/tasks/{task['id']}/done", anna, json={"result": "сделал"})
    assert (status, refused["error"]["code"]) == (409, "no_contact")
    await shop.call("POST", f"{at}/messages", anna, json={"text": "Здравствуйте, это менеджер"})
    assert (await shop.call("POST", f"/tasks/{task['id']}/done", anna, json={"result": "сделал"}))[0] == 200


@both_databases
async def test_a_task_is_for_oneself_for_another_or_for_nobody_alike_when_it_is_given_and_passed_on(shop: Shop) -> None:
    deal, anna, boris = await shop.open_deal(), shop.token(name="Анна"), shop.token(name="Борис")
    other, at = (await shop.get("/me", boris))["id"], f"/deals/{deal['id']}/tasks"
    given = [{}, {"responsible": other}, {"responsible": None}]
    whose = [(await shop.call("POST", at, anna, json={"text": "а", **more}))[1]["responsible"] for more in given]
    assert [one and one["name"] for one in whose] == ["Анна", "Борис", None]
    task = (await shop.get("/tasks"))["items"][0]["id"]
    _, left = await shop.call("PATCH", f"/tasks/{task}", anna, json={"text": "б"})
    assert left["responsible"]["name"] == "Анна"
    _, nobodys = await shop.call("PATCH", f"/tasks/{task}", anna, json={"responsible": None})
    assert nobodys["responsible"] is None


async def test_a_task_is_of_a_kind_that_there_is_and_for_somebody_who_sees_it(shop: Shop) -> None:
    deal, marketer = await shop.open_deal(), shop.token("marketer", "Мара")
    mara, at = (await shop.get("/me", marketer))["id"], f"/deals/{deal['id']}"
    status, refused = await shop.call("POST", f"{at}/tasks", json={"text": "а", "kind": "cal"})
    assert (status, refused["error"]["field"]) == (422, "kind")
    assert "Did you mean 'call'?" in refused["error"]["message"]
    for kind in ("call", "parts", "return"):  # built in, declared, a script's
        assert (await shop.call("POST", f"{at}/tasks", json={"text": "а", "kind": kind}))[0] == 200, kind
    task = (await shop.get("/tasks"))["items"][0]["id"]
    for method, path in (("POST", f"{at}/tasks"), ("PATCH", at), ("PATCH", f"/tasks/{task}")):
        body = {"responsible": mara} | ({"text": "а"} if method == "POST" else {})
        status, refused = await shop.call(method, path, json=body)
        assert (status, refused["error"]["field"]) == (422, "responsible"), path
        assert "marketer" in refused["error"]["message"]
