"""The simulator: a line is a message or an act, the same lines give the same conversation, and what is saved holds."""

from random import Random

import pytest

from bots.kit.acts import HELP, BadAct, read_act, until
from bots.kit.conversation import DAWN, WINDOWS, Conversation, TooLong
from bots.kit.hours import Hours
from bots.kit.script import Script
from bots.kit.simulator import Simulator, told
from tests.bots.scripts import PROBE, compiled

WEEK = Hours("Europe/Moscow", (((600, 1140),),) * 5 + ((), ()))
WAITING = """
script: W
fields: {need: Need}
steps:
  open: {check: [{hours: open, then: day}], else: night}
  day: {say: Работаем, then: later}
  night: {say: Закрыто, then: later}
  later: {wait: {for: 2h, working: yes}, then: ask}
  ask: {say: Раз, ask: "Что нужно?", answer: {text: {save: need, then: bye}}}
  bye: {say: "Запомнил: {need}", end: done}
"""


def trying(script: str | Script = PROBE, **about: object) -> Simulator:
    read = compiled(script) if isinstance(script, str) else script
    return Simulator(lambda: Conversation(read, **about))  # type: ignore[arg-type]


def said(simulator: Simulator, *lines: str) -> list[str]:
    """What the last of these lines brought about."""
    return [str(line) for line in [simulator.play(line) for line in lines][-1].lines]


def saved(simulator: Simulator) -> str:
    text = simulator.talk("Как сохранено")
    assert simulator.holds(text, None, {}) == []
    return text


# -- acts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", HELP)
def test_every_act_that_is_listed_is_understood(line: str):
    assert read_act(line).kind != "message"


@pytest.mark.parametrize(
    ("line", "help"),
    [
        ("/hous closed", "there is no '/hous'. Did you mean '/hours'? A message that begins with / is written with //"),
        ("/restrat", "Did you mean '/start'? A message"),
        ("/hours", "/hours is followed by open, closed or auto"),
        ("/window maybe", "/window is followed by open, closed or auto"),
        ("/channel Ю", "/channel is followed by a channel"),
        ("/until whenever", "/until is followed by a time"),
        ("/until 25:00", "/until is followed by a time"),
        ("/+soon", "a jump is written like"),
        ("/fail often", "there is no"),
    ],
)
def test_a_line_that_means_nothing_says_what_would(line: str, help: str):
    with pytest.raises(BadAct) as bad:
        read_act(line)
    assert help in str(bad.value)


def test_a_message_may_begin_with_a_slash_all_the_same():
    assert read_act("//start").about == "/start"


@pytest.mark.parametrize(
    ("when", "clock"),
    [
        ("12:00", "2025-01-15 12:00:00"),
        ("10:59", "2025-01-16 10:59:00"),
        ("wednesday 12:00", "2025-01-15 12:00:00"),
        ("wednesday 9:00", "2025-01-22 09:00:00"),
        ("Monday 9:00", "2025-01-20 09:00:00"),
        ("пн 9:00", "2025-01-20 09:00:00"),
        ("завтра 23:59", "2025-01-16 23:59:00"),
        ("2025-03-01 8:30", "2025-03-01 08:30:00"),
        ("2001-01-01 8:30", "2025-01-15 11:00:00"),
    ],
)
def test_the_clock_goes_to_a_day_and_an_hour_of_the_shop_and_never_back(when: str, clock: str):
    simulator = trying()
    simulator.play(f"/until {when}")
    assert simulator.now.clock() == clock


def test_no_day_that_there_is_not_is_taken():
    assert until("2025-02-30 9:00", DAWN, "UTC") is None
    assert until("someday 9:00", DAWN, "UTC") is None


def test_working_hours_are_toggled_and_put_back():
    assert said(trying(WAITING, hours=WEEK), "здравствуйте")[0] == "bot: Работаем"
    assert said(trying(WAITING, hours=WEEK), "/hours closed", "здравствуйте")[0] == "bot: Закрыто"
    assert said(trying(WAITING, hours=WEEK), "/until sunday 12:00", "/hours open", "здравствуйте")[0] == "bot: Работаем"
    assert said(trying(WAITING, hours=WEEK), "/until sunday 12:00", "здравствуйте")[0] == "bot: Закрыто"
    assert said(trying(WAITING), "/hours closed", "/hours auto", "здравствуйте")[0] == "bot: Работаем"


