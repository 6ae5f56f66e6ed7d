"""Is a post really Twilio's: signed for our public address, for our account. Whatever is odd is refused, never raised.

https://www.twilio.com/docs/usage/security#validating-requests
"""

from multidict import MultiDict, MultiDictProxy
from twilio.request_validator import RequestValidator, get_signature_algorithm

from gateway.channels.base import Denied, Post
from gateway.channels.twilio_posts import fields_of, is_json


def verify(post: Post, auth_token: str, account_sid: str, public_url: str) -> Denied | None:
    """`public_url` is what Twilio was told to call; the Host header, which anybody may write, plays no part."""
    try:
        return _verify(post, auth_token, account_sid, public_url.rstrip("/"))
    except Exception as error:  # noqa: BLE001 - a check that stumbles must end in a refusal, whatever it stumbled over
        return Denied(403, f"the signature check stumbled: {type(error).__name__}")


def _verify(post: Post, auth_token: str, account_sid: str, public_url: str) -> Denied | None:
    signature = post.header("x-twilio-signature")
    if not signature or not auth_token:
        return Denied(403, "no signature header, or more than one")
    fields = fields_of(post)
    if fields is None:
        return Denied(403, "neither a form nor a JSON object")
    if is_json(post) and "bodySHA256=" not in post.query:
        return Denied(403, "a JSON body without bodySHA256")
    signed = post.body.decode() if is_json(post) else MultiDict(fields)
    settings = post.header("x-twilio-webhooks-signature-settings") or ""
    asked = post.path + (f"?{post.query}" if post.query else "")
    if not _signed(auth_token, public_url + asked, signed, signature, settings):
        return Denied(403, _hint(auth_token, public_url, asked, signed, signature, settings))
    if any(sid != account_sid for sid in fields.getall("AccountSid", ())):
        return Denied(403, "signed by our key, but for another account")
    return None


def _signed(
    auth_token: str, url: str, signed: "str | MultiDict[str] | MultiDictProxy[str]", signature: str, settings: str
) -> bool:
    # The validator tries the address with and without its port: Twilio is not consistent there.
    algorithm = get_signature_algorithm(settings)
    return bool(RequestValidator(auth_token).validate(url, signed, signature, algorithm))


def _hint(
    auth_token: str, public_url: str, asked: str, signed: "str | MultiDict[str]", signature: str, settings: str
) -> str:
    scheme, _, rest = public_url.partition("://")
    other = "http" if scheme == "https" else "https"
    if _signed(auth_token, f"{other}://{rest}{asked}", signed, signature, settings):
        return f"signed for {other}://, but PARLEY_PUBLIC_URL says {scheme}://: make the two agree"
    return "wrong signature: is PARLEY_PUBLIC_URL exactly what Twilio was told to call?"
