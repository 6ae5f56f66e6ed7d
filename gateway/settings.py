"""Every setting, from the environment or `parley.toml`; a wrong one stops the start with a clear line.

Names are the environment's: `database_url` is read from `PARLEY_DATABASE_URL`, or from `database_url` in the file.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bots.kit.problems import nearest

_ADDRESS: Final = (r"https?://[^\s/?#]+(/[^\s?#]*)?", "must be an address like https://chat.example.com")
_BARE: Final = (r"[!-~]+", "must be letters, digits and signs without blanks")
_NUMBER: Final = r"\+[1-9][0-9 ().-]{6,24}"
_SHAPES: Final = {
    "public_url": _ADDRESS,
    "telegram_api_base": _ADDRESS,
    "twilio_api_base": _ADDRESS,
    "novaposhta_api_base": _ADDRESS,
    "redis_url": (r"(rediss?|unix)://.*", "must begin with redis:// or rediss://"),
    "database_url": (
        r"(sqlite:///|postgres(ql)?://|postgresql\+psycopg://).*",
        "must begin with sqlite:/// or postgresql://",
    ),
    "smtp_url": (
        r"(smtps?|smtp\+starttls)://([^\s/?#@]*@)?([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?",
        "must be an address like smtps://name:password@mail.example.com, signs in name and password as %40",
    ),
    "email_from": (r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(\.[\w-]+)+", "must be an e-mail address"),
    "admin_token": (r"[!-~]{8,}", "must be 8 or more letters, digits and signs without blanks"),
    "hook_token": _BARE,
    "form_key": _BARE,
    "telegram_token": (r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}", "must be a bot's token like 123456:ABC…"),
    "telegram_secret": (r"[A-Za-z0-9_-]{1,256}", "must be 1 to 256 of A-Z, a-z, 0-9, _ and -"),
    "twilio_account_sid": (r"AC[0-9A-Za-z]+", "must be an account's SID, AC…"),
    "twilio_whatsapp_from": (rf"(whatsapp:)?{_NUMBER}", "must be a number like whatsapp:+74950000001"),
    "twilio_sms_from": (rf"{_NUMBER}|[0-9]{{3,8}}", "must be a number like +74950000001, or a short code"),
}
"""What the value of a setting looks like, where it is set, and what it is told to be where it does not."""

_ELSEWHERE: Final = re.compile(
    r"PARLEY_(FAILPOINT|(\w+_)?(SERVICE_HOST|SERVICE_PORT\w*|PORT_[0-9]+_(TCP|UDP)\w*|PORT))"
)
"""Names in the environment that are no settings: tests' and those that Kubernetes makes of a service called parley."""


Some = TypeVar("Some", bound="DataSettings")


class SettingsError(Exception):
    """What is wrong, a line each: the setting's name and what it must be."""


