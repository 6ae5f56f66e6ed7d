"""What a step can do besides asking: check, wait, split, call, run another script, set tasks; and how it words things."""

import json
from collections import Counter

import pytest

from bots.kit.conversation import DAWN, Conversation
from bots.kit.effects import CallWeb, CreateTask, EndRun, HandOff, Say, SetField, StartScript, WriteNote
from bots.kit.events import Media, MessageReceived, RunStarted, TimerFired, WebAnswered
from bots.kit.hours import Hours
from bots.kit.run import Facts, RunState
from bots.kit.walk import begin, step
from tests.bots.scripts import HOUR, NOW, compiled
from tests.moments import moscow

OFFICE = Hours("Europe/Moscow", (((600, 1140),),) * 5 + ((), ()))  # Mon-Fri 10:00-19:00
FAR = Hours("Asia/Vladivostok", (((480, 720),),) * 7)  # every day 8:00-12:00, which is 1:00-5:00 in Moscow
DAY = 24 * HOUR


def talking(text: str, **facts: object) -> Conversation:
    return Conversation(compiled(text), **facts)  # type: ignore[arg-type]


def lines(said: object) -> list[str]:
    return [str(line) for line in said]  # type: ignore[attr-defined]


# -- check -----------------------------------------------------------------------------------------------------------

CHECK = """
script: S
fields: {city: City, sum: Sum}
steps:
  where:
    check:
      - city: [Тверь, Клин]
        then: near
      - {tags: {has: оптовик}, sum: {over: 50000}, then: big}
      - {city: empty, channel: {is not: sms}, then: nowhere}
      - {stage: paying, then: paying}
      - {hours: closed, then: night}
      - {window: closed, then: late}
      - {name: {has: петров}, then: petrov}
      - {sum: {under: 10}, then: small}
    else: far
  near: {end: near}
  big: {end: big}
  nowhere: {end: nowhere}
  paying: {end: paying}
  night: {end: night}
  late: {end: late}
  petrov: {end: petrov}
  small: {end: small}
  far: {end: far}
"""


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({"fields": {"city": "ТВЕРЬ!"}}, "near"),
        ({"fields": {"city": "клин"}}, "near"),
        ({"fields": {"city": "Омск", "sum": 50001}, "tags": ["Оптовик"]}, "big"),
        ({"fields": {"city": "Омск", "sum": "60 000,50"}, "tags": ["оптовик"]}, "big"),
        ({"fields": {"city": "Омск", "sum": 50000}, "tags": ["оптовик"]}, "far"),
        ({"fields": {}}, "nowhere"),
        ({"fields": {"city": "  "}}, "nowhere"),
        ({"fields": {}, "channel": "sms", "stage": "paying"}, "paying"),
        ({"fields": {"city": "Омск"}, "hours": OFFICE, "now": moscow(2025, 1, 18, 12)}, "night"),
        ({"fields": {"city": "Омск"}, "hours": OFFICE, "now": moscow(2025, 1, 17, 12)}, "far"),
        ({"fields": {"city": "Омск"}, "window": DAY, "heard_at": DAWN - DAY - 1}, "late"),
        ({"fields": {"city": "Омск"}, "name": "Пётр Петров"}, "petrov"),
        ({"fields": {"city": "Омск", "sum": 9}}, "small"),
        ({"fields": {"city": "Омск", "sum": {"a": 1}}}, "far"),
    ],
)
def test_a_check_goes_by_what_is_known(facts: dict[str, object], end: str):
    assert lines(talking(CHECK, **facts).start()) == [f"ended: finished, {end}"]


def test_a_check_sees_the_tag_that_was_set_on_the_way():
    said = talking(
        """
        script: S
        steps:
          a: {tag: vip, then: b}
          b: {check: [{tags: {has: vip}, then: yes_}], else: no_}
          yes_: {end: yes}
          no_: {end: no}
        """
    ).start()
    assert lines(said)[-1] == "ended: finished, yes"


