"""What scripts ask for becomes rows: waits, tasks with a date, other scripts, templates, shares; on both databases."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bots.kit.compiler import read_script
from gateway.channels.base import Limits, Outgoing
from gateway.desk import Edit, SteerBot, Take
from gateway.events import EndpointAnswered, MessageReceived
from gateway.playbooks import BadPlaybook, find_folder, read_house, read_scripts
from gateway.refusals import Conflict
from tests.shop import PaperChannel, Shop, open_shop

PLAYBOOK = """\
playbook: Магазин
zone: Europe/Moscow
funnels:
  retail: {title: Розница, stages: {new: Новая, work: В работе}, won: Выдан, lost: Не состоялся}
bots:
  meets: {on: message}
reasons: {silence: Молчит}
hours: {week: {mon-fri: 10:00-19:00}}
asks: {patience: 2h}
templates:
  nudge: {text: "Здравствуйте, {1}! Вы ещё с нами?", whatsapp: HX77}
"""
WHATSAPP = Limits(text=1600, caption=1024, unit="utf16", buttons=0, label=20, window_hours=24)

Opener = Callable[..., Shop]


@pytest.fixture
async def opened(database_url: str, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens a shop with these scripts."""
    shops: list[Shop] = []

    def open_with(*channels: PaperChannel, playbook: str = PLAYBOOK, **scripts: str) -> Shop:
        (tmp_path / "scripts").mkdir()
        (tmp_path / "playbook.yaml").write_text(playbook, encoding="utf-8")
        for name, text in scripts.items():
            (tmp_path / "scripts" / f"{name}.yaml").write_text(text, encoding="utf-8")
        shops.append(open_shop(database_url, channels=channels, playbook=str(tmp_path), always_open=False))
        return shops[-1]

    yield open_with
    for shop in shops:
        await shop.db.close()


async def test_a_bot_waits_and_goes_on_by_itself(opened: Opener):
    shop = opened(
        meets="script: S\nsteps:\n  a: {say: Минуту, then: b}\n  b: {wait: 3h, then: c}\n  c: {say: Готово, end: done}\n"
    )
    await shop.write("здравствуйте")
    (run,) = await shop.all("runs")
    assert run["waits_until"] == shop.clock.now() + 3 * 3_600_000
    await shop.later(hours=2)
    assert shop.paper.texts() == ["Минуту"]
    await shop.later(hours=2)
    assert shop.paper.texts() == ["Минуту", "Готово"]
    assert (await shop.all("runs"))[0]["status"] == "finished"
    assert [one for one in await shop.all("timers") if one["name"] != "idle:"] == []


async def test_who_writes_during_a_wait_reaches_a_person(opened: Opener):
    shop = opened(meets="script: S\nsteps:\n  a: {say: Минуту, then: b}\n  b: {wait: 3h, then: c}\n  c: {end: done}\n")
    await shop.write("здравствуйте")
    await shop.later(hours=1)
    await shop.write("я уже оплатил")
    await shop.later(seconds=3)
    (task,) = await shop.all("tasks")
    assert "я уже оплатил" in task["text"]
    assert (await shop.deal())["owner"] == "pool"
    assert [one for one in await shop.all("timers") if one["name"] != "idle:"] == []


async def test_a_task_is_due_in_working_time(opened: Opener):
    shop = opened(
        meets="script: S\nsteps:\n  a: {task: {kind: call, text: Позвонить, due: 8h, working: yes}, note: Заметка, then: b}\n  b: {end: done}\n"
    )
    await shop.write("здравствуйте")  # on Monday at 13:00 in Moscow
    (task,) = await shop.all("tasks")
    assert (task["kind"], task["due_at"]) == ("call", shop.clock.now() + (6 + 15 + 2) * 3_600_000)
    assert [e["text"] for e in await shop.all("entries") if e["kind"] == "note"] == ["Заметка"]


async def test_one_script_leads_to_another_in_the_same_turn(opened: Opener):
    shop = opened(
        meets="script: Первый\nfields: {car: Машина}\nsteps:\n  a: {set: {car: Рио}, say: Раз, run: more}\n",
        more="script: Второй\nfields: {car: Машина}\nsteps:\n  a:\n    ask: 'Какой год у {car or машины}?'\n    answer: {text: {then: b}}\n  b: {end: done}\n",
    )
    await shop.write("здравствуйте")
    assert shop.paper.texts() == ["Раз", "Какой год у Рио?"]
    first, second = await shop.all("runs")
    assert (first["bot"], first["status"], second["bot"], second["status"]) == ("meets", "finished", "more", "running")
    assert (await shop.deal())["owner"] == "bot"


