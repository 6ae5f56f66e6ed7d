"""Every setting, from the environment or `parley.toml`; a wrong one stops the start with a clear line.

Names are the environment's: `database_url` is read from `PARLEY_DATABASE_URL`, or from `database_url` in the file.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class SettingsError(Exception):
    """What is wrong, a line each: the setting's name and what it must be."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", toml_file="parley.toml", extra="forbid", hide_input_in_errors=True
    )

    data_dir: Annotated[Path, Field(description="Where the database and uploaded files live")] = Path("data")
    database_url: Annotated[str, Field(description="SQLAlchemy URL; default: SQLite under the data folder")] = ""
    redis_url: Annotated[str, Field(description="Redis or Valkey for many processes; optional")] = ""
    public_url: Annotated[str, Field(description="The address that customers and providers reach this gateway by")] = ""
    playbook: Annotated[str, Field(description="Name of a shipped playbook, or the path of a folder")] = "autoparts"
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

    smtp_url: Annotated[SecretStr, Field(description="Accepted, not used yet: e-mail comes later")] = SecretStr("")
    email_from: Annotated[str, Field(description="Accepted, not used yet: e-mail comes later")] = ""
    novaposhta_key: Annotated[SecretStr, Field(description="Accepted, not used yet: parcels come later")] = SecretStr(
        ""
    )
    novaposhta_api_base: Annotated[str, Field(description="Accepted, not used yet: parcels come later")] = ""

    chat_origins: Annotated[
        str, Field(description="Origins of the shop's pages that may embed the chat, by commas")
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least severe line to write")
    ] = "info"

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

    @field_validator("public_url", "telegram_api_base", "twilio_api_base")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address like https://chat.example.com")
        return value.rstrip("/")

    @field_validator("chat_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        origins = [origin.strip().rstrip("/").lower() for origin in value.split(",") if origin.strip()]
        if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin) for origin in origins):
            raise ValueError("must be origins like https://shop.example, by commas")
        return ",".join(origins)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis:// or rediss://")
        return value

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
        return self

    @property
    def telegram_polls(self) -> bool:
        """A newcomer has no public address: without a secret we ask Telegram instead of being told."""
        return self.telegram_mode == "polling" or not (self.telegram_mode or self.telegram_secret.get_secret_value())

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'parley.db'}"

    def secrets(self) -> tuple[str, ...]:
        """Every secret's value: what must never reach a log line."""
        kept = (self.admin_token, self.hook_token, self.telegram_token, self.telegram_secret, self.twilio_auth_token)
        return tuple(s.get_secret_value() for s in kept if s.get_secret_value())


def load_settings(**given: object) -> Settings:
    """Read and check all settings. Raises `SettingsError` with a line for each that is wrong."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as wrong:
        lines = []
        for error in wrong.errors(include_input=False, include_url=False):
            name = ".".join(str(at) for at in error["loc"])
            said = error["msg"].removeprefix("Value error, ")
            if not name:
                name, _, said = said.partition(": ")
            lines.append(f"PARLEY_{name.upper()}: {said}")
        raise SettingsError("\n".join(lines)) from None
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"parley.toml: {wrong}") from None


def describe() -> str:
    """One line a setting, for `parley serve --help`."""
    lines = []
    for name, info in Settings.model_fields.items():
        default = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
        shown = f" (default {default})" if default not in ("", None) else ""
        lines.append(f"  PARLEY_{name.upper():<24} {info.description}{shown}")
    return "\n".join(lines)
