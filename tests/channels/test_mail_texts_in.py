"""Scans and plain texts in mails: kept by their bytes, a text by its name besides, and only ever handed over."""

import pytest

from gateway.channels.mail import MailChannel
from gateway.files import headers
from tests.channels.benches import mail_channel
from tests.channels.test_mail_files_in import ZIP, kept, left, letter, wire


@pytest.fixture
def channel() -> MailChannel:
    return mail_channel(None)


RTF = rb"{\rtf1\ansi Hello}"


@pytest.mark.parametrize(
    ("name", "body", "mime"),
    [
        ("скан.tif", b"II*\0" + b"\0" * 40, "image/tiff"), ("скан", b"MM\0*" + b"\0" * 40, "image/tiff"),
        ("письмо.rtf", RTF, "application/rtf"), ("письмо.txt", RTF, "application/rtf"),
        ("Список.TXT", "Колодки\r\nФильтр\t2".encode(), "text/plain"), ("a.txt", "Фильтр".encode("cp1251"), "text/plain"),
        ("a.txt", "Фильтр\n".encode("utf-16"), "text/plain"),
    ],
)  # fmt: skip
def test_scans_and_texts_are_kept_and_only_handed_over(channel: MailChannel, name: str, body: bytes, mime: str):
    assert kept(channel, wire(letter((name, body)))) == [("document", name, mime, body)]
    given = headers(mime, "a" * 32, inline=False)
    assert given["Content-Disposition"].startswith("attachment; ")
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Content-Type"] == mime


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.txt", b"<html><script>"), ("a.txt", b"\xef\xbb\xbf \n<svg onload=x>"), ("a.txt", "<html>".encode("utf-16")), ("a.txt", b"#!/bin/sh\n"),
        ("a.txt", b"MZ\x90\0\3"), ("a.txt", b"MZ"), ("a.txt", b"text\0text"), ("a.txt", b"\xff\xfea"), ("a.bat", b"del *"), ("a.txt.js", b"alert(1)"), ("a", b"text"),
        ("a.txt", ZIP),
    ],
)  # fmt: skip
def test_pages_programs_and_what_is_not_called_a_text_are_not_kept_as_one(channel: MailChannel, name: str, body: bytes):
    post = wire(letter((name, body)))
    assert kept(channel, post) == []
    assert left(channel, post) == ((name, "type"),)
