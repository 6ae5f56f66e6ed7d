"""Files on their way in: on disk, and there to stay, before the event that brings them is.

A file waits under a name of its own (`<id>.new`) until its row is in the database: whatever a crash leaves behind is known
by that name, and what was ever acknowledged is never looked at by whoever tidies up.
"""

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO, Final

RESERVE: Final = 500_000_000
"""Bytes of the disk that are left to the database, which is most often on the same one."""
STALE_S: Final = 3_600
NEW: Final = ".new"
_WAITING: Final = re.compile(r"([0-9a-f]{32})\.new")


def lay_down(folder: Path, files: Collection[tuple[str, bytes]], reserve: int = RESERVE) -> None:
    """When this returns, they are on disk, and wait. Raises OSError, and then none of them is there."""
    if shutil.disk_usage(folder).free < reserve + sum(len(body) for _, body in files):
        raise OSError(errno.ENOSPC, "too little room is left on the disk")
    laid: list[Path] = []
    try:
        for name, body in files:
            at = folder / f"{secrets.token_hex(16)}.part"
            laid.append(at)
            with at.open("xb") as file:
                file.write(body)
                sync(file)
            at.replace(folder / (name + NEW))
            laid[-1] = folder / (name + NEW)
        sync_folder(folder)
    except OSError:
        for at in laid:
            at.unlink(missing_ok=True)
        raise


def settle(folder: Path, ids: Iterable[str], known: Collection[str]) -> None:
    """Those that are `known` to the database get their own names, the others are no longer needed."""
    for name in ids:
        at = folder / (name + NEW)
        try:
            at.replace(folder / name) if name in known else at.unlink()
        except FileNotFoundError:  # somebody else has just done it
            continue


def place_of(folder: Path, name: str) -> Path | None:
    """Where a file lies: it may still wait, though its row is there."""
    return next((at for at in (folder / name, folder / (name + NEW)) if at.is_file()), None)


def waiting(folder: Path) -> list[str]:
    return [found[1] for at in folder.iterdir() if (found := _WAITING.fullmatch(at.name))]


def sweep(folder: Path, known: Collection[str], stale_s: float = STALE_S) -> None:
    """What dead processes have left: files whose rows were committed come to their places, others go when they are old."""
    settle(folder, known, known)
    for left in (*folder.glob("*" + NEW), *folder.glob("*.part")):
        try:
            if time.time() - left.stat().st_mtime > stale_s:
                left.unlink()
        except FileNotFoundError:
            continue


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Names are there to stay, also after the power has failed."""
    at = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(at)
    finally:
        os.close(at)