def test_a_customer_is_spoken_to_in_their_own_language_where_the_script_speaks_it():
    text = """
        script: S
        language: ru
        languages: [ru, uk]
        fields: {language: Язык}
        steps:
          a: {say: {ru: Добрый день, uk: Добрий день}, then: b}
          b: {set: {language: uk}, then: c}
          c: {wait: 1h, then: d}
          d: {say: {ru: Пока, uk: Бувай}, check: [{language: uk, then: e}], else: f}
          e: {end: uk}
          f: {end: ru}
        """
    assert lines(talking(text, language="ru").start()) == ["bot: Добрый день"]
    assert lines(talking(text, language="ru", fields={"language": "uk"}).start()) == ["bot: Добрий день"]
    for unknown in ("xx", 7, None, ["uk"]):
        assert lines(talking(text, language="uk", fields={"language": unknown}).start()) == ["bot: Добрий день"]
    talk = talking(text, language="ru")
    talk.start()
    assert lines(talk.wait(HOUR)) == ["bot: Бувай", "ended: finished, uk"]


# -- wait ------------------------------------------------------------------------------------------------------------


def waiting(wait: str, more: str = "", **facts: object) -> Conversation:
    return talking(
        f"""
        script: S
        fields: {{visit: Visit, words: Words}}
        steps:
          a: {{wait: {wait}, then: b, {more}}}
          b: {{say: Time, end: done}}
          heard: {{say: "Heard: {{words}}", end: heard}}
        """ if "heard" in more else f"""
        script: S
        fields: {{visit: Visit}}
        steps:
          a: {{wait: {wait}, then: b{', ' + more if more else ''}}}
          b: {{say: Time, end: done}}
        """,
        **facts,
    )  # fmt: skip


def test_a_wait_ends_in_its_time_and_not_before():
    talk = waiting("24h")
    assert talk.start() == []
    assert talk.run.waits_until == DAWN + DAY
    assert talk.wait(DAY - 1) == []
    assert lines(talk.wait(1)) == ["bot: Time", "ended: finished, done"]


@pytest.mark.parametrize(
    ("wait", "until"),
    [
        ("{for: 2h}", (2025, 1, 17, 20)),
        ("{for: 2h, working: yes}", (2025, 1, 20, 11)),
        ("{for: 1h, working: no}", (2025, 1, 17, 19)),
        ("2h working", (2025, 1, 20, 11)),
        ("1d working", (2025, 1, 20, 18)),
        ("{for: 1d 2h working}", (2025, 1, 21, 11)),
        ("{for: 3d, working: yes}", (2025, 1, 22, 18)),
        ("{for: 24h, working: yes}", (2025, 1, 22, 15)),
        ("{for: 1d, working: no}", (2025, 1, 18, 18)),
        ("{for: 1d, calendar: far}", (2025, 1, 19, 1)),
        ("{for: 2d working, until: open}", (2025, 1, 21, 18)),
        ("{for: 2h, calendar: hours}", (2025, 1, 20, 11)),
        ("{for: 2h, calendar: far}", (2025, 1, 18, 3)),
        ("{for: 2h working, calendar: far}", (2025, 1, 18, 3)),
        ("{for: 2h, calendar: gone}", (2025, 1, 20, 11)),
        ("{until: 10:00, calendar: far}", (2025, 1, 18, 3)),
        ("{until: visit, calendar: far}", (2025, 1, 25, 3)),
        ("{until: visit, at: 6:00, calendar: far}", (2025, 1, 25, 1)),
        ("{for: 2h, until: open}", (2025, 1, 20, 10)),
        ("{for: 3d, until: open}", (2025, 1, 20, 18)),
        ("{until: 10:00}", (2025, 1, 18, 10)),
        ("{until: 18:30}", (2025, 1, 17, 18, 30)),
        ("{until: 10:00, working: yes}", (2025, 1, 20, 10)),
        ("{until: visit}", (2025, 1, 25, 10)),
        ("{until: visit, at: 9:15}", (2025, 1, 25, 9, 15)),
        ("{until: visit, at: 9:00, before: 1d}", (2025, 1, 24, 9)),
        ("{until: visit, working: yes}", (2025, 1, 27, 10)),
    ],
)
def test_a_wait_knows_the_clock_and_the_calendar(wait: str, until: tuple[int, ...]):
    talk = waiting(
        wait, hours=OFFICE, now=moscow(2025, 1, 17, 18), fields={"visit": "2025-01-25"}, calendars={"hours": OFFICE, "far": FAR}
    )  # fmt: skip
    talk.start()
    assert talk.run.waits_until == moscow(*until)