class DataSettings(BaseSettings):
    """Where the data are, and the playbook: all that the small commands need, whatever else the server lacks."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", toml_file="parley.toml", extra="allow", hide_input_in_errors=True
    )

    data_dir: Annotated[Path, Field(description="Where the database and uploaded files live")] = Path("data")
    database_url: Annotated[str, Field(description="SQLAlchemy URL; default: SQLite under the data folder")] = ""
    redis_url: Annotated[str, Field(description="Redis or Valkey for many processes; optional")] = ""
    public_url: Annotated[str, Field(description="The address that customers and providers reach this gateway by")] = ""
    playbook: Annotated[str, Field(description="Name of a shipped playbook, or the path of a folder")] = "autoparts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the code hands in, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("*")
    @classmethod
    def _shape(cls, value: Any, info: ValidationInfo) -> Any:
        shape, said = _SHAPES.get(info.field_name or "", ("", ""))
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if shape and plain and not re.fullmatch(shape, plain):
            raise ValueError(said)
        return value.rstrip("/") if shape == _ADDRESS[0] else value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'parley.db'}"


class Settings(DataSettings):
    model_config = SettingsConfigDict(extra="forbid")

    admin_token: Annotated[SecretStr, Field(description="API token with role admin")] = SecretStr("")
    hook_token: Annotated[SecretStr, Field(description="Bearer token of the plain hooks: forms, calls, messages")] = (
        SecretStr("")
    )
    form_key: Annotated[
        str, Field(description="Public key that forms on the shop's pages may use instead of the token")
    ] = ""

    telegram_token: Annotated[SecretStr, Field(description="Bot token; Telegram is off without it")] = SecretStr("")
    telegram_secret: Annotated[SecretStr, Field(description="Secret of the webhook: 1-256 of A-Z a-z 0-9 _ -")] = (
        SecretStr("")
    )
    telegram_mode: Annotated[
        Literal["", "webhook", "polling"],
        Field(description="webhook or polling; default: webhook where there is a secret"),
    ] = ""
    telegram_api_base: Annotated[str, Field(description="Stands in for the provider's address")] = (
        "https://api.telegram.org"
    )
    telegram_rate: Annotated[
        float, Field(ge=0, description="Messages a second over all chats; 0: no budget of ours")
    ] = 25
    telegram_chat_rate: Annotated[
        float, Field(ge=0, description="Messages a second to one chat; 0: no budget of ours")
    ] = 1

    twilio_account_sid: Annotated[str, Field(description="Twilio is off without it")] = ""
    twilio_auth_token: Annotated[SecretStr, Field(description="Signs and checks every call")] = SecretStr("")
    twilio_whatsapp_from: Annotated[str, Field(description="Our WhatsApp sender: whatsapp:+… or bare")] = ""
    twilio_sms_from: Annotated[str, Field(description="Our SMS sender number")] = ""
    twilio_api_base: Annotated[str, Field(description="Stands in for the provider's address")] = ""
    twilio_whatsapp_rate: Annotated[
        float, Field(ge=0, description="WhatsApp messages a second; 0: no budget of ours")
    ] = 80
    twilio_sms_rate: Annotated[float, Field(ge=0, description="SMS a second; 0: no budget of ours")] = 1

    smtp_url: Annotated[
        SecretStr, Field(description="Mail server: smtps://, smtp+starttls:// or smtp:// (plain); no e-mail without it")
    ] = SecretStr("")
    email_from: Annotated[str, Field(description="The address that e-mail is written from, and answered to")] = ""
    email_plus: Annotated[
        bool, Field(description="The mail server delivers shop+anything@ to shop@: answers carry their thread there")
    ] = False
    email_rate: Annotated[float, Field(ge=0, description="E-mails a second; 0: no budget of ours")] = 5
    novaposhta_key: Annotated[SecretStr, Field(description="Nova Poshta's API key: its parcels are asked after")] = (
        SecretStr("")
    )
    novaposhta_api_base: Annotated[str, Field(description="Stands in for Nova Poshta's API")] = ""

    chat_origins: Annotated[
        str, Field(description="Origins of the shop's pages that may embed the chat, by commas")
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least severe line to write")
    ] = "info"

    @field_validator("chat_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        origins = [origin.strip().rstrip("/").lower() for origin in value.split(",") if origin.strip()]
        if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin) for origin in origins):
            raise ValueError("must be origins like https://shop.example, by commas")
        return ",".join(origins)

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        on = bool(self.telegram_token.get_secret_value())
        if on and self.telegram_mode == "webhook" and not self.telegram_secret.get_secret_value():
            raise ValueError("telegram_secret: is needed in webhook mode; or set telegram_mode=polling")
        if self.twilio_account_sid:
            if not self.twilio_auth_token.get_secret_value():
                raise ValueError("twilio_auth_token: is needed with twilio_account_sid")
            if not self.public_url:
                raise ValueError("public_url: is needed to check Twilio's signatures")
            if not (self.twilio_whatsapp_from or self.twilio_sms_from):
                raise ValueError("twilio_whatsapp_from or twilio_sms_from: is needed with twilio_account_sid")
        if self.smtp_url.get_secret_value() and not self.email_from:
            raise ValueError("email_from: is needed with smtp_url")
        return self

    @property
    def telegram_polls(self) -> bool:
        """A newcomer has no public address: without a secret we ask Telegram instead of being told."""
        return self.telegram_mode == "polling" or not (self.telegram_mode or self.telegram_secret.get_secret_value())

    def secrets(self) -> tuple[str, ...]:
        """Every secret's value: what must never reach a log line."""
        kept = (
            self.admin_token, self.hook_token, self.telegram_token, self.telegram_secret, self.twilio_auth_token,
            self.smtp_url, self.novaposhta_key,
        )  # fmt: skip
        return tuple(s.get_secret_value() for s in kept if s.get_secret_value())


