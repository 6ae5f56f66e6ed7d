"""People and tokens from the terminal: who is there comes back in, is corrected, leaves; a program is no colleague."""

from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from state import people, staff, tables
from state.database import Connection, Database
from state.records import Deal, Timer
from tests.api.own_shop import parley


def database(home: Path) -> Database:
    return Database(f"sqlite:///{home / 'data' / 'parley.db'}")


def signed_in(home: Path, link: str) -> str | None:
    """Whom the link signs in, used up by it."""
    db, token = database(home), link.strip().rpartition("token=")[2]
    session = db.write_now(lambda c: people.sign_in(c, db.ids, token, 1))
    found = db.write_now(lambda c: people.whoami(c, people.digest(session), 1, "session")) if session else None
    db.engine.dispose()
    return found.name if found else None


def listed() -> list[list[str]]:
    return [line.split("\t") for line in parley("user", "list").output.splitlines()]


def test_whoever_was_signed_out_comes_back_as_themselves_by_a_new_link(home: Path) -> None:
    first = parley("user", "add", "Анна", "--role", "head").output.splitlines()[0]
    assert signed_in(home, first) == "Анна"
    assert signed_in(home, first) is None
    again = [parley("user", "link", who).output.splitlines()[0] for who in ("Анна", "1")]
    assert signed_in(home, again[0]) is None  # the newer one counts
    assert signed_in(home, again[1]) == "Анна"
    assert len(listed()) == 1
    nobody = parley("user", "link", "Борис")
    assert (nobody.exit_code, "nobody called 'Борис'" in nobody.output) == (1, True)


def test_a_second_person_of_a_name_is_added_only_where_that_is_meant(home: Path) -> None:
    parley("user", "add", "Пётр", "--role", "manager")
    refused = parley("user", "add", "Пётр", "--role", "manager")
    assert (refused.exit_code, "parley user link 1" in refused.output) == (1, True), refused.output
    assert len(listed()) == 1
    assert parley("user", "add", "Пётр", "--role", "manager", "--again").exit_code == 0
    assert len(listed()) == 2
    several = parley("user", "link", "Пётр")
    assert (several.exit_code, "1 (manager), 2 (manager)" in several.output) == (1, True)


def test_a_token_acts_as_somebody_who_works_here_or_as_a_program_of_its_own(home: Path) -> None:
    parley("user", "add", "Ольга", "--role", "manager")
    hers, own = (
        parley("token", "create", "--as", "Ольга"),
        parley("token", "create", "--role", "manager", "--name", "Ольга"),
    )
    db = database(home)
    tokens = [one.output.splitlines()[0] for one in (hers, own)]
    found = [db.write_now(lambda c, t=token: people.whoami(c, people.digest(t), 1)) for token in tokens]
    db.engine.dispose()
    assert [(one.id, one.program) for one in found if one] == [(1, False), (2, True)]
    assert "--as 1" in own.output
    assert [row[-1] for row in listed()] == ["manager", "program"]
    shown = [line.split("\t") for line in parley("token", "list").output.splitlines()]
    assert [(row[1], row[2], row[3], row[5:]) for row in shown] == [
        ("1", "Ольга", "manager", []), ("2", "Ольга", "manager", ["program"]),
    ]  # fmt: skip
    link = parley("user", "link", "2")
    assert (link.exit_code, "program" in link.output) == (1, True)
    assert parley("token", "create", "--as", "Ольга", "--role", "head").exit_code == 2
    assert parley("token", "create").exit_code == 2


def test_a_revoked_token_is_worth_nothing(home: Path) -> None:
    token = parley("token", "create", "--role", "admin", "--name", "crm").output.strip()
    number = parley("token", "list").output.split("\t")[0]
    assert parley("token", "revoke", number).exit_code == 0
    db = database(home)
    assert db.write_now(lambda c: people.whoami(c, people.digest(token), 1)) is None
    db.engine.dispose()
    assert parley("token", "list").output == ""
    assert parley("token", "revoke", number).exit_code == 1