async def test_scripts_that_would_go_round_for_ever_are_not_even_started(opened: Opener):
    with pytest.raises(BadPlaybook, match="in a circle in which nothing is waited for: meets → more → meets"):
        opened(meets="script: S\nsteps:\n  a: {run: more}\n", more="script: S\nsteps:\n  a: {run: meets}\n")


async def test_a_script_that_leads_to_none_is_told_with_its_file(opened: Opener):
    with pytest.raises(BadPlaybook, match=r"meets\.yaml:3:12: error: there is no script 'nowhere'"):
        opened(meets="script: S\nsteps:\n  a: {run: nowhere}\n")


async def test_outside_the_window_an_approved_template_goes_out(opened: Opener):
    shop = opened(
        PaperChannel("whatsapp", "+7900", limits=WHATSAPP),
        meets="script: S\nsteps:\n  a: {say: Минуту, then: b}\n  b: {wait: 25h, then: c}\n"
        "  c: {say: Вы ещё с нами?, template: {name: nudge, values: ['{name or клиент}']}, end: done}\n",
    )
    await shop.write("здравствуйте")
    await shop.later(hours=26)
    assert [o.kind for o in shop.paper.sent] == ["text", "template"]
    assert (shop.paper.sent[1].template, shop.paper.sent[1].variables) == ("HX77", {"1": "Клиент 1"})
    assert [e["text"] for e in await shop.all("entries") if e["author"] == "bot"][-1] == "Вы ещё с нами?"


ASKED_WHAT = (
    "script: S\nfields: {car: Машина}\ngather: 0s\nsteps:\n  a: {ask: Какая машина?, answer: {text: {save: car, then: b}}}\n"
    "  b: {wait: 25h, then: c}\n  c: {say: Вы ещё с нами?, template: {name: nudge, values: ['{car}']}, end: done}\n"
)


async def test_what_a_customer_wrote_on_many_lines_is_one_line_in_a_template(opened: Opener):
    """WhatsApp refuses the whole message over a line's end in a value, or over one that is too long."""
    shop = opened(PaperChannel("whatsapp", "+7900", limits=WHATSAPP), meets=ASKED_WHAT)
    await shop.write("здравствуйте")
    await shop.later(minutes=1)
    await shop.write("Лада\n\tПриора     седан " + "и так далее " * 300)
    await shop.later(hours=26)
    (value,) = shop.paper.sent[-1].variables.values()
    assert value.startswith("Лада Приора седан и так далее")
    assert len(value) == 300


async def test_a_template_whose_value_is_empty_is_not_sent_and_a_person_is_asked_to_write(opened: Opener):
    shop = opened(
        PaperChannel("whatsapp", "+7900", limits=WHATSAPP), meets=ASKED_WHAT.replace("{save: car, then", "{then")
    )
    await shop.write("здравствуйте")
    await shop.later(minutes=1)
    await shop.write("Лада")
    await shop.later(hours=26)
    assert [out.kind for out in shop.paper.sent] == ["text"]
    assert ["Вы ещё с нами?" in task["text"] for task in await shop.all("tasks")] == [True]


async def test_where_the_channel_has_no_such_template_a_person_is_asked_to_write(opened: Opener):
    shop = opened(
        PaperChannel("other", "1", limits=WHATSAPP),
        meets="script: S\nsteps:\n  a: {wait: 25h, then: c}\n"
        "  c: {say: Вы ещё с нами?, template: {name: nudge, values: ['{name or клиент}']}, end: done}\n",
    )
    await shop.write("здравствуйте")
    await shop.later(hours=26)
    assert shop.paper.sent == []
    assert ["Вы ещё с нами?" in task["text"] for task in await shop.all("tasks")] == [True]


async def test_inside_the_window_its_own_words_go_out(opened: Opener):
    shop = opened(
        PaperChannel("whatsapp", "+7900", limits=WHATSAPP),
        meets="script: S\nsteps:\n  a: {wait: 23h, then: c}\n"
        "  c: {say: Вы ещё с нами?, template: {name: nudge, values: ['{name or клиент}']}, end: done}\n",
    )
    await shop.write("здравствуйте")
    await shop.later(hours=24)
    assert shop.paper.texts() == ["Вы ещё с нами?"]


async def test_a_bot_without_a_trigger_is_started_by_its_name(opened: Opener):
    shop = opened(
        playbook=PLAYBOOK.replace("  meets: {on: message}\n", "  meets: {on: message}\n  vin: {}\n"),
        meets="script: S\nsteps:\n  a: {end: done}\n",
        vin="script: VIN\nfields: {vin: VIN}\nsteps:\n  a: {ask: VIN?, answer: {vin: {save: vin, then: b}}}\n  b: {end: done}\n",
    )
    await shop.write("здравствуйте")
    await shop.ask(SteerBot("start", "vin"))
    assert shop.paper.texts() == ["VIN?"]
    await shop.later(hours=3)  # the playbook's patience is two hours
    assert (await shop.deal())["reason"] == "silence"


