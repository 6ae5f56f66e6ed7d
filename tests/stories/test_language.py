"""What can stand in a story and what it means; and that each thing that is not so is told with its line."""

import asyncio
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bots.kit.problems import Problem
from gateway.__main__ import main
from gateway.stories.playing import play, stage
from gateway.stories.reading import read_story
from gateway.stories.words import BadLine, Words

SCHOOL = Path(__file__).parent.parent / "funnels/playbook"
HEAD = "people: Анна, Глеб head\n\nat 2025-11-24 12:00\n"


def wrong(lines: str) -> list[Problem]:
    """What cannot be read."""
    return read_story(lines)[1]


@pytest.fixture
def told(database_url: str):
    """Plays the lines behind a head of three; what was not so, as line: text."""

    def tell(lines: str) -> list[str]:
        story, problems = read_story(HEAD + lines)
        assert story is not None, problems
        return [f"{one.line}: {one.what}" for one in asyncio.run(play(story, SCHOOL, database_url))]

    return tell


@pytest.mark.parametrize(
    ("line", "what", "remedy"),
    [
        ("oder 1 placed", "nothing that happens", "Did you mean 'order'?"),
        ("order 1 plced", "no order event 'plced'", "Did you mean 'placed'?"),
        ("order 1 placed totl 5", "'totl' means nothing", "Did you mean 'total'?"),
        ("order 1 placed paid maybe", "paid is 'maybe'", "yes or no"),
        ("order", "an order's number is missing", "Write"),
        ("customer whatsapp", "nothing that customers do", "customer whatsapp: text"),
        ("customer whatsapp:", "says nothing", "behind the colon"),
        ("customer blocks whatsap", "no channel 'whatsap'", "Did you mean 'whatsapp'?"),
        ("manager Анна tkes", "no thing that managers do 'tkes'", "Did you mean 'takes'?"),
        ("manager Анна gives", "not said what is given", "gives task"),
        ("manager Анна sets", "not said what is set", "sets city"),
        ("manager Анна goes", "not said where they go", "goes away"),
        ("until Mondey", "is no time", "Monday 10:00"),
        ("+5q", "length of time is missing", "+2h 30m"),
        ("+1d 3", "'3' means nothing", "Remove it"),
        ('see task "a', "cannot be read", "begin and end with"),
        ("see stag new", "no thing to see 'stag'", "Did you mean 'stage'?"),
        ('see task "a" knd call', "no word of a task 'knd'", "Did you mean 'kind'?"),
        ("see task due never", "a time of day is missing", "Write a time of day"),
        ("see deals many", "'many' is no number", "how many"),
        ("see robot late hold", "no outcome 'hold'", "Did you mean 'held'?"),
        ("see robot late fired unreachble", "no reason why a deed did not do what it says 'unreachble'", "Did you mean 'unreachable'?"),
        ("bot:", "the bot says nothing", "beginning and …"),
        ("call mised", "no kind of call 'mised'", "Did you mean 'missed'?"),
        ("parcel RA1 arived", "no parcel status 'arived'", "Did you mean 'arrived'?"),
        ("fault next send", "fault is missing", "Write"),
        ("fault send refused", "this is no fault", "fault next send"),
        ("about this", "no way to name a deal 'this'", "customer"),
        ("mail subject x", "the mail has no text", 'Write mail "text"'),
        ("manager Анна merges oder 1", "no thing to merge 'oder'", "Did you mean 'order'?"),
        ("manager Анна merges deal 1", "not said whose deal", "merges deal of"),
        ("manager Анна undoes", "not said what is undone", "undoes merge"),
        ("manager Анна dismisses", "not said what is dismissed", "dismisses duplicate"),
        ("manager Анна corrects", "not said what is corrected", "corrects name"),
        ("manager Анна makes", "not said what is made", "makes waybill"),
        ("manager Анна makes waybill citi=x", "'citi' means nothing", "Did you mean 'city'?"),
        ("see report lead total", "no report 'lead'", "Did you mean 'leads'?"),
        ("see report leads total opend=1", "'opend' means nothing", "Did you mean 'opened'?"),
        ("see listed Анна stag=new", "'stag' means nothing", "Did you mean 'stage'?"),
        ("see finding x severty critical", "'severty' means nothing", "Did you mean 'severity'?"),
        ("see trend overdue_task", "how much each audit found", "see trend overdue_task 2 1"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_told_with_its_line_and_what_would_be_right(line: str, what: str, remedy: str):
    (found,) = wrong(f"{HEAD}{line}\nsee open\n")
    assert found.line == 4
    assert what in found.what
    assert remedy in found.remedy


def test_a_story_begins_at_some_time():
    assert "when the story begins" in wrong("see open\n")[0].what
    assert "is no date" in wrong("at noon\n")[0].what
    assert "nothing happens" in wrong("# only a title\n")[0].what
    assert "no channel 'fax'" in wrong("channels: fax\nat 2025-11-24 12:00\n")[0].what


def test_everything_wrong_is_told_at_once():
    assert [one.line for one in wrong(f"{HEAD}odr\nsee open\nsee stag\n")] == [4, 6]


def test_a_line_is_made_of_words_texts_and_names_with_values():
    words = Words(r'a "two words" name="say \"hi\"\nand go" x=1 y')
    assert [words.word("first"), words.word("second")] == ["a", "two words"]
    with pytest.raises(BadLine, match="value of 'y' is missing"):
        words.named()
    assert Words(r'name="say \"hi\"\nand go" city=""').named() == {"name": 'say "hi"\nand go', "city": ""}


def test_an_indented_line_goes_on_with_the_text_above():
    story, _ = read_story(f"{HEAD}customer telegram: Раз\n  два\nsee open\n")
    assert story is not None
    assert story.steps[1].said == "customer telegram: Раз\nдва"


def test_the_head_may_stand_on_one_line():
    story, _ = read_story(
        "# Заголовок\nplaybook: school    covers: A1, B2    people: Анна, Глеб head\nat 2025-11-24 12:00\n"
    )
    assert story is not None
    assert (story.title, story.playbook, story.covers) == ("Заголовок", "school", ("A1", "B2"))
    assert story.people == [("Анна", "manager"), ("Глеб", "head")]


# -- sights that do not hold -------------------------------------------------------------------------------------------

LATER = "customer telegram: Хочу учиться\n"


SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOT_SO = (
    ("see no message", "got «telegram:"),
    ("bot: Здравствуйте", "the customer got «Ирина! Заявка принята.»"),
    ('see message telegram "скидка"', "since the last act the customer got «telegram: Ирина! Заявка принята.»"),
    ("see message email", "got «telegram:"),
    ('see no message "принята"', "got «telegram:"),
    ("see stage talking", "the deal's stage is new (funnel leads)"),
    ("see no stage new", "the deal's stage is new"),
    ("see funnel sales", "the deal's funnel is leads"),
    ("see tag VIP", "the tags are nothing"),
    ("see field city Тверь", "the fields are none"),
    ("see responsible Анна", "responsible is nobody"),
    ("see responsible Аня", "nobody called 'Аня' works here"),
    ("see won", "the deal is open"),
    ("see no open", "the deal is open"),
    ("see lost", "the deal is open"),
    ("see no waiting", "the customer waits"),
    ("see bot qualifier", "there were nothing"),
    ('see timeline "скидка"', "there stands"),
    ("see robot greet held", "«greet fired»; «call fired»"),
    ('see task "Написать"', "«call: Позвонить: без телефона (for nobody, due 2025-11-24 13:00)»"),
    ("see task kind meeting", "open are"),
    ("see task kind call for Анна", "open are"),
    ('see task "Позвонить" due +2h', "open are"),
    ("see no task", "open are"),
    ('see done task "Позвонить"', "done are nothing"),
    ("see deals 2", "the customer has «leads/new»"),
    ("see no deals", "the customer has «leads/new»"),
    ("see open deals 0", "the customer has «leads/new»"),
    ("see audience visitors", "the customer is in nothing"),
    ("see webhook crm", "called were nothing"),
    ("see customer name Пётр", "name is «Ирина»"),
    ("see refused", "was not refused"),
    ("see listed Анна", "the list has «Ирина»"),
    ("see listed Ирина stage=ready", "the list has nothing"),
    ("see no listed Ирина phone=", "the list has «Ирина»"),
    ('see todo Анна "Позвонить"', "their list has nothing"),
    ("see templates /нет greet", "offered are"),
    ("see report leads Заявки opened=2", "the report says opened=1"),
    ("see report leads Нет opened=2", "the report has lines"),
    ("see finding no_next_task", "no audit has run yet"),
    ("see finding no_next_tsk", "Did you mean 'no_next_task'?"),
    ('see sheet overdue_task "Анна"', "the sheet has «"),
    ("see trend overdue_task 1", "the runs found nothing"),
    ("see offender Анна overdue_task", "offenders are nothing"),
    ("see duplicate Борис", "suggested are nothing"),
    ("see criteria скидка", "the criteria of new are"),
    ("see waybill city=Львів", "the waybill says"),
    ("see timeline скидка by Анна", "there stands"),
)


@SQLITE
@pytest.mark.parametrize("few", range(0, len(NOT_SO), 8))
def test_what_is_not_so_is_told_with_what_there_was(told, few: int):
    sights = NOT_SO[few : few + 8]
    found = told(LATER + "".join(f"{sight}\n" for sight, _ in sights))
    assert len(found) == len(sights)
    for place, ((sight, instead), one) in enumerate(zip(sights, found, strict=True), start=5):
        assert one.startswith(f"{place}: not so: {sight}")
        assert instead in one


@SQLITE
def test_what_is_about_nobody_is_told(told):
    assert "there is no deal of order 7" in told(LATER + "about order 7\nsee open\n")[0]
    assert "there is no customer 'Борис'" in told(LATER + "about customer Борис\n")[0]


@SQLITE
def test_what_is_so_is_not_told(told):
    assert (
        told(LATER + 'bot: Ирина! Заявка…\nsee no message\nsee task "без телефона" kind call for nobody due 13:00\n')
        == []
    )


@SQLITE
def test_a_refused_act_fails_the_story_unless_that_is_what_must_be_seen(told):
    refused = told(LATER + "manager Анна moves ready\n")
    assert refused[0].startswith("5: it was refused: fields.goal")
    assert told(LATER + 'manager Анна moves ready\nsee refused "Цель"\n') == []


@SQLITE
def test_an_act_that_cannot_be_done_ends_the_story(told):
    (found,) = told(LATER + 'manager Вера takes\nmanager Анна finishes "нет такой" with "да"\n')
    assert "nobody called 'Вера' works here" in found


@SQLITE
def test_a_task_that_is_not_there_is_told_with_those_that_are(told):
    (found,) = told(LATER + 'manager Анна finishes "нет такой" with "да"\n')
    assert "no open task has 'нет такой'. Open are: " in found
    assert "Позвонить" in found


@SQLITE
def test_time_passes_and_does_not_run_back(told):
    assert told(LATER + "+10m\nsee robot second\nuntil 13:00\nsee robot late\n") == []
    assert "is over already" in told(LATER + "until 2025-11-23 10:00\n")[0]


def test_faults_happen_to_the_next_send_alone_and_there(told):
    lines = (
        'fault next send refused on email\nmanager Анна writes "Раз"\nsee message "Раз"\n'
        'fault next send refused\nmanager Анна writes "Два"\nsee no message\nsee task "не доставлено"\n'
        'manager Анна writes "Три"\nsee message "Три"\n'
    )
    assert told(LATER + lines) == []


def test_after_a_restart_everything_goes_on(told):
    assert (
        told(
            LATER + 'restart\n+10m\nsee robot second\nmanager Анна writes "Здравствуйте"\nsee message "Здравствуйте"\n'
        )
        == []
    )


@SQLITE
def test_several_customers_are_kept_apart(told):
    lines = (
        "customer Борис telegram: И я\nsee message to Борис\nsee deals 1\nsee customer name Борис\n"
        "customer telegram: Ещё я\nsee deals 1\nsee customer name Ирина\nabout customer Борис\nsee customer name Борис\n"
    )
    assert told(LATER + lines) == []


def test_who_walks_in_is_entered_by_hand_and_known_when_they_write_later(told):
    lines = (
        'customer is "Мария Ким" phone +79161234567 email m@example.com\nmanager Анна opens deal title "Зашла сама"\nsee deals 1\nsee stage new\n'
        'see responsible Анна\nsee customer name "Мария Ким"\nsee customer phone +79161234567\nsee customer email m@example.com\n'
        "customer whatsapp: Это я, заходила утром\nsee deals 1\nsee waiting\n"
    )
    assert told(lines) == []


@SQLITE
def test_a_second_deal_is_opened_for_the_customer_that_is_there(told):
    assert told(LATER + 'manager Анна opens deal\nsee refused "already has an open deal"\nsee deals 1\n') == []


@SQLITE
def test_people_who_are_away_or_gone_are(told):
    lines = "manager Анна takes\nsee responsible Анна\nmanager Анна goes away +2h\nmanager Анна comes back\nmanager Анна leaves\nsee no responsible Анна\n"
    assert told(LATER + lines) == []


def test_two_that_are_one_are_merged_parted_and_kept_apart(told):
    lines = (
        "customer Борис telegram: И я\nabout customer Борис\nmanager Анна takes\n"
        "manager Анна merges deal of Борис\nsee refused itself\n"
        'about customer Ирина\nsee deals 1\nmanager Анна merges deal of Борис\nsee open deals 1\nsee timeline "И я"\n'
        'manager Анна undoes merge\nsee open deals 1\nsee no timeline "И я"\nmanager Анна undoes merge\n'
    )
    head = "customer Ирина telegram: Хочу учиться\n"
    assert told(head + lines) == [
        "18: not so: manager Анна undoes merge. nothing of this customer's was merged or split"
    ]


def test_a_batch_is_undone_by_a_head(told):
    lines = (
        "customer Ирина telegram: Хочу учиться\ncustomer Борис telegram: И я\nabout customer Ирина\n"
        "manager Анна merges customer Борис batch tidy\nsee open deals 1\nmanager Анна undoes batch tidy\nsee refused role\n"
        'manager Глеб undoes batch tidy\nsee no timeline "И я"\nabout customer Борис\nsee timeline "И я"\n'
    )
    assert told(lines) == []


def test_lines_and_addresses_get_a_deal_of_their_own(told):
    lines = (
        'customer telegram: И ещё брат\nmanager Анна splits "брат"\nsee open deals 2\nsee timeline "брат"\nmanager Анна undoes split\n'
        "see open deals 1\nmanager Анна splits viber\n"
    )
    assert told(LATER + lines) == ["11: not so: manager Анна splits viber. the customer has no address on viber"]


@SQLITE
def test_a_card_is_put_right(told):
    lines = 'manager Анна corrects name "Ирина Ким" phone +79161234567\nsee customer name "Ирина Ким"\nsee customer phone +79161234567\n'
    assert told(LATER + lines + "manager Анна corrects phone 12\nsee refused phone\n") == []


@SQLITE
def test_who_may_be_another_is_suggested_and_dismissed(told):
    lines = (
        "form trial name=Ирина phone=+79161112233 goal=Язык\ncustomer Борис is phone +79161112233\n"
        "customer Борис telegram: И я\nmanager Анна sets phone=+79161112233\nsee duplicate Ирина\n"
        "manager Анна dismisses duplicate\nsee no duplicate Ирина\nmanager Анна dismisses duplicate\n"
    )
    (left,) = told(lines)
    assert "nobody is suggested as the same person" in left


@SQLITE
def test_a_waybill_needs_somebody_who_sends(told):
    assert told(LATER + "manager Анна makes waybill\nsee refused no_sender\n") == []


@SQLITE
def test_an_audit_that_is_planned_happens_when_its_time_comes(told, tmp_path: Path):
    folder = tmp_path / "school"
    shutil.copytree(SCHOOL, folder)
    with (folder / "playbook.yaml").open("a", encoding="utf-8") as file:
        file.write("\naudit: {every: month, at: 8:00}\n")
    story, problems = read_story(
        HEAD
        + LATER
        + "+1d\nsee trend no_next_task 0\nuntil 2025-12-01 7:59\nsee trend overdue_task 0\n+2m\nsee finding overdue_task\n"
    )
    assert story is not None, problems
    with stage() as place:
        wrong = [one.what for one in asyncio.run(play(story, folder, place.fresh()))]
    assert [one.partition(".")[0] for one in wrong] == [
        "not so: see trend no_next_task 0",
        "not so: see trend overdue_task 0",
    ]


# -- the commands ------------------------------------------------------------------------------------------------------


def run(*args: str) -> tuple[int, str]:
    answer = CliRunner().invoke(main, list(args))
    return answer.exit_code, answer.output


def test_the_command_tells_which_stories_hold_and_what_is_wrong_in_others(tmp_path: Path):
    good, bad = tmp_path / "good.story", tmp_path / "bad.story"
    good.write_text(f"# Хорошая\nplaybook: {SCHOOL}\n{HEAD}{LATER}see stage new\n", encoding="utf-8")
    bad.write_text(f"playbook: {SCHOOL}\n{HEAD}{LATER}see stage talking\n", encoding="utf-8")
    code, output = run("story", str(good))
    assert (code, "good.story: holds: Хорошая" in output) == (0, True)
    code, output = run("story", str(tmp_path))
    assert code == 1
    assert "bad.story:6:1: error: not so: see stage talking. the deal's stage is new" in output


def test_check_plays_the_stories_of_a_playbook(tmp_path: Path):
    shutil.copytree(SCHOOL, tmp_path / "school")
    (tmp_path / "school/stories").mkdir()
    story = tmp_path / "school/stories/lead.story"
    story.write_text(f"{HEAD}{LATER}see stage new\n", encoding="utf-8")
    assert run("check", str(tmp_path / "school"))[0] == 0
    story.write_text(f"{HEAD}{LATER}see stage talking\n", encoding="utf-8")
    code, output = run("check", str(tmp_path / "school"))
    assert (code, "lead.story:5:1: error: not so: see stage talking" in output) == (1, True)
    assert run("check", str(story))[1] in output


def test_a_story_of_no_playbook_says_so(tmp_path: Path):
    lost = tmp_path / "lost.story"
    lost.write_text(f"playbook: nowhere\n{HEAD}see open\n", encoding="utf-8")
    code, output = run("story", str(lost))
    assert code == 1
    assert "there is no playbook 'nowhere'. Name it in the story's head" in output
    assert run("story", str(tmp_path / "none"))[0] == 2


def test_a_robot_that_could_not_do_what_it_says_is_seen_with_the_reason(told):
    lines = 'form lead name="Анна"\nsee robot greet fired unreachable\nsee no robot greet nothing\nsee robot greet fired loop\n'
    (one,) = told(lines)
    assert "«greet fired unreachable»" in one