@pytest.mark.parametrize(
    ("due", "at"),
    [
        ("due: 1h", (2025, 1, 17, 19, 30)), ("due: 1h working", (2025, 1, 20, 10, 30)), ("due: 1h, working: yes", (2025, 1, 20, 10, 30)),
        ("due: 1h, calendar: far", (2025, 1, 18, 2)), ("due: 1h working, calendar: far", (2025, 1, 18, 2)),
        ("due: 1d", (2025, 1, 18, 18, 30)), ("due: 1d working", (2025, 1, 20, 18, 30)), ("due: 1d, working: yes", (2025, 1, 20, 18, 30)),
        ("due: 2d, calendar: far", (2025, 1, 20, 1)), ("due: 1d 1h working", (2025, 1, 21, 10, 30)),
    ],
)  # fmt: skip
def test_a_task_is_due_in_the_working_time_of_whoever_is_named(due: str, at: tuple[int, ...]):
    script = compiled(f"script: S\nsteps:\n  a: {{task: {{text: T, {due}}}, end: done}}\n")
    facts = Facts(moscow(2025, 1, 17, 18, 30), hours=OFFICE, calendars={"far": FAR})
    _, effects = step(script, begin(script), RunStarted(), facts)
    assert [one.due_at for one in effects if isinstance(one, CreateTask)] == [moscow(*at)]


@pytest.mark.parametrize(("toggle", "until"), [("open", (2025, 1, 17, 20)), ("closed", (2025, 1, 18, 3))])
def test_a_shop_that_is_shut_in_a_talk_is_shut_by_every_calendar(toggle: str, until: tuple[int, ...]):
    talk = waiting("{for: 2h, calendar: far}", now=moscow(2025, 1, 17, 18), calendars={"far": FAR})
    talk.hours_are = toggle  # type: ignore[assignment]
    talk.start()
    # 18:00 in Moscow is already the next day there: shut today, it opens on the day after.
    assert talk.run.waits_until == (moscow(*until) if toggle == "open" else moscow(2025, 1, 19, 3))


def test_a_day_in_another_century_is_none_to_wait_for():
    """Nobody would hear of the customer again: the day was mistyped, or came from a hostile endpoint."""
    talk = waiting("{until: visit}", fields={"visit": "2225-01-25"})
    assert talk.start() != []
    assert talk.run.status != "running"


def test_a_wait_until_the_shop_is_open_does_not_wait_while_it_is():
    assert lines(waiting("{until: open}", hours=OFFICE, now=moscow(2025, 1, 17, 18)).start())[0] == "bot: Time"
    talk = waiting("{until: open}", hours=OFFICE, now=moscow(2025, 1, 17, 22))
    assert talk.start() == []
    assert talk.run.waits_until == moscow(2025, 1, 20, 10)
    assert lines(waiting("{until: open}").start())[0] == "bot: Time"


def test_a_field_called_open_is_waited_for_as_any_other():
    script = compiled("script: S\nfields: {open: Day}\nsteps:\n  a: {wait: {until: open}, then: b}\n  b: {end: done}\n")
    talk = Conversation(script, hours=OFFICE, now=moscow(2025, 1, 17, 22), fields={"open": "2025-02-01"})
    talk.start()
    assert talk.run.waits_until == moscow(2025, 2, 1, 10)


def test_an_hour_at_which_the_shop_is_never_open_is_its_next_opening():
    talk = waiting("{until: 5:00, working: yes}", hours=OFFICE, now=moscow(2025, 1, 17, 12))
    talk.start()
    assert talk.run.waits_until == moscow(2025, 1, 20, 10)


def test_without_a_calendar_all_time_is_working_time():
    talk = waiting("{for: 2h, working: yes}")
    talk.start()
    assert talk.run.waits_until == DAWN + 2 * HOUR
    talk = waiting("3d working")
    talk.start()
    assert talk.run.waits_until == DAWN + 3 * DAY


def test_a_day_that_is_over_is_not_waited_for():
    assert lines(waiting("{until: visit}", fields={"visit": "2024-01-25"}).start())[0] == "bot: Time"