def test_a_person_is_corrected_by_name_or_number(home: Path) -> None:
    parley("user", "add", "Анна", "--role", "manager", "--group", "sales", "--capacity", "5")
    edited = parley(
        "user", "edit", "Анна", "--group", "phones", "--calendar", "hours", "--capacity", "0", "--role", "head"
    )
    assert edited.output == "1\tАнна\thead\tphones\thours\n", edited.output
    edited = parley("user", "edit", "1", "--no-groups", "--calendar", "", "--name", "Анна Лебедева")
    assert edited.output == "1\tАнна Лебедева\thead\n", edited.output
    warned = parley("user", "edit", "1", "--group", "slaes")
    assert (warned.exit_code, "Did you mean 'sales'?" in warned.output) == (0, True), warned.output
    assert parley("user", "edit", "1").exit_code == 2
    assert parley("user", "edit", "1", "--calendar", "nights").exit_code == 2


def test_whoever_is_added_or_given_more_room_has_the_pool_look(home: Path) -> None:
    parley("user", "list")
    db, later = database(home), 2**45
    deal = Deal(
        1, 1, "retail", "retail", "new", "", "web", "", [], {}, None, "pool", 1, None, None, 1, 1, None, None, "", 1
    )  # fmt: skip

    def wait(conn: Connection) -> None:
        if not conn.execute(select(tables.deals.c.id)).all():
            conn.execute(insert(tables.deals).values(asdict(deal)))
            conn.execute(insert(tables.timers).values(asdict(Timer(1, "deal:1:assign:", 1, 0, "assign:sales", later))))
            conn.execute(insert(tables.lanes).values(contact_id=1, due_at=later, pace=[]))
        for table in (tables.timers, tables.lanes):
            conn.execute(update(table).values(due_at=later))

    def due(conn: Connection) -> list[int]:
        return [conn.execute(select(table.c.due_at)).scalar_one() for table in (tables.timers, tables.lanes)]

    for said in (("add", "Анна", "--role", "manager"), ("edit", "Анна", "--capacity", "5")):
        db.write_now(wait)
        assert parley("user", *said).exit_code == 0
        assert max(db.write_now(due)) < later
    db.engine.dispose()


def test_whoever_leaves_has_no_way_in_and_their_deals_go_to_whom_is_named(home: Path) -> None:
    for name in ("Анна", "Борис"):
        parley("user", "add", name, "--role", "manager")
    token = parley("token", "create", "--as", "Анна").output.strip()
    wrong = [parley("user", "leave", "Анна", "--to", to) for to in ("Борисс", "Анна")]
    assert [one.exit_code for one in wrong] == [2, 2]
    assert "Борис" in wrong[0].output
    left = parley("user", "leave", "Анна", "--to", "Борис")
    assert left.exit_code == 0, left.output
    db = database(home)
    assert db.write_now(lambda c: people.whoami(c, people.digest(token), 1)) is None
    with db.engine.connect() as conn:
        assert [one.active for one in staff.colleagues(conn)] == [False, True]
    db.engine.dispose()
    assert parley("user", "link", "Анна").exit_code == 1


def test_people_and_tokens_need_only_the_settings_of_the_data(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PARLEY_TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"
    )  # and nothing that belongs to it
    monkeypatch.setenv("PARLEY_TELEGRAM_MODE", "nonsense")
    for words in (("user", "add", "Анна", "--role", "head"), ("token", "create", "--role", "admin"), ("migrate",)):
        done = parley(*words)
        assert done.exit_code == 0, done.output
    (home / "parley.toml").write_text('smtp_url = "nonsense"\n')
    assert parley("user", "list").exit_code == 0
    (home / "parley.toml").write_text('databse_url = "sqlite:///elsewhere.db"\n')
    misspelt = parley("user", "list")
    assert (misspelt.exit_code, "did you mean database_url" in misspelt.output) == (1, True), misspelt.output
    (home / "parley.toml").unlink()
    monkeypatch.setenv("PARLEY_DATABASE_URI", "sqlite:///elsewhere.db")
    misspelt = parley("user", "list")
    assert (misspelt.exit_code, "did you mean PARLEY_DATABASE_URL" in misspelt.output) == (1, True), misspelt.output