ENDPOINT = "endpoints:\n  stock: {url: 'https://stock.example.com/', send: [car], keep: [price]}\n"
CALLS = (
    "script: S\nfields: {car: Машина, price: Цена}\nsteps:\n  ask: {ask: Машина?, answer: {text: {save: car, then: a}}}\n"
    "  a: {call: {endpoint: stock, send: [car], keep: {price: price}}, then: b, failed: c}\n"
    "  b: {say: 'Цена {price or неизвестна}', end: done}\n  c: {say: Не вышло, end: done}\n"
)


async def called(opened: Opener) -> tuple[Shop, Outgoing]:
    """A customer whose script has just asked the endpoint."""
    shop = opened(
        PaperChannel("telegram", "100"), PaperChannel("endpoint", "stock"), playbook=PLAYBOOK + ENDPOINT, meets=CALLS
    )
    await shop.write("здравствуйте")
    await shop.later(seconds=5)
    await shop.write("Лада")
    await shop.later(seconds=3)
    (call,) = asked(shop)
    return shop, call


def asked(shop: Shop) -> list[Outgoing]:
    return shop.channels["endpoint:stock"].sent


async def answered(shop: Shop, call: Outgoing, *, ok: bool = True, **fields: object) -> None:
    await shop.hear(EndpointAnswered(call.part, call.callback, ok, fields))
    await shop.settle()


async def test_a_call_goes_out_and_its_answer_leads_on(opened: Opener):
    shop, call = await called(opened)
    assert (call.kind, call.variables) == ("call", {"car": "Лада"})
    await answered(shop, call, price=1500)
    assert shop.paper.texts()[-1] == "Цена 1500"
    assert (await shop.deal())["fields"]["price"] == 1500
    assert await shop.balanced()


async def test_a_call_that_fails_leads_on_by_its_own_exit(opened: Opener):
    shop, call = await called(opened)
    await answered(shop, call, ok=False)
    assert shop.paper.texts()[-1] == "Не вышло"


async def test_an_endpoint_that_never_answers_is_given_up(opened: Opener):
    shop, _ = await called(opened)
    await shop.later(hours=1)
    assert shop.paper.texts()[-1] == "Не вышло"


async def test_an_answer_that_comes_twice_or_too_late_changes_nothing(opened: Opener):
    shop, call = await called(opened)
    await answered(shop, call, price=1500)
    said = shop.paper.texts()
    await answered(shop, call, price=1)
    await shop.hear(EndpointAnswered(call.part, "999.1", ok=True, fields={}))
    await shop.hear(EndpointAnswered(call.part, "nonsense", ok=True, fields={}))
    await shop.settle()
    assert shop.paper.texts() == said
    assert (await shop.deal())["fields"]["price"] == 1500


async def test_a_person_who_takes_over_stops_a_call_that_has_not_left(opened: Opener):
    shop = opened(
        PaperChannel("telegram", "100"), PaperChannel("endpoint", "stock"), playbook=PLAYBOOK + ENDPOINT, meets=CALLS
    )
    await shop.write("здравствуйте")
    await shop.later(seconds=5)
    await shop.hear(MessageReceived(shop.sender(), "Лада", message_id="9"))
    await shop.turns.once()
    shop.clock.advance(3_000)
    await shop.turns.once()
    assert [p["channel"] for p in await shop.all("parts") if p["state"] == "queued"] == ["endpoint"]
    await shop.ask(Take())
    await shop.settle()
    assert asked(shop) == []


async def test_a_run_whose_endpoint_the_playbook_has_lost_goes_on_by_its_exit_for_failures(opened: Opener):
    shop = opened(playbook=PLAYBOOK + ENDPOINT, meets=CALLS)  # nobody serves the endpoint
    await shop.write("здравствуйте")
    await shop.later(seconds=5)
    await shop.write("Лада")
    await shop.later(seconds=3)
    assert shop.paper.texts()[-1] == "Не вышло"


async def test_a_pinned_version_waits_as_the_playbook_says(opened: Opener):
    """A process that meets a run of an older version compiles it with the shop's own ways."""
    shop = opened(
        meets="script: S\nsteps:\n  a: {ask: Что?, answer: {text: {then: b}}}\n  b: {ask: Ещё?, answer: {text: {then: c}}}\n  c: {end: done}\n"
    )
    await shop.write("здравствуйте")
    shop.house.by_hash.clear()
    await shop.write("колодки")
    await shop.later(seconds=3)
    (run,) = await shop.all("runs")
    assert run["waits_until"] == pytest.approx(shop.clock.now() + 2 * 3_600_000, abs=5_000)