@pytest.mark.parametrize("value", [None, "", "скоро", "2025-02-30", 7, ["2025-01-25"], "9999-12-31", "0001-01-01"])
def test_a_field_without_a_day_leads_elsewhere(value: object):
    talk = talking(
        """
        script: S
        fields: {visit: Visit}
        steps:
          a: {wait: {until: visit}, then: b, else: c}
          b: {end: then}
          c: {end: nothing}
        """,
        fields={"visit": value},
    )
    assert lines(talk.start()) == ["ended: finished, nothing"]


def test_who_writes_during_a_wait_is_led_on_after_the_whole_burst():
    talk = waiting("24h", "message: heard, save: words")
    talk.start()
    talk.wait(HOUR)
    assert talk.hear(MessageReceived(text="я уже")) == []
    talk.wait(1_000)
    assert talk.hear(MessageReceived(text="оплатил")) == []
    assert lines(talk.settle()) == ["bot: Heard: я уже\nоплатил".replace("\n", "\n  "), "ended: finished, heard"]
    assert talk.timers == {}


def test_who_writes_during_a_wait_that_says_nothing_of_it_gets_a_person():
    talk = waiting("24h")
    talk.start()
    talk.wait(HOUR)
    talk.hear(MessageReceived(text="я уже оплатил", media=(Media("photo", "check"),)))
    said = lines(talk.settle())
    assert said[0] == "bot: Передаю ваш вопрос менеджеру: он ответит вам здесь же."
    assert said[1].startswith("handed off: wrote_meanwhile\n")
    assert "Последнее сообщение: я уже оплатил" in said[1]
    assert talk.fields["files"] == ["check"]


def test_words_win_over_the_end_of_the_wait_that_they_race():
    talk = waiting("24h", "message: heard, save: words")
    talk.start()
    talk.wait(DAY - 1_000)
    talk.hear(MessageReceived(text="стойте"))
    assert lines(talk.wait(1_000))[0] == "bot: Heard: стойте"


def test_a_sticker_during_a_wait_is_nothing():
    talk = waiting("24h")
    talk.start()
    talk.wait(HOUR)
    assert talk.hear(MessageReceived(media=(Media("sticker", "s"),))) == []
    assert lines(talk.wait(DAY))[0] == "bot: Time"


def test_who_asks_for_a_person_during_a_wait_gets_one_at_once():
    talk = waiting("24h", "message: heard, save: words")
    talk.start()
    talk.wait(HOUR)
    assert lines(talk.hear(MessageReceived(text="позовите менеджера")))[1].startswith("handed off: asked_for_person")


def test_the_words_that_started_a_run_are_no_message_during_its_first_wait():
    talk = waiting("24h", "message: heard, save: words")
    assert talk.hear(MessageReceived(text="здравствуйте")) == []
    talk.wait(1_000)
    assert talk.hear(MessageReceived(text="есть вопрос")) == []
    assert talk.settle() == []
    assert lines(talk.wait(DAY))[0] == "bot: Time"


def test_a_wait_that_follows_a_question_leaves_no_timer_of_it():
    talk = talking(
        """
        script: S
        steps:
          a: {ask: Q, choices: {x: {label: Икс}}, remind: [{after: 1h, say: R}], then: b}
          b: {wait: 1d, then: c}
          c: {end: done}
        """
    )
    talk.start()
    talk.hear(MessageReceived(text="1"))
    assert talk.timers == talk.run.timers == {"wait": DAWN + DAY}


# -- split -----------------------------------------------------------------------------------------------------------

SPLIT = """
script: S
steps:
  a: {split: {short: 30, long: 70}}
  short: {wait: 1d, then: a}
  long: {wait: 1d, then: a}
"""


def test_a_split_is_drawn_by_the_number_that_is_handed_in_and_kept():
    script = compiled(SPLIT)
    run, _ = step(script, begin(script), RunStarted(), Facts(NOW, seed=7))
    assert run.arms == {"a": run.step}
    again = RunState.from_json(json.loads(json.dumps(run.to_json())))
    assert again.arms == run.arms
    after, _ = step(script, again, TimerFired("wait"), Facts(NOW + DAY, seed=12345))
    assert after.arms == run.arms
    assert after.step == run.step


