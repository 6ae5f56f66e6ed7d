"""What is looked up: lists that are narrowed by a slip, and what is ahead."""

from typing import Any

from tests.api.conftest import Shop, both_databases


@both_databases
async def test_a_filter_that_nothing_has_is_a_slip_and_no_empty_list(shop: Shop) -> None:
    deal = await shop.deal()
    for query, field, meant in (
        ("funnel=retial", "funnel", "retail"), ("stage=offer_manger", "stage", "offer_manager"), ("funnel=mail&stage=lef_request", "stage", ""),
    ):  # fmt: skip
        status, refused = await shop.call("GET", f"/deals?{query}")
        assert (status, refused["error"]["field"]) == (422, field), query
        assert meant in refused["error"]["message"]
    assert (await shop.get("/deals?funnel=mail&stage=sent"))["items"] == []
    await shop.ctx.db.write(lambda c: c.exec_driver_sql("UPDATE deals SET funnel = 'old', stage = 'older'"))
    assert [one["id"] for one in (await shop.get("/deals?funnel=old&stage=older"))["items"]] == [
        deal["id"]
    ]  # of another playbook


async def test_what_is_ahead_says_whose_doing_it_is(shop: Shop) -> None:
    deal = await shop.open_deal()
    await shop.ctx.db.write(lambda c: c.exec_driver_sql("DELETE FROM timers"))
    names = ("robot:offer_late:1:1", "assign:inquiries", "act:site:1:0", "idle:", "start:collector:1")

    def set_them(conn: Any) -> None:
        for n, name in enumerate(names):
            row = (deal["contact"]["id"], name, deal["id"], 0, name, shop.clock.now() + n + 1)
            conn.exec_driver_sql(f"INSERT INTO timers (contact_id, key, deal_id, run_id, name, due_at) VALUES {row}")
        task = (900, 0, 0, "quarantine", "Разобрать", "{}", shop.clock.now() + 99, "open", "", "robot", 1)
        columns = "id, deal_id, contact_id, kind, text, details, due_at, state, result, created_by, created_at"
        conn.exec_driver_sql(f"INSERT INTO tasks ({columns}) VALUES {task}")

    await shop.ctx.db.write(set_them)
    ahead = (await shop.get("/upcoming"))["items"]
    assert [(a["kind"], a["bot"], a["robot"], a["text"]) for a in ahead] == [
        ("robot", None, "offer_late", "offer_late"), ("assign", None, None, "inquiries"), ("assign", None, None, "site"),
        ("idle", None, None, "idle"), ("bot", "collector", None, "start"), ("task", None, None, "Разобрать"),
    ]  # fmt: skip
    assert [a["deal"] for a in ahead] == [deal["id"]] * 5 + [None]
