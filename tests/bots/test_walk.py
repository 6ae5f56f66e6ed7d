"""How a conversation goes: bursts, timers, silence, people, files, and what is never said."""

import statistics
import time

import pytest

from bots.kit.effects import (
    AddTag,
    CancelTimer,
    CloseDeal,
    CreateTask,
    EndRun,
    HandOff,
    MoveStage,
    Say,
    SetField,
    SetTimer,
)
from bots.kit.events import Media, MessageReceived, RunStarted
from bots.kit.walk import MOST_HEARD, Facts, RunState, step, stop
from tests.bots.scripts import HOUR, NOW, PROBE, compiled
from tests.bots.walker import Bot, said

PHOTO = Media("photo", "p1")
VOICE = Media("voice", "v1")
STICKER = Media("sticker", "s1")


def test_a_run_begins_by_saying_its_first_step_with_buttons_and_a_clock():
    bot = Bot(started=False)
    greeting, question, clock = bot.take(RunStarted())
    assert greeting == Say("Hello")
    assert isinstance(question, Say)
    assert [choice.key for choice in question.choices] == ["car", "count", "tel", "vin"]
    assert clock == SetTimer("patience", NOW + 10 * HOUR)
    assert (bot.run.status, bot.run.turn, bot.run.waits_until) == ("running", 1, NOW + 10 * HOUR)


def test_a_second_start_says_nothing():
    bot = Bot()
    assert bot.take(RunStarted()) == ()


def test_a_first_message_without_a_start_begins_the_run_and_is_not_lost():
    bot = Bot(started=False)
    effects = bot.says("2")
    assert said(effects) == ["Hello", "Pick one", "How many?"]


def test_the_message_that_started_the_run_is_no_wrong_answer():
    bot = Bot(started=False)
    bot.take(RunStarted())
    for text in ("здравствуйте", "у меня вопрос", "по машине какой-то"):
        assert said(bot.says(text)) == []
        bot.now += 1_500
    assert said(bot.fires("settle", 500)) == []
    assert (bot.run.tries, bot.run.heard, bot.run.timers) == (0, (), {"patience": NOW + 10 * HOUR})
    bot.now += HOUR
    assert len(said(bot.settled("ну не знаю"))) == 1
    assert bot.run.tries == 1


def test_the_words_that_started_a_run_are_not_taken_for_a_free_answer():
    bot = Bot(
        "script: S\nfields: {q: Q}\nsteps:\n  a: {ask: What?, answer: {text: {save: q, then: b}}}\n  b: {end: done}\n",
        started=False,
    )
    bot.take(RunStarted())
    assert said(bot.settled("здравствуйте")) == []
    bot.now += HOUR
    assert SetField("q", "колодки") in bot.settled("колодки")


@pytest.mark.parametrize(
    "message", [{"text": "1"}, {"text": "машина"}, {"text": "x", "choice": "car"}, {"text": "афтомобиль"}]
)
def test_a_choice_is_taken_at_once(message: dict[str, str]):
    bot = Bot()
    effects = bot.says(**message)
    assert effects[0] == CancelTimer("remind:1") or effects[0] == SetField("picked", "Автомобиль")
    assert said(effects) == ["Which car?"]
    assert (bot.run.step, bot.run.turn) == ("car", 2)


def test_a_button_that_is_not_of_this_question_counts_as_its_text():
    bot = Bot()
    assert bot.says("", choice="nothing_here") == ()
    assert bot.run.step == "menu"


def test_a_burst_is_one_answer_in_its_order():
    bot = Bot()
    bot.says("1")
    bot.now += HOUR
    assert bot.says("киа") == (SetTimer("settle", bot.now + 2_000),)
    bot.now += 1_500
    assert bot.says("рио") == (SetTimer("settle", bot.now + 2_000),)
    assert bot.run.heard == ("киа", "рио")
    effects = bot.fires("settle", 2_000)
    assert SetField("car", "киа\nрио") in effects
    assert said(effects) == ["Thanks"]


def test_a_settle_that_was_moved_on_does_nothing_when_the_old_one_fires():
    bot = Bot()
    bot.says("1")
    bot.now += HOUR
    bot.says("киа")
    bot.now += 1_900
    bot.says("рио")
    due = bot.now + 2_000
    assert bot.fires("settle", 100) == (SetTimer("settle", due),)
    assert bot.run.heard == ("киа", "рио")


def test_a_burst_without_end_is_answered_all_the_same():
    bot = Bot()
    bot.says("1")
    bot.now += HOUR
    for place in range(MOST_HEARD - 1):
        assert said(bot.says(f"слово {place}")) == []
    assert said(bot.says("последнее")) == ["Thanks"]


