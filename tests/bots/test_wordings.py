"""How a text is worded for a language, a channel and a shut window; what kinds of answer it takes; who watches a step."""

import pytest

from bots.kit.conversation import DAWN
from bots.kit.effects import EndRun, Say, Template
from bots.kit.events import Media, MessageReceived, RunStarted, TimerFired
from bots.kit.run import Facts, RunState, Why
from bots.kit.walk import begin, step
from tests.bots.scripts import HOUR, NOW, compiled
from tests.bots.test_steps import CHECK, DAY, lines, talking

# -- wordings ----------------------------------------------------------------------------------------------------------

WORDED = """
script: S
languages: [ru, uk]
steps:
  a:
    say: {ru: {default: Привет, sms: Прив}, uk: Вітаю}
    ask: {ru: Что?, uk: Що?}
    choices:
      x: {label: {ru: {default: Запчасти и детали, whatsapp: Запчасти}, uk: Запчастини}, then: b}
      y: {label: {ru: Заказ, uk: Замовлення}, then: c}
  b: {end: x}
  c: {end: y}
"""


@pytest.mark.parametrize(
    ("language", "channel", "said"),
    [
        ("", "telegram", ["Привет", "Что?", "Запчасти и детали"]),
        ("ru", "sms", ["Прив", "Что?", "Запчасти и детали"]),
        ("ru", "whatsapp", ["Привет", "Что?", "Запчасти"]),
        ("uk", "sms", ["Вітаю", "Що?", "Запчастини"]),
        ("en", "telegram", ["Привет", "Что?", "Запчасти и детали"]),
    ],
)
def test_a_text_is_worded_for_the_language_and_the_channel(language: str, channel: str, said: list[str]):
    talk = talking(WORDED, language=language, channel=channel)
    greeting, question = talk.start()
    assert [greeting.text, *question.text.splitlines()[:2]] == [said[0], said[1], f"1. {said[2]}"]


@pytest.mark.parametrize("word", ["Запчасти и детали", "запчасти", "ЗАПЧАСТИНИ", "1"])
def test_a_label_is_understood_in_every_wording(word: str):
    talk = talking(WORDED)
    talk.start()
    assert lines(talk.hear(MessageReceived(text=word))) == ["ended: finished, x"]


SWITCHED = """
script: S
languages: [uk, ru]
fields: {language: Мова, count: Скільки}
gather: 0s
steps:
  a:
    ask: {uk: Мова?, ru: Язык?}
    choices:
      stay: {label: Українська, then: b}
      ru: {label: Русский, then: to_russian}
  to_russian: {set: {language: ru}, then: b}
  b: {ask: {uk: Скільки?, ru: Сколько?}, answer: {number: {save: count}}, then: c}
  c: {check: [{language: ru, then: d}], else: e}
  d: {end: russian}
  e: {end: ukrainian}
"""


def test_the_first_of_several_languages_is_the_main_one_where_nothing_else_is_said():
    assert talking(SWITCHED).start()[0].text.startswith("Мова?")


def test_who_tells_their_language_is_spoken_to_in_it_from_the_next_word_on():
    talk = talking(SWITCHED, language="uk")
    assert talk.start()[0].text.startswith("Мова?")
    assert lines(talk.hear(MessageReceived(text="русский")))[0] == "bot: Сколько?"
    assert (
        lines(talk.hear(MessageReceived(text="двадцать один")))[0]
        == "bot: Не получилось прочитать число. Напишите его, пожалуйста, цифрами, например: 2."
    )
    assert lines(talk.hear(MessageReceived(text="5"))) == ["ended: finished, russian"]


UNDERSTOOD = """
script: S
languages: [ru, uk]
fields: {count: C, day: D}
gather: 0s
steps:
  a: {ask: {ru: Сколько?, uk: Скільки?}, answer: {number: {save: count}}, then: b}
  b: {ask: {ru: Когда?, uk: Коли?}, answer: {date: {save: day}}, then: c}
  c: {ask: {ru: Верно?, uk: Вірно?}, choices: {yes: {label: {ru: Верно, uk: Вірно}}, no: {label: {ru: Неверно, uk: Невірно}}}, then: d}
  d: {end: done}
"""


@pytest.mark.parametrize(
    ("language", "words", "kept"),
    [
        ("uk", ["п'ять", "в п’ятницю", "так"], (5, "2025-01-17")),
        ("uk", ["дев'ять шт.", "15 грудня", "1"], (9, "2025-12-15")),
        ("uk", ["дві", "за тиждень, тобто післязавтра", "звісно"], (2, "2025-01-17")),
        ("ru", ["пять", "в пятницу", "да"], (5, "2025-01-17")),
        ("ru", ["пять", "через неделю", "так"], (5, "2025-01-22")),
    ],
)
def test_a_customer_is_understood_in_their_own_language(language: str, words: list[str], kept: tuple[int, str]):
    talk = talking(UNDERSTOOD, language=language)
    talk.start()
    for word in words:
        talk.wait(60_000)
        said = talk.hear(MessageReceived(text=word))
    assert lines(said)[-1] == "ended: finished, done"
    assert (talk.fields["count"], talk.fields["day"]) == kept


def test_small_talk_and_a_wish_for_a_person_are_in_their_own_language():
    talk = talking(UNDERSTOOD, language="uk")
    talk.start()
    talk.wait(60_000)
    assert lines(talk.hear(MessageReceived(text="не знаю")))[0].startswith("bot: Не вдалося прочитати число")
    assert (
        lines(talk.hear(MessageReceived(text="покличте менеджера")))[0]
        == "bot: Добре, кличу менеджера: він відповість вам тут."
    )


