"""A wrong setting stops the start with one clear line; no traceback, no start that cannot work."""

import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.app import App
from gateway.commands import COMMANDS
from gateway.ports import CannotListen
from gateway.settings import Settings, SettingsError, load_settings

GOOD = {
    "TELEGRAM_TOKEN": "123456:ABC_def-1",
    "TELEGRAM_SECRET": "a-Secret_1",
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
    "TWILIO_AUTH_TOKEN": "whatever",
    "TWILIO_WHATSAPP_FROM": "whatsapp:+74950000001",
    "TWILIO_SMS_FROM": "+7 495 000-00-02",
    "SMTP_URL": "smtps://shop:secret@mail.example.com:465",
    "EMAIL_FROM": "shop@example.com",
    "NOVAPOSHTA_API_BASE": "http://127.0.0.1:9000",
    "ADMIN_TOKEN": "12345678",
    "HOOK_TOKEN": "hook",
    "FORM_KEY": "form-key",
    "PUBLIC_URL": "https://chat.example.com/",
    "DATABASE_URL": "postgresql://parley@db/parley",
    "REDIS_URL": "redis://cache:6379/0",
}
WRONG = [
    ("TELEGRAM_TOKEN", "bad"), ("TELEGRAM_TOKEN", "1:а"), ("TELEGRAM_SECRET", "не то"), ("TWILIO_WHATSAPP_FROM", "abc"),
    ("TWILIO_WHATSAPP_FROM", "74950000001"), ("TWILIO_SMS_FROM", "abc"), ("TWILIO_ACCOUNT_SID", "zz"), ("SMTP_URL", "foo"),
    ("EMAIL_FROM", "foo"), ("NOVAPOSHTA_API_BASE", "foo"), ("ADMIN_TOKEN", "x"), ("ADMIN_TOKEN", "with a blank in it"),
    ("HOOK_TOKEN", "a b"), ("FORM_KEY", "a b"), ("PUBLIC_URL", "chat.example.com"), ("DATABASE_URL", "mysql://x"),
    ("REDIS_URL", "127.0.0.1"), ("SMTP_URL", "mail.example.com:25"), ("SMTP_URL", "smtps://a@b:c@mail.example.com"),
    ("SMTP_URL", "smtps://mail.example.com:port"), ("EMAIL_FROM", "a@b"), ("EMAIL_FROM", "Shop <a@b.example>"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _serve(*args: str) -> str:
    done = CliRunner().invoke(click.Group("parley", commands=COMMANDS), ["serve", "--port", "0", *args])
    assert done.exit_code == 1, done.output
    return done.output


def _set(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"PARLEY_{name}", value)


def test_right_settings_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **GOOD)
    settings = load_settings()
    assert (settings.public_url, settings.twilio_sms_from) == ("https://chat.example.com", "+7 495 000-00-02")
    assert "smtps://shop:secret@mail.example.com:465" in settings.secrets()


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_cannot_be_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    _set(monkeypatch, **(GOOD | {name: value}))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"PARLEY_{name}: must b")


@pytest.mark.parametrize(
    "url", ["smtp://localhost", "smtp+starttls://shop:s%40cret@mail.example.com:587", "smtps://[::1]:465"]
)
def test_a_mail_server_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    _set(monkeypatch, **(GOOD | {"SMTP_URL": url}))
    assert load_settings().smtp_url.get_secret_value() == url


def test_a_mail_server_needs_an_address_to_write_from(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, SMTP_URL="smtp://localhost")
    with pytest.raises(SettingsError, match="PARLEY_EMAIL_FROM: is needed with smtp_url"):
        load_settings()


def test_a_name_that_is_no_setting_is_told_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    _set(monkeypatch, TELEGRAM_TOKN="1", FAILPOINT="", SERVICE_HOST="10.0.0.1", PORT_8080_TCP_ADDR="10.0.0.1")
    (home / "parley.toml").write_text('playbok = "autoparts"\n')
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).splitlines() == [
        "PARLEY_TELEGRAM_TOKN: there is no such setting; did you mean PARLEY_TELEGRAM_TOKEN?",
        "parley.toml: playbok: there is no such setting; did you mean playbook?",
    ]


def test_a_database_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, DATABASE_URL="postgresql://nobody@127.0.0.1:1/x")
    (line,) = _serve().splitlines()
    assert line.startswith("The database cannot be used: ")


def test_a_folder_that_cannot_be_made_is_told_as_such(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "file").write_text("")
    _set(monkeypatch, DATA_DIR=str(home / "file" / "data"))
    (line,) = _serve().splitlines()
    assert line == f"{home}/file/data: Not a directory. Look at PARLEY_DATA_DIR."
    done = CliRunner().invoke(click.Group("parley", commands=COMMANDS), ["migrate"])
    assert done.exit_code == 1
    assert "Not a directory" in done.output


async def test_a_start_that_fails_leaves_nothing_open(home: Path) -> None:
    """What is left open warns, and warnings are errors here."""
    app = App(Settings(data_dir=home / "data"))
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(CannotListen, match="Address already in use"):
        await app.start(port=taken.getsockname()[1])
    again = App(Settings(data_dir=home / "data"))
    await again.start(port=0)
    await again.stop()