def test_with_no_gathering_a_text_is_answered_at_once():
    bot = Bot(PROBE.replace("script: Probe", "script: Probe\ngather: 0s"))
    bot.says("1")
    assert said(bot.says("киа")) == ["Thanks"]


def test_several_wrong_messages_in_a_row_are_asked_about_once():
    bot = Bot()
    effects = bot.settled("э", "ну", "как бы")
    assert len(said(effects)) == 1
    assert bot.run.tries == 1


def test_after_two_more_tries_a_person_takes_over():
    bot = Bot()
    for tries in (1, 2):
        effects = bot.settled("бррр")
        assert [effect.choices != () for effect in effects if isinstance(effect, Say)] == [True]
        assert (bot.run.tries, bot.run.turn) == (tries, 1)
    effects = bot.settled("бррр")
    assert effects[0] == CancelTimer("patience")
    assert isinstance(effects[-1], HandOff)
    assert effects[-1].reason == "not_understood"
    assert "бррр" in effects[-1].task.text
    assert bot.run.status == "handed_off"


def test_an_understood_answer_forgets_the_tries():
    bot = Bot()
    bot.settled("бррр")
    bot.says("2")
    assert bot.run.tries == 0


def test_silence_ends_the_run_and_closes_the_deal():
    bot = Bot()
    assert bot.fires("patience", 9 * HOUR) == (EndRun("timed_out", "silence"), CloseDeal("silence"))
    assert (bot.run.status, bot.run.timers) == ("timed_out", {})


@pytest.mark.parametrize(
    "fields",
    [{"order": "4711"}, {"order": 4711}, {"paid": "yes"}, {"paid": "partly"}, {"paid_sum": 100}, {"paid_sum": "1.00"}],
)
def test_silence_closes_no_deal_that_has_an_order_or_money(fields: dict[str, object]):
    bot = Bot()
    bot.fields |= fields
    ended, task = bot.fires("patience", 9 * HOUR)
    assert ended == EndRun("timed_out", "silence")
    assert isinstance(task, CreateTask)
    assert (task.kind, task.text.partition(":")[0]) == ("call", "Клиент не ответил боту, а заказ уже есть")


@pytest.mark.parametrize(
    "fields", [{"order": " "}, {"order": None}, {"paid": "no"}, {"paid_sum": 0}, {"total": 125_000}]
)
def test_without_an_order_it_does(fields: dict[str, object]):
    bot = Bot()
    bot.fields |= fields
    assert bot.fires("patience", 9 * HOUR)[-1] == CloseDeal("silence")


def test_a_reminder_is_said_once_and_patience_goes_on():
    bot = Bot()
    bot.says("1")
    assert bot.fires("remind:1", HOUR) == (Say("Still there?"),)
    assert bot.fires("remind:1") == ()
    assert bot.fires("patience", 9 * HOUR)[0] == EndRun("timed_out", "silence")


def test_a_reply_wins_over_the_nudge_it_was_racing():
    bot = Bot()
    bot.says("1")
    bot.now += HOUR - 1
    bot.says("киа рио")
    effects = bot.fires("remind:1", 1)
    assert said(effects) == ["Thanks"]
    assert SetField("car", "киа рио") in effects


def test_a_reply_wins_over_the_end_of_patience():
    bot = Bot()
    bot.says("1")
    bot.now += 10 * HOUR - 1
    bot.says("киа рио")
    assert said(bot.fires("patience", 1)) == ["Thanks"]


def test_a_timer_of_a_step_that_was_left_does_nothing():
    bot = Bot()
    bot.says("1")
    effects = bot.settled("киа")
    assert CancelTimer("patience") in effects
    assert CancelTimer("remind:1") in effects
    assert bot.fires("remind:1") == ()
    assert bot.fires("patience", 100 * HOUR) == ()


@pytest.mark.parametrize(
    "name", ["settle", "remind:1", "remind:99", "remind:x", "remind:-1", "", "patience ", "remind:¹"]
)
def test_a_timer_that_was_never_set_does_nothing(name: str):
    bot = Bot()
    before = bot.run
    assert bot.fires(name, 100 * HOUR) == ()
    assert bot.run == before


def test_a_timer_that_fires_early_is_set_again():
    bot = Bot()
    assert bot.fires("patience") == (SetTimer("patience", NOW + 10 * HOUR),)
    assert bot.run.status == "running"


def test_a_late_patience_still_counts():
    bot = Bot()
    assert EndRun("timed_out", "silence") in bot.fires("patience", 500 * HOUR)