def test_a_working_wait_goes_on_from_the_next_day_when_the_shop_is_shut_today():
    simulator = trying(WAITING, hours=WEEK)
    simulator.play("/hours closed")
    simulator.play("здравствуйте")
    assert said(simulator, "/until tomorrow 11:59") == []
    assert said(simulator, "/+2m")[0] == "bot: Раз"


TEMPLATED = """
script: T
steps:
  a: {say: Да, then: b}
  b: {wait: 1h, then: c}
  c: {say: Ещё здесь?, template: {name: nudge}, then: d}
  d: {wait: 1h, then: e}
  e: {say: Пока, end: done}
"""


def test_a_shut_window_lets_templates_through_and_nothing_else():
    simulator = trying(TEMPLATED)
    simulator.play("привет")
    assert said(simulator, "/window closed", "/+1h") == ["template: nudge\n  Ещё здесь?"]
    assert said(simulator, "/+1h") == ["failed: Пока", "ended: finished, done", "task: undelivered"]
    assert saved(simulator)


def test_on_whatsapp_the_window_shuts_by_itself_a_day_after_the_last_message():
    simulator = trying(
        "script: T\nsteps:\n  a: {wait: 25h, then: b}\n  b: {say: Пока, end: done}\n",
        channel="whatsapp",
        window=WINDOWS["whatsapp"],
    )
    simulator.play("привет")
    assert said(simulator, "/+25h")[0] == "failed: Пока"
    simulator.restart()
    simulator.play("привет")
    assert said(simulator, "/channel telegram", "/+25h")[0] == "bot: Пока"


def test_a_message_that_does_not_arrive_stops_the_bot_and_calls_a_person():
    simulator = trying()
    assert said(simulator, "/fail", "привет") == ["failed: Hello", "stopped: undelivered", "task: undelivered"]
    assert simulator.now.run.status == "stopped"
    assert said(simulator, "1") == []
    assert said(simulator, "/+11h") == []
    assert saved(simulator)


def test_a_burst_is_one_answer_and_settles_when_it_is_over():
    simulator = trying()
    for line in ("привет", "1", "/burst", "лада", "веста", "2019"):
        played = simulator.play(line)
        assert "лада" not in simulator.now.fields.get("car", "")
    assert played.lines == ()
    assert said(simulator, "/burst")[-1].startswith("handed off: finished")
    assert simulator.now.fields["car"] == "лада\nвеста\n2019"
    assert saved(simulator)


def test_a_photo_comes_where_a_text_was_asked_for():
    simulator = trying()
    assert said(simulator, "привет", "1", "[photo sts.jpg] вот")[0] == "bot: Thanks"
    assert simulator.now.fields["papers"] == ["photo:sts.jpg"]
    assert saved(simulator)


# -- why ---------------------------------------------------------------------------------------------------------------


def test_each_line_says_at_which_step_it_was_said():
    simulator = trying()
    lines = [(line.text.splitlines()[0], line.step) for line in simulator.play("привет").lines]
    assert lines == [("Hello", "menu"), ("Pick one", "menu")]
    simulator.play("2")
    lines = [(line.text.splitlines()[0], line.step) for line in simulator.play("7").lines]
    assert lines == [("Thanks", "done"), ("finished", "done")]


def test_the_reasons_of_a_step_are_told_in_order():
    simulator = trying()
    simulator.play("привет")
    assert [told(one) for one in simulator.play("машина").why] == [
        "menu: 'машина' names a choice", "menu: goes on by 'choice 1'", "car: comes to this step",
    ]  # fmt: skip
    simulator = trying(WAITING, hours=WEEK)
    simulator.play("/hours closed")
    why = [told(one) for one in simulator.play("привет").why]
    assert "open: 'if 1' does not hold: hours: нет" in why


