"""Anything at all, signed as it should be: never a 5xx, never a post that was taken and not kept, and books that balance."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import payloads
from tests.inputs.halls import HOOK, PUBLIC, Hall

pytestmark = pytest.mark.asyncio(loop_scope="session")

quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

texts = st.text(max_size=60)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
updates = st.sampled_from([payloads.telegram(name) for name in payloads.names("telegram")])
forms = st.sampled_from([payloads.twilio(name) for name in payloads.names("twilio")])


@st.composite
def spoilt_updates(draw: Any) -> bytes:
    """A true update with one thing in it replaced by anything."""
    update = json.loads(json.dumps(draw(updates)))
    update["update_id"] = draw(st.integers(10**7, 10**9))
    at: Any = update
    while True:
        keys = list(at.keys() if isinstance(at, dict) else range(len(at)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
            at = at[key]
            continue
        at[key] = draw(anything)
        break
    return json.dumps(update).encode("utf-8", "surrogatepass")


@st.composite
def spoilt_told(draw: Any) -> dict[str, Any]:
    """What the plain doors understand, with some of it replaced by anything."""
    good = {
        "id": "a1", "from": {"id": "b", "name": "Анна", "phone": "+79161234567"}, "text": "да", "phone": "+79161234567",
        "media": [{"url": "https://a.example/1", "type": "photo"}], "status": "missed", "direction": "in",
        "duration_s": 5, "recording_url": "https://a.example/1", "email": "a@b.example", "fields": {"vin": "X"}, "name": "Анна",
    }  # fmt: skip
    for name in draw(st.lists(st.sampled_from(sorted(good)), max_size=4)):
        good[name] = draw(anything)
    return good | {"id": draw(st.just(good["id"]) | st.integers() | texts)}


async def _kept_honestly(hall: Hall, sent: Any, body: bytes) -> None:
    before = await hall.heard()
    status = await sent
    await asyncio.sleep(0)
    assert status in (200, 400)
    assert await hall.heard() - before == (status == 200)
    assert not [r for r in await hall.rows("inbox", raw=body) if r["reason"] == "parse_failed"]


@quick
@given(body=st.binary(min_size=1, max_size=300) | anything.map(lambda v: json.dumps(v).encode()) | spoilt_updates())
async def test_any_body_with_telegrams_secret(hall: Hall, body: bytes) -> None:
    await _kept_honestly(hall, hall.tell(body), body)


@quick
@given(
    body=st.binary(min_size=1, max_size=300)
    | anything.map(lambda v: json.dumps(v).encode())
    | spoilt_told().map(lambda v: json.dumps(v).encode("utf-8", "surrogatepass")),
    path=st.sampled_from(["/hooks/messages/avito", "/hooks/calls", "/hooks/forms/vin"]),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain; charset=x"]),
)
async def test_any_body_with_the_plain_doors_token(hall: Hall, body: bytes, path: str, kind: str) -> None:
    headers = {"Authorization": f"Bearer {HOOK}", "Content-Type": kind}
    await _kept_honestly(hall, hall.post(path, body, headers), body)


@quick
@given(
    form=forms,
    name=texts,
    value=texts,
    path=st.sampled_from(["/hooks/twilio/messages", "/hooks/twilio/status"]),
    data=st.data(),
)
async def test_any_form_with_twilios_signature(
    hall: Hall, form: dict[str, str], name: str, value: str, path: str, data: Any
) -> None:
    changed = dict(form)
    changed[data.draw(st.sampled_from([*form, name]))] = value
    pairs = [(k, v.encode("utf-8", "replace").decode()) for k, v in changed.items()]
    pairs = [(k.encode("utf-8", "replace").decode(), v) for k, v in pairs]
    if ("AccountSid", form["AccountSid"]) not in pairs:
        pairs = [(k, v) for k, v in pairs if k != "AccountSid"] + [("AccountSid", form["AccountSid"])]
    signature = hall.twilio.signature(PUBLIC + path, pairs)
    body = urlencode(pairs).encode()
    await _kept_honestly(hall, hall.send(pairs, path, signature=signature, body=body), body)