def test_asking_for_a_person_is_answered_at_any_moment():
    bot = Bot()
    bot.says("1")
    bot.says("киа")
    effects = bot.says("Позовите менеджера, пожалуйста!")
    assert isinstance(effects[-1], HandOff)
    assert effects[-1].reason == "asked_for_person"
    assert "киа; Позовите менеджера" in effects[-1].task.text
    assert len(said(effects)) == 1
    assert bot.run.status == "handed_off"


def test_nothing_is_said_after_a_hand_off():
    bot = Bot()
    bot.says("2")
    effects = bot.says("3")
    assert said(effects) == ["Thanks"]
    assert isinstance(effects[-1], HandOff)
    assert effects[-1].task.details == {"picked": "Количество", "count": 3}
    assert bot.says("а ещё вопрос") == ()
    assert bot.take(RunStarted()) == ()
    assert bot.fires("patience", 99 * HOUR) == ()


def test_a_photo_is_an_answer_where_one_is_asked_for():
    bot = Bot()
    bot.says("1")
    effects = bot.settled("", media=(PHOTO,))
    assert SetField("papers", ["p1"]) in effects
    handoff = effects[-1]
    assert isinstance(handoff, HandOff)
    assert "Papers: 1 файл" in handoff.task.text


def test_a_photo_and_its_caption_are_both_kept():
    bot = Bot()
    bot.says("1")
    effects = bot.settled("вот птс", media=(PHOTO, Media("document", "d1")))
    assert SetField("papers", ["p1", "d1"]) in effects
    assert SetField("car", "вот птс") in effects


def test_a_file_on_a_menu_is_kept_and_the_menu_asked_again():
    bot = Bot()
    effects = bot.settled("", media=(VOICE,))
    assert SetField("files", ["v1"]) in effects
    assert len(said(effects)) == 2
    assert bot.run.step == "menu"
    assert isinstance(effects[-1], SetTimer)
    more = bot.settled("", media=(PHOTO,))
    assert SetField("files", ["v1", "p1"]) in more


def test_a_sticker_is_nothing_to_keep():
    bot = Bot()
    effects = bot.settled("", media=(STICKER,))
    assert not any(isinstance(effect, SetField) for effect in effects)
    assert bot.run.tries == 1


def test_a_menu_may_take_files_as_an_answer():
    bot = Bot(PROBE.replace("    ask: Pick one", "    ask: Pick one\n    media: done"))
    effects = bot.settled("", media=(PHOTO,))
    assert SetField("files", ["p1"]) in effects
    assert said(effects) == ["Thanks"]


def test_a_number_is_taken_at_once_and_a_wrong_one_asked_for_again():
    bot = Bot()
    bot.says("2")
    assert said(bot.settled("101")) == [bot.script.language.texts["number"]]
    assert SetField("count", 4) in bot.says("четыре штуки")


def test_a_phone_is_asked_with_its_button_and_a_vouched_one_is_taken():
    bot = Bot()
    effects = bot.says("3")
    assert [effect.ask_phone for effect in effects if isinstance(effect, Say)] == [True]
    assert SetField("tel", "+79123456789") in bot.says(phone="+79123456789")


def test_a_phone_is_read_out_of_a_text():
    bot = Bot()
    bot.says("3")
    assert SetField("tel", "+79123456789") in bot.says("8 912 345-67-89, Иван")


def test_a_vin_may_come_in_pieces():
    bot = Bot()
    bot.says("4")
    assert SetField("vin", "XTA210990Y1234567") in bot.settled("ХТА210990", "У1234567")


def test_a_place_is_an_answer_in_words():
    bot = Bot()
    bot.says("1")
    bot.take(MessageReceived(location=(55.75, 37.6)))
    assert SetField("car", "55.750000, 37.600000") in bot.fires("settle", 2_000)
    assert Bot().take(MessageReceived(location=(float("nan"), 1.0))) == ()


def test_an_empty_message_is_nothing():
    bot = Bot()
    before = bot.run
    assert bot.says("") == bot.says("   \n ") == ()
    assert bot.run == before


def test_the_exits_of_a_question_may_lead_to_steps():
    text = """
    script: S
    tries: 0
    gather: 0s
    steps:
      a:
        ask: Q
        choices: {x: {label: Икс}}
        then: b
        silence: quiet
        person: human
        not_understood: lost
      b: {end: done}
      quiet: {say: Quiet, end: gone}
      human: {say: Human, hand_off: {task: T, reason: wanted}}
      lost: {say: Lost, ask: Again, choices: {y: {label: Игрек}}, then: b}
    """
    assert said(Bot(text).fires("patience", 10 * HOUR)) == ["Quiet"]
    assert said(Bot(text).says("оператора")) == ["Human"]
    bot = Bot(text)
    assert said(bot.says("бррр")) == ["Lost", "Again"]
    assert bot.run.turn == 2