def test_a_file_without_words_is_no_empty_quote():
    simulator = trying()
    simulator.play("привет")
    why = [told(one) for one in simulator.play("[voice]").why]
    assert "menu: what was sent is no answer to this" in why


def test_nobody_is_told_why_who_has_not_asked():
    talk = Conversation(compiled(PROBE))
    talk.start()
    assert talk.why is None


# -- what is saved ------------------------------------------------------------------------------------------------------


def test_what_is_saved_is_a_plain_dialogue_that_holds():
    simulator = trying(channel="sms", name="иван", fields={"order": 7}, tags=["vip"])
    for line in ("привет", "/now", "2", "/+1h", "много", "7"):
        simulator.play(line)
    text = saved(simulator)
    assert text.startswith(
        "# Как сохранено\nscript: probe\nname: иван\nchannel: sms\ntags: vip\nfields: order=7\n\n"
        "customer: привет\nbot: Hello\nbot: Pick one\n  1. Автомобиль\n"
    )
    assert text.endswith(
        "customer: 7\nbot: Thanks\nhanded off: finished\n  Call back\n  Picked: Количество\n  Count: 7\n"
    )
    assert "/now 2025-01-15 11:00:02\ncustomer: 2\n" in text


def test_messages_that_were_no_burst_are_not_saved_as_one():
    simulator = trying("script: S\nsteps:\n  a: {wait: 1d, then: b}\n  b: {end: done}\n")
    simulator.play("раз")
    simulator.play("два")
    text = saved(simulator)
    assert "customer: раз\n/+0s\ncustomer: два\n" in text


def test_a_text_of_several_paragraphs_is_saved_and_read_back():
    simulator = trying('script: S\nsteps:\n  a: {say: "Раз\\n\\nдва\\n\\n\\nтри", end: done}\n')
    simulator.play("привет\n\nкак дела")
    assert "bot: Раз\n\n  два\n\n\n  три\n" in saved(simulator)


def test_a_silent_beginning_is_saved_too():
    script = compiled("script: S\nsteps:\n  a: {wait: 1d, then: b}\n  b: {say: Пора, end: done}\n")
    simulator = Simulator(lambda: Conversation(script), first=("/start",))
    simulator.play("/+1d")
    assert "/start\n/+1d\nbot: Пора\n" in saved(simulator)


def test_all_begins_anew():
    simulator = trying()
    first = said(simulator, "привет")
    simulator.play("1")
    simulator.restart()
    assert said(simulator, "привет") == first


def test_more_than_is_allowed_does_not_happen():
    round_ = "script: S\nsteps:\n  a: {wait: 5s, then: b}\n  b: {say: Ау, then: c}\n  c: {wait: 5s, then: a}\n"
    simulator = trying(round_, most=100)
    simulator.play("привет")
    with pytest.raises(TooLong):
        simulator.play("/+9d")


LINES = (
    "привет", "1", "2", "3", "лада веста", "[photo a.jpg]", "[voice]", "[phone +79161234567]", "позовите менеджера", "/+30m", "/+10h", "/burst", "/fail",
    "/window closed", "/window auto", "/hours closed", "/hours auto", "/channel whatsapp", "/channel telegram", "/until monday 9:00", "/now",
    "/start", "//start", "много\n\nстрок", "  отступ", "точка…",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_whatever_is_tried_is_saved_as_a_talk_that_holds_and_is_played_the_same_again(seed: int):
    rng = Random(seed)
    script = compiled(rng.choice([PROBE, WAITING, TEMPLATED]))
    simulator = Simulator(
        lambda: Conversation(
            script, channel="whatsapp" if seed % 3 else "chat", window=WINDOWS["whatsapp"] if seed % 3 else 0
        ),
        first=("/start",) if seed % 4 == 0 else (),
    )
    tried = [rng.choice(LINES) for _ in range(rng.randint(1, 12))]
    lines = [simulator.play(line).lines for line in tried]
    saved(simulator)
    simulator.restart()
    assert [simulator.play(line).lines for line in tried] == lines
    assert simulator.now.now >= DAWN
