"""One customer and the whole shop: the playbook says which bot meets them, which begins on a stage, and which falls silent."""

from random import Random

import pytest

from bots.kit.acts import BadAct
from bots.kit.conversation import WINDOWS, TooLong
from bots.kit.inquiry import Inquiry
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.script import Script
from bots.kit.simulator import Simulator
from tests.bots.scripts import compiled

SHOP = """\
playbook: Магазин
zone: Europe/Moscow
funnels:
  retail: {title: Розница, stages: {new: Новая, asked: Вопрос, offer: Предложение, paying: Оплата, round: Круг, back: Назад}, won: Выдан, lost: Нет}
bots:
  day: {on: message}
  night: {on: message, when: closed}
  followup: {on: stage, stage: offer, after: 24h}
  collector: {on: stage, stage: paying}
  ring: {on: stage, stage: round}
  gnir: {on: stage, stage: back}
reasons: {silence: Молчит}
hours: {week: {mon-fri: 10:00-19:00}}
"""
ASKS = "script: {0}\nclose: silence\nsteps:\n  a: {{say: {0}, ask: Что?, answer: {{text: {{then: b}}}}}}\n  b: {{end: done}}\n"
SCRIPTS = {
    **{name: compiled(ASKS.format(name), name) for name in ("day", "night", "followup", "collector")},
    "ring": compiled("script: R\nsteps:\n  a: {move: back, end: done}\n", "ring"),
    "gnir": compiled("script: G\nsteps:\n  a: {move: round, end: done}\n", "gnir"),
}


def shop_of(text: str = SHOP) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None, problems
    return playbook


def trying(playbook: Playbook | None = None, scripts: dict[str, Script] | None = None, **about: object) -> Simulator:
    shop = playbook or shop_of()
    known = SCRIPTS if scripts is None else scripts
    return Simulator(
        lambda: Inquiry(SCRIPTS["day"], playbook=shop, others=known, zone=shop.zone, hours=shop.hours, **about)
    )  # type: ignore[arg-type]


def said(simulator: Simulator, *lines: str) -> list[str]:
    return [str(line) for line in [simulator.play(line) for line in lines][-1].lines]


@pytest.mark.parametrize(
    ("before", "bot"),
    [
        ([], "day"),
        (["/until friday 22:00"], "night"),
        (["/hours closed"], "night"),
        (["/until sunday 12:00", "/hours open"], "day"),
    ],
)
def test_the_bot_of_the_hour_meets_the_customer(before: list[str], bot: str):
    assert said(trying(), *before, "здравствуйте")[:2] == [f"script: {bot}", f"bot: {bot}"]


def test_where_no_bot_meets_anybody_a_person_has_to():
    assert said(trying(shop_of(SHOP.replace("on: message", "within: 1h", 1))), "здравствуйте") == ["task: answer"]


def test_an_open_inquiry_is_not_met_again_and_the_next_one_is():
    simulator = trying()
    assert said(simulator, "здравствуйте", "/+1m", "колодки") == ["ended: finished, done"]
    assert said(simulator, "ещё вопрос") == []
    assert said(simulator, "/stage won", "/until friday 22:00", "снова я")[0] == "script: night"
    assert simulator.now.stage == "new"


def test_a_stages_bot_begins_after_its_while_and_is_gone_when_the_deal_moves_on():
    simulator = trying()
    assert said(simulator, "/stage offer", "/+23h") == []
    assert said(simulator, "/+1h")[0] == "script: followup"
    assert said(simulator, "/stage asked") == ["stopped: moved"]
    simulator.restart()
    assert said(simulator, "/stage offer", "/+23h", "/stage asked", "/+48h") == []
    assert said(simulator, "/stage offer", "/+23h") == []


def test_a_bot_that_is_speaking_is_not_cut_off_by_a_stages():
    assert said(trying(), "здравствуйте", "/stage paying") == ["task: busy, collector"]


def test_a_deal_that_is_closed_by_hand_silences_its_bot():
    assert said(trying(), "здравствуйте", "/stage lost") == ["stopped: closed"]


def test_a_conversation_may_begin_on_a_stage():
    simulator = trying(stage="paying")
    assert said(simulator, "/+0s")[0] == "script: collector"
    assert said(trying(stage="asked"), "здравствуйте") == []


def test_a_stage_that_there_is_not_is_named():
    with pytest.raises(BadAct, match=r"there is no stage 'ofer'\. Did you mean 'offer'"):
        trying().play("/stage ofer")


def test_bots_that_begin_each_other_for_ever_are_stopped():
    with pytest.raises(TooLong):
        trying().play("/stage round")


def test_a_stages_bot_that_works_by_day_waits_until_the_shop_opens():
    shop = shop_of(SHOP.replace("after: 24h", "after: 24h, working: yes"))
    simulator = trying(shop)
    assert said(simulator, "/until thursday 22:00", "/stage offer", "/until friday 23:59") == []
    assert said(simulator, "/until monday 9:59") == []
    assert said(simulator, "/+1m")[0] == "script: followup"
    simulator.restart()
    assert said(simulator, "/stage offer", "/+23h", "/hours closed", "/+1h") == []
    assert said(simulator, "/until tomorrow 9:00", "/hours auto", "/until 10:00")[0] == "script: followup"


LINES = (
    "привет", "колодки", "/+30m", "/+25h", "/stage offer", "/stage paying", "/stage asked", "/stage won", "/hours closed", "/hours auto", "/fail",
    "/burst", "/until friday 22:00", "/channel whatsapp", "/start", "позовите менеджера", "[photo a.jpg]",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(100))
def test_whatever_happens_to_a_shop_is_saved_as_a_talk_that_holds(seed: int):
    rng = Random(seed)
    channel = "whatsapp" if seed % 2 else "chat"
    simulator = trying(channel=channel, window=WINDOWS.get(channel, 0), stage="offer" if seed % 5 == 0 else "")
    for _ in range(rng.randint(1, 15)):
        simulator.play(rng.choice(LINES))
    text = simulator.talk()
    assert "rules: yes\n" in text
    assert simulator.holds(text, shop_of(), SCRIPTS) == []
