"""One gateway to a SQLite file: a second that is started on it is refused. PostgreSQL serves several and needs none of it.

The lock is the kernel's, on a small file beside the database: it ends with its process, however that ends. Small
commands do not ask for it, they may run beside a gateway.
"""

import fcntl
import os
from pathlib import Path
from typing import IO

from state.database import Database


class Occupied(Exception):
    """Another gateway has this file."""


class Occupancy:
    """`take` it before anything is written, `leave` it when the last commit is done."""

    def __init__(self, db: Database) -> None:
        at = db.url.removeprefix("sqlite:///") if db.sqlite else ""
        # By its real path: two names of one file are one file.
        self._path = Path(os.path.realpath(at) + ".lock") if at and not at.startswith(":") else None
        self._held: IO[str] | None = None

    def take(self) -> None:
        if self._path is None:
            return
        self._held = self._path.open("a+")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._held.seek(0)
            who = self._held.read(20).strip()
            self.leave()
            file = str(self._path).removesuffix(".lock")
            if not isinstance(error, BlockingIOError):
                raise Occupied(f"{file} cannot be kept to one gateway ({error}): keep it on a local disk.") from error
            raise Occupied(
                f"Another gateway{f' (process {who})' if who else ''} is running on {file}. SQLite serves one: stop that one, "
                "or use PostgreSQL for several."
            ) from None
        self._held.truncate(0)
        self._held.write(str(os.getpid()))
        self._held.flush()

    def leave(self) -> None:
        """The file stays: to remove it would let a third in beside a second that is just opening it."""
        if self._held is not None:
            self._held.close()
            self._held = None