def test_a_step_acts_in_order_and_ends():
    bot = Bot(
        "script: S\nfields: {car: Car}\nsteps:\n"
        "  a: {set: {car: '{name or x} car'}, tag: [one, two], move: in_work, say: 'Go {car or ?}', then: b}\n  b: {end: sold}\n",
        started=False,
    )
    assert bot.take(RunStarted()) == (
        SetField("car", "Иван car"),
        AddTag("one"),
        AddTag("two"),
        MoveStage("in_work"),
        Say("Go Иван car"),
        EndRun("finished", "sold"),
    )
    assert bot.run.status == "finished"


def test_a_placeholder_takes_the_deals_field_until_the_run_knows_better():
    bot = Bot(
        "script: S\nfields: {car: Car}\ngather: 0s\nsteps:\n  a: {ask: 'Is it {car or nothing}?', answer: {text: {save: car, then: b}}}\n  b: {say: 'So {car or nothing}', end: done}\n",
        started=False,
    )
    bot.fields = {"car": "Kia"}
    assert said(bot.take(RunStarted())) == ["Is it Kia?"]
    bot.now += HOUR
    assert said(bot.says("{car} <b>")) == ["So {car} <b>"]


def test_a_text_that_comes_out_empty_is_not_said():
    bot = Bot(
        "script: S\nfields: {car: Car}\nsteps:\n  a: {say: '{car}', then: b}\n  b: {say: Bye, end: done}\n",
        started=False,
    )
    assert said(bot.take(RunStarted())) == ["Bye"]


def test_a_question_answered_in_the_step_that_asked_it_leaves_no_timer_behind():
    script = """
script: Probe
fields: {car: Car}
steps:
  menu: {ask: Pick one, choices: {car: {label: Автомобиль, then: car}}, remind: [{after: 1h, say: Still there?}]}
  car: {ask: Which car?, answer: {text: {save: car, then: done}}}
  done: {end: done}
"""
    bot = Bot(script, started=False)
    effects = bot.says("автомобиль")
    assert said(effects) == ["Pick one", "Which car?"]
    assert {effect.name: effect.at for effect in effects if isinstance(effect, SetTimer)} == bot.run.timers
    assert "remind:1" not in bot.run.timers

    bot = Bot(script, started=False)
    effects = bot.says("менеджер")
    assert isinstance(effects[-1], HandOff)
    assert not any(isinstance(effect, SetTimer) for effect in effects), "an ended run sets nothing"


def test_a_run_whose_step_is_gone_goes_to_a_person():
    bot = Bot()
    bot.run = RunState("removed", turn=3, answers={"picked": "Автомобиль"}, timers={"patience": NOW})
    effects = bot.says("1")
    assert isinstance(effects[-1], HandOff)
    assert effects[-1].reason == "script_changed"
    assert "Picked: Автомобиль" in effects[-1].task.text


def test_a_stopped_run_hears_nothing_and_stays_stopped():
    bot = Bot()
    bot.run = stop(bot.run)
    assert (bot.run.status, bot.run.timers) == ("stopped", {})
    assert bot.says("1") == ()
    assert stop(RunState("menu", "finished")).status == "finished"


def test_a_run_saved_by_an_older_version_goes_on():
    old = {"step": "count", "status": "running", "turn": 2, "tries": 1, "answers": {"picked": "Количество"},
           "timers": {"patience": NOW + HOUR}}  # fmt: skip
    run = RunState.from_json(old)
    assert run.arms == {}
    assert run.to_json() == old
    run, effects = step(compiled(PROBE), run, MessageReceived(text="7"), Facts(NOW))
    assert run.status == "handed_off"
    assert SetField("count", 7) in effects


def test_data_that_is_no_run_is_refused():
    for data in ({}, {"step": 1}, {"step": "a", "status": "dancing"}):
        with pytest.raises(ValueError, match="not a saved run"):
            RunState.from_json(data)


def test_a_step_of_the_walk_is_quick():
    bot = Bot()
    bot.says("1")
    facts = Facts(bot.now + HOUR, "Иван")
    spent = []
    for _ in range(400):
        began = time.perf_counter_ns()
        step(bot.script, bot.run, MessageReceived(text="Тойота Камри"), facts)
        spent.append(time.perf_counter_ns() - began)
    # About 10 µs on the slowest machine it was tried on; the bound only catches parsing or compiling on the way.
    assert statistics.median(spent) < 150_000