def test_the_shop_that_ships_has_no_findings():
    scripts, problems = read_scripts(find_folder("autoparts"), read_house("autoparts").playbook)
    assert len(scripts) >= 12
    assert problems == []


GREETS = """\
script: S
fields: {who: Имя, n: Штук}
close: silence
steps:
  a: {say: Привет, tag: встретили, then: b}
  b: {ask: Как вас зовут?, answer: {text: {save: who, then: c}}}
  c: {say: "Сейчас, {who or друг}", ask: Сколько штук?, answer: {number: {save: n, then: d}}}
  d: {say: "{who or друг} {n or ?}", end: done}
"""


async def test_a_bot_that_is_resumed_asks_its_open_question_again_and_knows_what_it_knew(opened: Opener):
    shop = opened(meets=GREETS)
    await shop.write("здравствуйте")
    await shop.later(seconds=5)
    await shop.write("Анна")
    await shop.later(seconds=5)
    await shop.ask(SteerBot("stop"))
    before = shop.paper.texts()
    await shop.ask(SteerBot("resume"))
    assert shop.paper.texts()[len(before) :] == ["Сколько штук?"]
    await shop.write("7")
    await shop.later(seconds=5)
    assert shop.paper.texts()[-1] == "Анна 7"
    assert [run["status"] for run in await shop.all("runs")] == ["stopped", "finished"]


async def test_a_process_that_has_never_met_a_bots_version_resumes_it_all_the_same(opened: Opener):
    """It was published anew, and this process began after that."""
    shop = opened(meets=GREETS)
    await shop.write("здравствуйте")
    await shop.later(seconds=5)
    await shop.write("Анна")
    await shop.later(seconds=5)
    await shop.ask(SteerBot("stop"))
    newer, _ = read_script(GREETS.replace("Сколько штук?", "Сколько?"), "meets", shop.house.playbook.asks)
    assert newer is not None
    shop.house.scripts = {"meets": newer}
    shop.house.by_hash.clear()
    shop.house.by_hash[newer.hash] = newer
    before = shop.paper.texts()
    await shop.ask(SteerBot("resume"))
    assert shop.paper.texts()[len(before) :] == ["Сколько штук?"]


async def test_a_customer_is_answered_in_the_language_that_their_channel_tells(opened: Opener):
    shop = opened(
        meets="script: S\nlanguage: ru\nlanguages: [ru, uk]\nclose: silence\nsteps:\n"
        "  a: {ask: {ru: Что нужно?, uk: Що потрібно?}, answer: {text: {then: b}}}\n  b: {say: {ru: Ясно, uk: Зрозуміло}, end: done}\n"
    )
    for who, language in (("1", "uk"), ("2", "ru"), ("3", "en"), ("4", "")):
        await shop.hear(MessageReceived(shop.sender(who, language=language), "добрий день"))
    await shop.settle()
    said = {who: shop.paper.texts(who)[-1] for who in "1234"}
    assert said == {"1": "Що потрібно?", "2": "Что нужно?", "3": "Что нужно?", "4": "Что нужно?"}
    assert [deal["fields"] for deal in await shop.all("deals")] == [{"language": "uk"}, {}, {}, {}]
    first = await shop.deal()
    await shop.ask(Edit(fields={"language": "ru"}), first["id"])
    await shop.later(seconds=5)
    await shop.write("фільтр", "1")
    await shop.later(seconds=5)
    assert shop.paper.texts("1")[-1] == "Ясно"


async def test_a_bot_that_is_started_begins_anew_and_one_that_has_ended_by_itself_is_not_resumed(opened: Opener):
    shop = opened(meets=GREETS)
    await shop.write("здравствуйте")
    await shop.ask(SteerBot("stop"))
    await shop.ask(SteerBot("start"))
    assert [text for text in shop.paper.texts() if "Привет" in text] == ["Привет", "Привет"]
    await shop.later(minutes=5)
    for text in ("Анна", "7"):
        await shop.write(text)
        await shop.later(seconds=5)
    with pytest.raises(Conflict) as refused:
        await shop.ask(SteerBot("resume"))
    assert refused.value.code == "not_stopped"
    await shop.ask(SteerBot("start"))
    assert [text for text in shop.paper.texts() if "Привет" in text] == ["Привет"] * 3


async def test_a_resumed_bot_waits_anew_for_an_answer(opened: Opener):
    shop = opened(meets=GREETS)
    await shop.write("здравствуйте")
    await shop.ask(SteerBot("stop"))
    await shop.later(hours=1)
    await shop.ask(SteerBot("resume"))
    (_, run) = await shop.all("runs")
    assert run["waits_until"] == shop.clock.now() + 2 * 3_600_000
    await shop.later(hours=3)
    assert [run["status"] for run in await shop.all("runs")] == ["stopped", "timed_out"]