def test_a_split_keeps_to_its_shares():
    script = compiled(SPLIT)
    drawn = Counter(step(script, begin(script), RunStarted(), Facts(NOW, seed=seed))[0].step for seed in range(10_000))
    assert 2_700 < drawn["short"] < 3_300
    assert drawn["short"] + drawn["long"] == 10_000


# -- tasks, notes, other scripts ----------------------------------------------------------------------------------------


def test_a_task_is_set_and_the_run_goes_on():
    script = compiled(
        """
        script: S
        fields: {car: Машина}
        steps:
          a:
            note: "Записано: {car or ничего}"
            task: {kind: call, text: "Позвонить {name or клиенту}", due: 2h, working: yes, show: [car]}
            then: b
          b: {task: Проверить, then: c}
          c: {end: done}
        """
    )
    friday = moscow(2025, 1, 17, 18)
    _, effects = step(script, begin(script), RunStarted(), Facts(friday, "Анна", fields={"car": "Рио"}, hours=OFFICE))
    note, call, check, end = effects
    assert note == WriteNote("Записано: Рио")
    assert call == CreateTask("call", "Позвонить Анна\nМашина: Рио", {"car": "Рио"}, moscow(2025, 1, 20, 11))
    assert check == CreateTask("task", "Проверить", {}, None)
    assert isinstance(end, EndRun)


def test_another_script_begins_when_this_run_has_ended():
    script = compiled("script: S\nsteps:\n  a: {say: Hi, run: other}\n")
    run, effects = step(script, begin(script), RunStarted(), Facts(NOW))
    assert effects == (Say("Hi"), EndRun("finished", "run"), StartScript("other"))
    assert run.status == "finished"
    assert script.runs == ("other",)


# -- the web -----------------------------------------------------------------------------------------------------------

CALL = """
script: S
fields: {car: Car, price: Price, term: Term}
steps:
  a:
    call: {endpoint: stock, send: [car], keep: {price: price, days: term}}
    then: b
    failed: c
  b: {say: "{price or ?} {term or ?}", end: done}
  c: {end: failed}
"""


def called() -> tuple[object, RunState]:
    script = compiled(CALL)
    run, effects = step(script, begin(script), RunStarted(), Facts(NOW, fields={"car": "Рио", "secret": 1}))
    assert effects[-1] == CallWeb("stock", {"car": "Рио"}, 1)
    assert run.timers == {"call": NOW + 60_000}
    return script, run


def test_an_endpoints_answer_is_kept_and_the_run_goes_on():
    script, run = called()
    _, effects = step(
        script, run, WebAnswered(1, ok=True, fields={"price": 100, "days": [1], "other": "x"}), Facts(NOW)
    )  # type: ignore[arg-type]
    assert [e for e in effects if isinstance(e, (SetField, Say))] == [SetField("price", 100), Say("100 ?")]


def test_an_endpoint_that_fails_or_is_late_leads_elsewhere():
    script, run = called()
    for event in (WebAnswered(1, ok=False), TimerFired("call")):
        after, effects = step(script, run, event, Facts(NOW + 60_000))  # type: ignore[arg-type]
        assert effects[-1] == EndRun("finished", "failed")
        assert after.timers == {}


def test_an_answer_to_an_older_call_does_nothing():
    script, run = called()
    assert step(script, run, WebAnswered(7, ok=True), Facts(NOW)) == (run, ())  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**60, {"a": 1}, None, b"x"])
def test_what_cannot_be_kept_of_an_answer_is_not(value: object):
    script, run = called()
    _, effects = step(script, run, WebAnswered(1, ok=True, fields={"price": value}), Facts(NOW))  # type: ignore[arg-type]
    assert not any(isinstance(effect, SetField) for effect in effects)


def test_without_a_way_for_failures_a_person_goes_on():
    script = compiled(CALL.replace("    failed: c\n", "").replace("  c: {end: failed}\n", ""))
    run, _ = step(script, begin(script), RunStarted(), Facts(NOW))
    _, effects = step(script, run, WebAnswered(1, ok=False), Facts(NOW))
    assert isinstance(effects[-1], HandOff)
    assert effects[-1].reason == "call_failed"
