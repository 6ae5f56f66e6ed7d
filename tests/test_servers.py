"""The database servers that tests rely on start, come back, and leave nothing behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests.databases import END_ALL_OTHERS, Shelf
from tests.servers import (
    NoServerError,
    drop_database,
    fresh_database,
    plain,
    postgres,
    postgres_server,
    valkey_server,
)

ROOT = Path(__file__).parents[1]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_postgres_gives_databases_and_survives_being_cut_off() -> None:
    try:
        with postgres_server(durable=True) as server:
            url = fresh_database(server.url)
            with psycopg.connect(plain(url)) as connection:
                connection.execute("CREATE TABLE t AS SELECT 'да' AS word")
            copy = fresh_database(server.url, template=url)
            drop_database(url)
            server.stop(signal.SIGQUIT)
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(plain(copy))
            server.start()
            with psycopg.connect(plain(copy)) as connection:
                assert connection.execute("SELECT word FROM t").fetchone() == ("да",)
            pid, root = server.pid, server.root
    except NoServerError as why:
        pytest.skip(str(why))
    assert not alive(pid)
    assert not root.exists()


def test_a_given_server_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgres://me@db.example/test")
    with postgres() as url:
        assert url == "postgresql+psycopg://me@db.example/test"
    with pytest.raises(ValueError, match="not one of ours"):
        drop_database("postgresql+psycopg://me@db.example/shop")


def test_valkey_keeps_what_it_is_told_and_ends() -> None:
    try:
        with valkey_server() as server:
            with redis.Redis.from_url(server.url, decode_responses=True) as client:
                client.set("ключ", "значение")
                assert client.get("ключ") == "значение"
            pid = server.pid
    except NoServerError as why:
        pytest.skip(str(why))
    assert not alive(pid)


def test_a_killed_test_run_leaves_no_server() -> None:
    program = (
        "import time\nfrom tests.servers import valkey_server\n"
        "with valkey_server() as s:\n    print(s.pid, s.root, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT) as run:
        assert run.stdout is not None
        pid, root = (run.stdout.readline().decode() or "0 -").split()
        if pid == "0":
            pytest.skip("no Valkey here")
        run.kill()
    for _ in range(100):
        if not alive(int(pid)) and not Path(root).exists():
            break
        time.sleep(0.05)
    assert not alive(int(pid))
    assert not Path(root).exists()


def test_a_database_comes_back_empty_though_a_test_cut_everybody_off(shelf: Shelf):
    for _ in range(3):
        with shelf.lent() as url, psycopg.connect(plain(url), autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM counters").fetchone() == (0,)
            connection.execute("INSERT INTO counters (name, next) VALUES ('left', 1)")
            connection.execute(END_ALL_OTHERS)