def load_settings(**given: object) -> Settings:
    """Read and check all settings. Raises `SettingsError` with a line for each that is wrong."""
    return _load(Settings, _unknown(), given)


def load_data_settings() -> DataSettings:
    """Only where the data are: what else is set may be wrong, save what looks like one of these misspelt."""
    found = _load(DataSettings, filter(_of_data, _unknown()), {})
    in_file = (name for name in found.model_extra or () if name not in Settings.model_fields and _of_data(name))
    if lines := [f"parley.toml: {name}: {_no_such(name, '')}" for name in in_file]:
        raise SettingsError("\n".join(lines))
    return found


def _of_data(name: str) -> bool:
    """Whether a name that is none was probably meant for a setting of the data."""
    return nearest(_bare(name), Settings.model_fields) in DataSettings.model_fields


def _load(settings_of: type[Some], unknown: Iterable[str], given: Mapping[str, object]) -> Some:
    lines = [f"{name}: {_no_such(name, 'PARLEY_')}" for name in unknown]
    settings = None
    try:
        settings = settings_of(**given)  # type: ignore[arg-type]  # pydantic looks at what they are
    except ValidationError as wrong:
        lines += [_line(error["type"], error["loc"], error["msg"]) for error in wrong.errors(include_input=False)]
    except (OSError, ValueError) as wrong:
        lines.append(f"parley.toml: {wrong}")
    if settings is None or lines:
        raise SettingsError("\n".join(lines)) from None
    return settings


def _unknown() -> list[str]:
    """Names in the environment that look like settings and are none."""
    return [
        name
        for name in sorted(os.environ)
        if name.startswith("PARLEY_")
        and name[7:].lower() not in Settings.model_fields
        and not _ELSEWHERE.fullmatch(name)
    ]


def _bare(name: str) -> str:
    return name.removeprefix("PARLEY_").lower()


def _line(kind: str, at: tuple[int | str, ...], said: str) -> str:
    name = ".".join(str(step) for step in at)
    if kind == "extra_forbidden":  # the environment's are looked at by ourselves
        return f"parley.toml: {name}: {_no_such(name, '')}"
    said = said.removeprefix("Value error, ")
    if not name:
        name, _, said = said.partition(": ")
    return f"PARLEY_{name.upper()}: {said}"


def _no_such(name: str, prefix: str) -> str:
    """Case tells nothing: the environment is read without it."""
    meant = nearest(_bare(name), Settings.model_fields)
    spelled = f"{prefix}{meant.upper() if prefix else meant}" if meant else ""
    return "there is no such setting" + (f"; did you mean {spelled}?" if meant else "")


def describe() -> str:
    """One line a setting, for `parley serve --help`."""
    lines = []
    for name, info in Settings.model_fields.items():
        default = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
        shown = f" (default {default})" if default not in ("", None) else ""
        lines.append(f"  PARLEY_{name.upper():<24} {info.description}{shown}")
    return "\n".join(lines)
