"""Visitors' files: taken in by what they really are, kept under random names, handed to their visitor and to staff.

Nothing is unpacked or drawn here, and nothing a browser could run is ever shown by it.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway import file_types, safekeeping
from gateway.api.errors import Refusal, json_response, not_found
from gateway.api.identity import credential
from gateway.api.policy import WORKERS
from gateway.channels import payload
from gateway.chat.messages import address_of, key_of
from gateway.chat.reception import Reception
from gateway.chat.visitor import Visitors
from gateway.files import SERVED, THE_SHOPS
from state import people
from state.files import StoredFile, add_files, find_files

MOST_BYTES: Final = 20_000_000
_HEAD_BYTES: Final = 512_000
"""So much of a file is looked at: a photo says its size behind its camera's notes."""
_AROUND_BYTES: Final = 10_000
_UNDRAWN: Final = frozenset({"image/heic"})
"""A phone's photo, though hardly any browser shows it: handed over as a file."""


@dataclass(frozen=True, slots=True)
class Files:
    reception: Reception
    visitors: Visitors
    folder: Path
    secret: bytes
    admin_token: str

    # -- in ----------------------------------------------------------------------------------------------------------

    async def receive(self, request: web.Request) -> web.Response:
        """One file of a form's field `file`. The same `X-Client-Id` again is the same file."""
        self.visitors.own_page_only(request)
        visitor = self.visitors.demand(request)
        self.reception.pace(f"files:{visitor}", 0.1, 40)
        self.reception.pace(f"files:{self.visitors.address(request)}", 2.0, 200)
        if (request.content_length or 0) > MOST_BYTES + _AROUND_BYTES:
            raise _too_large()
        file_id = self._id_for(visitor, request.headers.get("X-Client-Id", ""))
        known = (await self.reception.db.read(lambda c: find_files(c, [file_id]))).get(file_id)
        if known is None:
            known = await self._keep(request, visitor, file_id)
        return json_response({"id": known.id, "url": address_of(known.id), "kind": known.kind, "name": known.name}, 201)

    def _id_for(self, visitor: str, client_id: str) -> str:
        """Not to be guessed, and the same for an upload that is tried again."""
        if not client_id:
            return secrets.token_hex(16)
        return hmac.new(self.secret, f"file:{visitor}:{client_id}".encode(), "sha256").hexdigest()[:32]

    async def _keep(self, request: web.Request, visitor: str, file_id: str) -> StoredFile:
        part = await _file_part(request)
        at = self.folder / f"{secrets.token_hex(16)}.part"
        try:
            head, size = await _write(part, at)
            mime, kind = _what_it_is(head, size)
            file = StoredFile(
                file_id, key_of(visitor), kind, payload.shown_file_name(unquote(part.filename or "")), mime, size
            )
            await asyncio.to_thread(_settle, at, self.folder / file_id)
        finally:
            await asyncio.to_thread(at.unlink, missing_ok=True)
        now = self.reception.clock.now()
        await self.reception.db.write(lambda c: add_files(c, [file], now), "files")
        return file

    # -- out ---------------------------------------------------------------------------------------------------------

    async def hand_out(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["file"]
        file = (await self.reception.db.read(lambda c: find_files(c, [file_id]))).get(file_id)
        if file is None or not (self._is_theirs(request, file) or await self._is_for_staff(request)):
            raise not_found()
        inline = file.kind != "document" and file.mime not in _UNDRAWN
        headers = {
            **SERVED,
            "Content-Type": file.mime
            if file.kind != "document" or file.mime == "application/pdf"
            else file_types.OCTETS,
            "Content-Disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(file.name, safe='')}",
        }
        return web.FileResponse(self.folder / file.id, headers=headers)

    def _is_theirs(self, request: web.Request, file: StoredFile) -> bool:
        visitor = self.visitors.known(request)
        return bool(visitor) and file.identity_key in (key_of(visitor), THE_SHOPS)

    async def _is_for_staff(self, request: web.Request) -> bool:
        shown = credential(request, self.admin_token)
        if shown is None or shown.kind == "settings":
            return shown is not None
        now = self.reception.clock.now()
        person = await self.reception.db.read(lambda c: people.whoami(c, shown.digest, now, shown.kind))
        return person is not None and person.role in WORKERS.roles


async def _file_part(request: web.Request) -> BodyPartReader:
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == "file":
                return part
    except (ValueError, AssertionError, KeyError, HttpProcessingError):
        pass
    raise Refusal(400, "bad_form", "send a multipart form with the field `file`")


async def _write(part: BodyPartReader, at: Path) -> tuple[bytes, int]:
    """The file's first bytes and its size; what is on disk is there to stay."""
    head, size = bytearray(), 0
    with await asyncio.to_thread(at.open, "xb") as file:
        while chunk := await part.read_chunk(256_000):
            size += len(chunk)
            if size > MOST_BYTES:
                raise _too_large()
            head += chunk[: _HEAD_BYTES - len(head)]
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(safekeeping.sync, file)
    return bytes(head), size


def _settle(at: Path, place: Path) -> None:
    """Under its own name, also after the power has failed."""
    at.replace(place)
    safekeeping.sync_folder(place.parent)


def _what_it_is(head: bytes, size: int) -> tuple[str, str]:
    """Type and kind by the first bytes. Pictures, sound, film and PDF are taken; archives and the unknown are not."""
    if size == 0:
        raise Refusal(422, "empty_file", "the file is empty")
    found = file_types.of(head)
    kind = file_types.kind_of(found)
    if kind is None or (found.mime.startswith("application/") and found.mime != "application/pdf"):
        raise Refusal(415, "bad_type", "pictures, sound, video and PDF only")
    return found.mime, kind


def _too_large() -> Refusal:
    return Refusal(413, "too_large", f"at most {MOST_BYTES} bytes", limit=MOST_BYTES)
