"""A folder of scripts taken from the database, and what was taken: so that a push knows what it began from.

Texts are carried byte for byte: comments, spacing and line ends stay as they were written.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

NOTES = ".pulled.json"
"""Beside the files: name → hash of the text that was pulled or pushed last."""
_NAME = re.compile(r"[^\W\d][\w-]{0,63}")


@dataclass
class ScriptFolder:
    at: Path

    def names(self) -> list[str]:
        return sorted(file.stem for file in self.at.glob("*.yaml") if _NAME.fullmatch(file.stem))

    def file(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise click.UsageError(f"{name!r} is not a script's name")
        return self.at / f"{name}.yaml"

    def read(self, name: str) -> str:
        try:
            return self.file(name).read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise click.ClickException(f"{self.file(name)} is not in UTF-8") from None
        except OSError as error:
            raise click.ClickException(f"{self.file(name)} cannot be read: {error.strerror}") from None

    def write(self, name: str, text: str) -> None:
        """Whole or not at all."""
        self.at.mkdir(parents=True, exist_ok=True)
        draft = self.at / f".{name}.draft"
        draft.write_bytes(text.encode())
        draft.replace(self.file(name))

    def changed_here(self, name: str) -> bool:
        """Whether the file is neither what was taken nor missing."""
        return self.file(name).exists() and hash_of(self.read(name)) != self.taken().get(name)

    def taken(self) -> dict[str, str]:
        try:
            found = json.loads((self.at / NOTES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}

    def take(self, hashes: Iterable[tuple[str, str]]) -> None:
        noted = self.taken() | dict(hashes)
        self.at.mkdir(parents=True, exist_ok=True)
        (self.at / NOTES).write_text(json.dumps(noted, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