TEMPLATED = """
script: S
fields: {number: Number}
steps:
  a:
    say: "Здравствуйте, {name or друг}!"
    ask: Ещё нужно?
    choices: {yes: {label: Да, then: b}}
    template: {name: offer, values: ["{name or друг}", "{number or ?}"], else: skip}
    remind: [{after: 30h, say: R, template: nudge}]
    patience: 40h
  b: {say: Хорошо, template: good, end: done}
"""


def test_inside_the_window_a_step_says_its_own_words():
    talk = talking(TEMPLATED, window=DAY, heard_at=DAWN)
    assert [line.speaker for line in talk.start()] == ["bot", "bot"]


def test_outside_the_window_one_template_takes_the_place_of_all_a_step_says():
    script = compiled(TEMPLATED)
    run, effects = step(script, begin(script), RunStarted(), Facts(NOW, "Анна", window=NOW - 1, fields={"number": 7}))
    said = [effect for effect in effects if isinstance(effect, Say)]
    assert len(said) == 1
    assert said[0].text == "Здравствуйте, Анна!\n\nЕщё нужно?"
    assert said[0].template == Template("offer", ("Анна", "7"), "skip")
    assert [choice.key for choice in said[0].choices] == ["yes"]
    _, effects = step(script, run, TimerFired("remind:1"), Facts(NOW + 30 * HOUR, window=NOW - 1))
    assert effects == (Say("R", template=Template("nudge")),)


def test_a_template_of_a_step_that_only_says_goes_out_before_its_end():
    script = compiled("script: S\nsteps:\n  a: {say: Привет, template: good, end: done}\n")
    _, effects = step(script, begin(script), RunStarted(), Facts(NOW, window=0))
    assert effects == (Say("Привет", template=Template("good")), EndRun("finished", "done"))


# -- kinds of answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "event", "kept"),
    [
        ("date: {save: f}", MessageReceived(text="в пятницу"), "2025-01-17"),
        ("date: {save: f, past: yes}", MessageReceived(text="вчера"), "2025-01-14"),
        ("email: {save: f}", MessageReceived(text="a.b@Example.com"), "a.b@example.com"),
        ("location: {save: f}", MessageReceived(location=(55.751244, 37.618423)), "55.751244, 37.618423"),
        ("words: {list: [Срочно, сегодня же], save: f}", MessageReceived(text="нужно срочно!"), "Срочно"),
        ("pattern: {match: '[а-я]{2}-\\d{3}', save: f}", MessageReceived(text="артикул АБ-123, пара"), "АБ-123"),
        ("document: {save: f}", MessageReceived(media=(Media("document", "d1"),)), ["d1"]),
    ],
)
def test_every_kind_of_answer_is_taken(answer: str, event: MessageReceived, kept: object):
    talk = talking(
        f"script: S\nfields: {{f: F}}\nsteps:\n  a: {{ask: Q, answer: {{{answer}}}, then: b}}\n  b: {{end: done}}\n"
    )
    talk.start()
    talk.wait(HOUR)
    said = [*talk.hear(event), *talk.settle()]
    assert lines(said) == ["ended: finished, done"]
    assert talk.fields["f"] == kept


def test_a_photo_is_no_document_and_each_goes_into_its_own_field():
    talk = talking(
        """
        script: S
        fields: {p: P, d: D}
        steps:
          a: {ask: Q, answer: {document: {save: d}, photo: {save: p}}, then: b}
          b: {end: done}
        """
    )
    talk.start()
    talk.wait(HOUR)
    talk.hear(MessageReceived(media=(Media("photo", "p1"), Media("document", "d1"))))
    talk.settle()
    assert (talk.fields["p"], talk.fields["d"]) == (["p1"], ["d1"])


# -- for those who watch ------------------------------------------------------------------------------------------------


def test_a_step_tells_what_happened_where_for_those_who_count():
    script = compiled(WORDED.replace("steps:", "gather: 0s\nsteps:", 1))
    run, _ = step(script, begin(script), RunStarted(), Facts(NOW))
    assert run.marks == (("a", "reached"),)
    run, _ = step(script, run, MessageReceived(text="что?"), Facts(NOW + HOUR))
    assert run.marks == (("a", "again"),)
    run, _ = step(script, RunState.from_json(run.to_json()), MessageReceived(text="2"), Facts(NOW + HOUR))
    assert run.marks == (("a", "choice 2"), ("c", "reached"), ("c", "finished"))
    assert "marks" not in run.to_json()


def test_a_step_tells_why_to_whoever_asks():
    script, why = compiled(CHECK), list[Why]()
    step(script, begin(script), RunStarted(), Facts(NOW, fields={"city": "Омск"}, hours=None), why)
    assert why[:2] == [Why("where", "reached"), Why("where", "not if 1", "city: Омск")]
    assert [one.because for one in why[-3:]] == ["not if 8", "exit", "reached"]
    talk = talking(WORDED)
    talk.why = []
    talk.start()
    talk.hear(MessageReceived(text="запчасти"))
    assert Why("a", "named", "запчасти") in talk.why
    assert talk.why[-1].because == "reached"
    talk.why = None
    assert talk.hear(MessageReceived(text="запчасти")) is not None
