"""The small commands, run as an operator runs them."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.hiring import hire_once
from gateway.playbooks import read_house
from state import people, schema, staff
from state.database import Database
from tests.api.own_shop import SHOP, parley, trying
from tests.standins.telegram import TOKEN, TelegramStandin

ROOT = Path(__file__).parents[2]


def _database(home: Path) -> Database:
    return Database(f"sqlite:///{home / 'data' / 'parley.db'}")


@pytest.mark.usefixtures("aiogram_at_hand")
async def test_a_manager_gets_a_link_that_ties_their_chat(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = await asyncio.to_thread(parley, "user", "telegram", "Анна")
    assert "no bot" in refused.output
    async with TelegramStandin() as telegram:
        monkeypatch.setenv("PARLEY_TELEGRAM_TOKEN", TOKEN)
        monkeypatch.setenv("PARLEY_TELEGRAM_API_BASE", telegram.base)
        for name, role in (("Анна", "manager"), ("Мара", "marketer"), ("Олег", "manager"), ("Олег", "manager")):
            assert (await asyncio.to_thread(parley, "user", "add", name, "--role", role, "--again")).exit_code == 0
        given = await asyncio.to_thread(parley, "user", "telegram", "Анна")
        others = [await asyncio.to_thread(parley, "user", "telegram", name) for name in ("Мара", "Олег", "Пётр")]
    assert given.output.startswith("https://t.me/standin_bot?start=staff_"), given.output
    assert [other.exit_code for other in others] == [1, 1, 1]  # a marketer, one of two, nobody
    code, db = given.output.strip().partition("staff_")[2], _database(home)
    person = db.write_now(lambda c: people.use_telegram(c, code, 1))
    db.engine.dispose()
    assert person is not None
    assert person.name == "Анна"


def test_a_person_is_added_with_groups_a_shift_and_room(home: Path) -> None:
    added = parley(
        "user", "add", "Анна", "--role", "manager", "--group", "sales", "--group", "phones", "--capacity", "40"
    )
    assert added.exit_code == 0, added.output
    assert parley("user", "add", "Борис", "--role", "manager", "--calendar", "hours").exit_code == 0
    unknown = parley("user", "add", "Вера", "--role", "manager", "--calendar", "nights")
    assert (unknown.exit_code, "no calendar 'nights', but hours" in unknown.output) == (2, True), unknown.output
    assert parley("user", "list").output.splitlines() == [
        "1\tАнна\tmanager\tsales,phones\t\t40", "2\tБорис\tmanager\t\thours",
    ]  # fmt: skip
    assert home.exists()


def test_a_demos_people_come_once_and_whoever_is_known_by_name_is_not_made_again(home: Path) -> None:
    parley("user", "add", "Глеб Орлов", "--role", "head")
    db, shop = _database(home), read_house("autoparts").playbook
    came = [db.write_now(lambda c: hire_once(c, db.ids, shop, 1)) for _ in range(2)]
    with db.engine.connect() as conn:
        team = {one.name: (one.role, one.groups) for one in staff.colleagues(conn)}
    db.engine.dispose()
    assert came == [4, 0]
    assert team["Анна Лебедева"] == ("manager", ("sales", "phones"))
    assert len(team) == 5


def test_a_new_token_is_printed_once_and_speaks_for_a_person_of_its_own(home: Path) -> None:
    first, second = (
        parley("token", "create", "--role", "manager"),
        parley("token", "create", "--role", "manager", "--name", "Ольга"),
    )
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    db = _database(home)
    tokens = [result.output.strip() for result in (first, second)]
    found = [db.write_now(lambda c, t=token: people.whoami(c, people.digest(t), 1)) for token in tokens]
    db.engine.dispose()
    assert [p.role for p in found if p] == ["manager", "manager"]
    assert len({p.id for p in found if p}) == 2
    assert found[1] is not None
    assert found[1].name == "Ольга"
    stored = (
        (home / "data" / "parley.db").read_bytes() + (home / "data" / "parley.db-wal").read_bytes()
        if (home / "data" / "parley.db-wal").exists()
        else (home / "data" / "parley.db").read_bytes()
    )
    assert tokens[0].encode() not in stored


def test_a_new_person_gets_a_link_to_the_public_address(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parley("user", "add", "Анна", "--role", "head").output.startswith("http://127.0.0.1:8080/signin?token=")
    monkeypatch.setenv("PARLEY_PUBLIC_URL", "https://chat.example.com")
    assert parley("user", "add", "Борис", "--role", "head").output.startswith("https://chat.example.com/signin?token=")


def test_a_role_that_is_not_there_is_a_usage_error(home: Path) -> None:
    assert parley("user", "add", "Анна", "--role", "boss").exit_code == 2
    assert parley("token", "create").exit_code == 2


def test_migrate_says_what_it_did(home: Path) -> None:
    (home / "data").mkdir()
    assert f"upgraded to {schema.HEAD}" in parley("migrate").output
    assert f"up to date: {schema.HEAD}" in parley("migrate").output


def test_a_wrong_setting_is_a_plain_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATABASE_URL", "mysql://nope")
    result = parley("migrate")
    assert result.exit_code == 1
    assert "PARLEY_DATABASE_URL" in result.output
    assert "Traceback" not in result.output


def test_what_was_exported_can_be_imported_and_exported_again_unchanged(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parley("user", "add", "Анна", "--role", "head")
    db = _database(home)
    with db.engine.begin() as conn:
        conn.execute(text("INSERT INTO contacts VALUES (5, 'Иван «ё» \U0001f600', '+79161234567', '', 1, NULL)"))
        conn.execute(text("INSERT INTO lanes VALUES (5, NULL, '[[1,2]]')"))
        conn.execute(text("INSERT INTO changes (at, kind, deal_id, ref_id) VALUES (1, 'note', 1, 1)"))
        conn.execute(
            text("INSERT INTO inbox VALUES (9,'web','site','x',5,1,'message','{}',0,'k',:raw,'processed','',2)"),
            {"raw": b"\xff\x00{}"},
        )
    db.engine.dispose()
    out = parley("export", str(home / "all.jsonl"))
    assert out.exit_code == 0, out.output
    monkeypatch.setenv("PARLEY_DATA_DIR", str(home / "other"))
    taken = parley("import", str(home / "all.jsonl"))
    assert taken.exit_code == 0, taken.output
    parley("export", str(home / "again.jsonl"))
    first, again = (sorted((home / n).read_text().splitlines()) for n in ("all.jsonl", "again.jsonl"))
    assert [line for line in first if '"counters"' not in line] == [line for line in again if '"counters"' not in line]
    assert any("Иван «ё»" in line for line in again)
    refused = parley("import", str(home / "all.jsonl"))
    assert refused.exit_code == 1
    assert "not empty" in refused.output


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("{}", "line 1"),
        ("[1]", "line 1"),
        (f'{{"parley": "{schema.HEAD}"}}\n{{"table": "nope", "row": {{}}}}', "line 2"),
        (f'{{"parley": "{schema.HEAD}"}}\n{{"table": "cursors", "row": {{"key": "a"}}}}', "columns"),
        (f'{{"parley": "{schema.HEAD}"}}\nnot json', "line 2"),
    ],
)
def test_an_import_that_makes_no_sense_stores_nothing(home: Path, lines: str, said: str) -> None:
    result = parley("import", input=lines)
    assert result.exit_code == 1
    assert said in result.output
    db = _database(home)
    with db.engine.connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM cursors")).scalar() == 0
    db.engine.dispose()


def test_chatting_is_one_line_a_message_and_a_clock_of_ones_own(home: Path) -> None:
    result = parley("chat", input="здравствуйте\n/now\n/+1h\n/now\n/+soon\n")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "script: qualifier"
    assert lines[1].startswith("bot: ")
    clocks = [line for line in lines if line.startswith("2025-")]
    assert len(clocks) == 2
    assert clocks[1] > clocks[0]


@pytest.mark.parametrize(
    ("args", "clock"),
    [
        (["--playbook", "autoparts"], "2025-01-15 11:00:00, Europe/Moscow."),
        (["--playbook", "novaposhta"], "2025-01-15 10:00:00, Europe/Kyiv."),
        (["--playbook", "autoparts", "--at", "sunday 22:00"], "2025-01-19 22:00:00, Europe/Moscow."),
    ],
)
def test_a_chat_says_first_what_its_own_clock_shows_and_not_in_the_dialogue(
    home: Path, args: list[str], clock: str
) -> None:
    result = parley("chat", *args, input="/now\n/+1h\n/restart\n/now\n")
    told = f"The clock is the bot's own, not today's: {clock} /+10h moves it"
    assert result.stderr.splitlines() == [told, told]
    assert result.output.splitlines()[0] == told
    assert result.stdout.splitlines() == [clock[:19], clock[:19]]


def test_without_a_bot_the_whole_shop_answers_at_night_and_on_a_stage(home: Path) -> None:
    said = parley("chat", "--at", "sunday 22:00", input="здравствуйте\n/+12h\n/stage paying\n/deal\n").output
    assert said.index("script: offline") < said.index("script: collector")
    assert "collector: running, at step pay\nstage: paying\n" in said
    assert "script: " not in parley("chat", "offline", "--playbook", "autoparts", input="/stage paying\n").output


def test_a_bot_waits_ten_hours_and_then_closes_the_talk(home: Path) -> None:
    result = parley("chat", "qualifier", "--playbook", "autoparts", input="здравствуйте\n/+11h\n")
    assert "closed: silence" in result.output


def test_what_is_known_and_why_is_told(own: Path) -> None:
    said = trying("привет", "1", "/why", "3", "/vars", "/deal").output
    assert "menu: '1' names a choice\nmenu: goes on by 'choice 1'\ncount: comes to this step\n" in said
    assert "topic (Тема): Запчасти\ncount (Штук): 3\n" in said
    assert "meets: finished, at step done\nstage: —\ntags: готово\n" in said


def test_a_channel_shows_messages_as_its_customers_see_them(own: Path) -> None:
    assert "bot: Что нужно?\n\n  1. Запчасти\n  2. Другое\n" in trying("/channel whatsapp", "привет").output
    assert "bot: Что нужно?\n  [1. Запчасти]\n  [2. Другое]\n" in trying("/channel telegram", "привет").output
    assert "bot: Что нужно?\n  1. Запчасти\n  2. Другое\n" in trying("привет").output


def test_a_line_that_is_no_command_gets_help_and_help_lists_them_all(own: Path) -> None:
    assert "there is no '/wyh'. Known here:" in trying("/wyh").output
    listed = trying("/help").output
    known = [
        "/+10h",
        "/until",
        "/now",
        "/channel",
        "/hours",
        "/window",
        "/fail",
        "/burst",
        "/start",
        "/vars",
        "/deal",
        "/why",
    ]
    assert [one for one in [*known, "/save", "/restart", "/quit", "[photo"] if one not in listed] == []


def test_a_burst_that_the_input_ends_in_is_settled(own: Path) -> None:
    said = trying("привет", "1", "/burst", "их", "нужно 4").output
    assert "Спасибо, 4 шт." in said


def test_all_begins_anew_and_ends(own: Path) -> None:
    said = trying("привет", "1", "/restart", "привет", "/quit", "1").output
    assert (said.count("bot: Что нужно?"), said.count("bot: Сколько?")) == (2, 1)


def test_a_saved_talk_holds_when_it_is_played(own: Path) -> None:
    from bots.kit.talk import check, read_talk  # noqa: PLC0415
    from gateway.playbooks import read_house  # noqa: PLC0415

    said = trying("привет", "1", "/until monday 9:00", "/burst", "штуки", "4", "/burst", "/save four_pieces").output
    assert f"saved: {Path('shop/scripts/talks/four_pieces.talk')}" in said
    talk, problems = read_talk((own / "scripts" / "talks" / "four_pieces.talk").read_text(encoding="utf-8"))
    assert problems == []
    assert talk is not None
    house = read_house("shop")
    assert check(talk, house.scripts["meets"], house.playbook, house.scripts) == []


def test_a_talk_is_saved_once_and_only_under_a_plain_name(own: Path) -> None:
    assert "already" in trying("привет", "/save one", "1", "/save one").output
    assert "letters, digits" in trying("привет", "/save ../../evil").output
    assert "letters, digits" in trying("/save").output
    assert [file.name for file in (own / "scripts" / "talks").iterdir()] == ["one.talk"]
    assert "bot: Сколько?" not in (own / "scripts" / "talks" / "one.talk").read_text(encoding="utf-8")


def test_a_bot_that_meets_nobody_begins_by_itself_and_is_tried_at_any_hour(own: Path) -> None:
    assert trying(bot="night").stdout.startswith("bot: День\n")
    assert (
        "bot: Ночь"
        in parley("chat", "night", "--playbook", "shop", "--at", "friday 22:00", input="/save late\n").output
    )
    kept = (own / "scripts" / "talks" / "late.talk").read_text(encoding="utf-8")
    assert kept == "script: night\n\n/until friday 22:00\n/start\nbot: Ночь\nended: finished, night\n"


def test_a_bot_that_meets_nobody_may_begin_on_whatsapp_where_nobody_has_written_for_a_day(own: Path) -> None:
    offer = 'templates: {hello: {text: "Здравствуйте, {1}!", whatsapp: HX1}}\n'
    asks = "script: Вопрос\nsteps:\n  a: {ask: Когда?, template: {name: hello, values: [Иван]}, answer: {text: {then: z}}}\n  z: {end: done}\n"
    (own / "playbook.yaml").write_text(SHOP + offer, encoding="utf-8")
    (own / "scripts" / "night.yaml").write_text(asks, encoding="utf-8")
    shown = parley("chat", "night", "--playbook", "shop", "--channel", "whatsapp", input="/save shut\n").stdout
    assert shown.startswith("template: hello, Иван\n")
    assert (
        (own / "scripts" / "talks" / "shut.talk")
        .read_text(encoding="utf-8")
        .startswith("script: night\nchannel: whatsapp\n\ntemplate: hello, Иван\n")
    )
    assert trying(bot="night").stdout.startswith("bot: Когда?\n")
    assert parley("chat", "night", "--playbook", "shop", "--channel", "fax").exit_code == 2


def test_an_unknown_bot_is_a_usage_error(home: Path) -> None:
    assert parley("chat", "nobody").exit_code == 2
    assert parley("chat", "../../etc").exit_code == 2


def test_help_is_quick_because_commands_are_imported_when_called() -> None:
    program = "import sys; from gateway.commands import COMMANDS; print([m for m in ('sqlalchemy', 'aiohttp', 'pydantic') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"
    listed = parley("--help").output
    assert all(name in listed for name in ("serve", "check", "chat", "user", "token", "migrate", "export", "import"))


def test_the_demo_meets_the_same_manager_at_every_start(home: Path) -> None:
    db = _database(home)
    (home / "data").mkdir()
    schema.upgrade(db)
    links = [db.write_now(lambda c: people.demo_signin(c, db.ids, 1)) for _ in range(2)]
    found = {db.write_now(lambda c, t=token: people.signin_for(c, t, 2)) for token in links}
    asyncio.run(db.close())
    assert len(found) == 1
    assert None not in found


def test_what_parley_makes_is_for_its_owner_alone_and_an_export_may_be_left_unread(home: Path) -> None:
    run = [sys.executable, "-m", "gateway"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    made = subprocess.run([*run, "user", "add", "Анна", "--role", "head"], env=env, capture_output=True, check=True)
    assert b"PARLEY_PUBLIC_URL is not set" in made.stderr
    subprocess.run([*run, "export", "all.jsonl"], env=env, check=True)
    for name in ("data/parley.db", "all.jsonl"):
        assert (home / name).stat().st_mode & 0o077 == 0
    with subprocess.Popen([*run, "export"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as left:
        assert left.stdout is not None
        assert left.stderr is not None
        left.stdout.close()
        assert left.stderr.read() == b""


# -- a playbook of one's own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("like", sorted(file.parent.name for file in (ROOT / "playbooks").glob("*/playbook.yaml")))
def test_a_playbook_that_was_begun_is_clean_at_once(home: Path, like: str) -> None:
    begun = parley("init", "shop", "--like", like)
    assert begun.exit_code == 0, begun.output
    assert "parley serve --demo --playbook ./shop" in begun.output
    checked = parley("check", "./shop")
    assert (checked.exit_code, checked.output) == (0, "")


def test_a_playbook_that_was_begun_is_served(home: Path) -> None:
    assert parley("init", "shop").exit_code == 0
    read = read_house("./shop")
    assert (read.playbook.title, sorted(read.scripts)) == ("Мой магазин", ["hello"])
    where = (home / "shop" / "README.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)", where):
        assert (home / "shop" / link).exists(), link


def test_nothing_that_is_there_is_written_over(home: Path) -> None:
    (home / "shop").mkdir()
    (home / "shop" / "mine.txt").write_text("mine", encoding="utf-8")
    refused = parley("init", "shop")
    assert (refused.exit_code, "not empty" in refused.output) == (1, True)
    assert [file.name for file in (home / "shop").iterdir()] == ["mine.txt"]
    (home / "file").write_text("mine", encoding="utf-8")
    assert parley("init", "file").exit_code == 1


@pytest.mark.parametrize("like", ["autopart", "../bots", "", "."])
def test_only_what_ships_is_begun_from(home: Path, like: str) -> None:
    refused = parley("init", "shop", "--like", like)
    assert (refused.exit_code, "no shipped playbook" in refused.output) == (2, True)
    assert not (home / "shop").exists()
