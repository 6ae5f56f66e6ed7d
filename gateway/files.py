"""Files that we keep: to a browser, to a channel that uploads them, to one that fetches them by link; and the way in.

A browser is shown pictures and nothing else; the rest is an attachment, and nothing in any of it can run.
"""

import asyncio
import hashlib
import hmac
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from bots.kit.events import Media
from gateway import file_types, safekeeping
from gateway.clock import Instant
from state.database import Database
from state.files import StoredFile, add_files, find_files

log = structlog.get_logger()

SERVED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=86400, immutable",
}
DRAWN: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp"}
"""The pictures that a browser may show; what else a page is given, it offers to save."""
LINK_MS: Final = 12 * 3600_000
"""Twilio may hold a message in its queue for ten hours before it fetches the file."""

_ENDINGS: Final = DRAWN | {
    "image/heic": ".heic", "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/amr": ".amr", "audio/wav": ".wav",
    "audio/mp4": ".m4a", "video/3gpp": ".3gp", "video/quicktime": ".mov", "video/mp4": ".mp4", "video/webm": ".webm",
    "application/pdf": ".pdf", "application/msword": ".doc", "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt", "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/rtf": ".rtf", "image/tiff": ".tiff", file_types.TEXT: ".txt",
}  # fmt: skip
_ID: Final = re.compile(r"[0-9a-f]{32}")
THE_SHOPS: Final = "shop"
"""Whose a file of the playbook's folder is: in the place where a visitor's file has its sender."""
_EXPIRES: Final = re.compile(r"[0-9]{1,12}")


def ending(mime: str) -> str:
    """What the name of a file of this type ends in."""
    return _ENDINGS.get(mime, "")


def headers(mime: str, ref: str, *, inline: bool) -> dict[str, str]:
    """What goes with a file. `mime` is what its bytes told; its name says nothing of what the sender called it."""
    known = mime if mime in _ENDINGS and (inline or mime not in DRAWN) else file_types.OCTETS
    name = hashlib.sha256(ref.encode("utf-8", "replace")).hexdigest()[:16] + _ENDINGS.get(known, ".bin")
    place = "inline" if inline and mime in DRAWN else "attachment"
    return {**SERVED, "Content-Type": known, "Content-Disposition": f'{place}; filename="{name}"'}


def _copy(path: Path, at: Path, size: int) -> None:
    """Unless it is there, whole: other processes may be at it, and one may have lost its power half-way."""
    if at.is_file() and at.stat().st_size == size:
        return
    fresh = at.with_name(f"{at.name}.{os.getpid()}.part")
    shutil.copyfile(path, fresh)
    fresh.replace(at)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of kept files. `public_url` is where the world reaches us; `secret` signs the links."""

    db: Database
    folder: Path
    secret: bytes
    public_url: str
    now: Callable[[], Instant]
    reserve: int = safekeeping.RESERVE

    async def take_in(self, path: Path, file_id: str, media: Media) -> None:
        """A file of the shop's own, for every customer: it lies here like those that customers sent."""
        at = self.folder / file_id
        await asyncio.to_thread(_copy, path, at, media.size)
        file = StoredFile(file_id, THE_SHOPS, media.kind, media.name, media.mime, media.size)
        await self.db.write(lambda c: add_files(c, [file], self.now()), "files")

    async def load(self, file_id: str) -> bytes | None:
        """All of a file; None where there is none."""
        if not _ID.fullmatch(file_id):
            return None
        try:
            at = await asyncio.to_thread(safekeeping.place_of, self.folder, file_id)
            return await asyncio.to_thread(at.read_bytes) if at is not None else None
        except FileNotFoundError:
            return None

    async def answer(self, file_id: str) -> web.FileResponse | None:
        """A file as it is handed over; None where there is none. Who may have it is asked before."""
        at = await asyncio.to_thread(safekeeping.place_of, self.folder, file_id) if _ID.fullmatch(file_id) else None
        file = (await self.db.read(lambda c: find_files(c, [file_id]))).get(file_id) if at is not None else None
        if at is None or file is None:
            return None
        given = headers(file.mime, file.id, inline=file.kind == "photo")
        return web.FileResponse(at, headers=given)

    # -- on their way in ---------------------------------------------------------------------------------------------

    async def lay_down(self, files: Sequence[tuple[str, bytes]]) -> None:
        """They are on disk, and wait for their rows. Raises OSError."""
        await asyncio.to_thread(safekeeping.lay_down, self.folder, files, self.reserve)

    async def settle(self, ids: Sequence[str]) -> None:
        """What became of them is in the database: those that it knows are kept, the others go."""
        known = await self.db.read(lambda c: set(find_files(c, ids)))
        await asyncio.to_thread(safekeeping.settle, self.folder, ids, known)

    async def sweep(self) -> None:
        """Look for what a dead process has left behind."""
        waiting = await asyncio.to_thread(safekeeping.waiting, self.folder)
        known = await self.db.read(lambda c: set(find_files(c, waiting))) if waiting else set()
        await asyncio.to_thread(safekeeping.sweep, self.folder, known)

    async def keep_swept(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(safekeeping.STALE_S / 6)
            try:
                await self.sweep()
            except Exception:
                log.exception("sweep_failed")

    # -- by link -----------------------------------------------------------------------------------------------------

    def link(self, file_id: str) -> str:
        """An address that anybody may fetch the file from until it expires."""
        expires = str((self.now() + LINK_MS) // 1000)
        return f"{self.public_url}/files/{file_id}?expires={expires}&sig={self._signature(file_id, expires)}"

    def _signature(self, file_id: str, expires: str) -> str:
        return hmac.new(self.secret, f"parley.file-link:{file_id}:{expires}".encode(), "sha256").hexdigest()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/files/{file:[0-9a-f]{32}}", self._by_link)]

    async def _by_link(self, request: web.Request) -> web.StreamResponse:
        """A forged link, an expired one and one to nothing all get the same answer."""
        file_id = request.match_info["file"]
        expires, sig = request.query.get("expires", ""), request.query.get("sig", "")
        signed = hmac.compare_digest(sig.encode("utf-8", "replace"), self._signature(file_id, expires).encode())
        if not signed or not _EXPIRES.fullmatch(expires) or int(expires) * 1000 <= self.now():
            raise web.HTTPNotFound
        found = await self.answer(file_id)
        if found is None:
            raise web.HTTPNotFound
        return found
