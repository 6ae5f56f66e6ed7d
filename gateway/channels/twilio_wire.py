"""Twilio's own client over the application's HTTP session. Costs a third of a second to import: do it late.

Its stock client would repeat a POST whose answer was lost; here nothing is repeated: the outbox decides that.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from gateway.channels import payload
from gateway.channels.twilio_answers import AnsweredError, NotConnectedError, UnseenError

_BODY_CAP: Final = 2_000_000


class TwilioTransport(AsyncHttpClient):  # type: ignore[misc]
    """Raises NotConnectedError, UnseenError or AnsweredError; only 2xx reach Twilio's code."""

    def __init__(self, session: aiohttp.ClientSession, api_base: str, timeout_s: float) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True, timeout=timeout_s)
        self._session = session
        self._base = urlsplit(api_base.rstrip("/")) if api_base else None

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = aiohttp.encode_basic_auth(*auth)
        try:
            async with self._session.request(
                method,
                self._address(uri),
                params=params,
                data=urlencode(data, doseq=True).encode() if data else None,
                headers=sent,
                timeout=aiohttp.ClientTimeout(total=timeout or self.timeout),
                allow_redirects=False,
            ) as answer:
                body = await answer.content.read(_BODY_CAP)
                if not 200 <= answer.status < 300:
                    raise _answered(answer.status, body, answer.headers.get("Retry-After"))
                return Response(answer.status, body.decode("utf-8", "replace"), answer.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotConnectedError(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnseenError(type(error).__name__) from None

    def _address(self, uri: str) -> str:
        """A stand-in or a proxy sees the product's host name as the first part of the path."""
        if self._base is None:
            return uri
        asked = urlsplit(uri)
        path = f"{self._base.path}/{asked.netloc}{asked.path}"
        return urlunsplit((self._base.scheme, self._base.netloc, path, asked.query, ""))


def _answered(status: int, body: bytes, retry_after: str | None) -> AnsweredError:
    answer, _ = payload.read_json(body)
    code, said = "", ""
    if isinstance(answer, dict):
        number = payload.whole(answer.get("code"), 1, 999_999)
        code = str(number) if number else ""
        said = payload.name(answer.get("message") or answer.get("detail"), 200)
    return AnsweredError(status, code, said, payload.whole(retry_after or "") or 1)


def client(
    account_sid: str, auth_token: str, session: aiohttp.ClientSession, api_base: str, timeout_s: float
) -> Client:
    return Client(account_sid, auth_token, http_client=TwilioTransport(session, api_base, timeout_s))
