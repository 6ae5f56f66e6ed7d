"""What people do in a story as from their console: the calls of the API, with its policy, its checks and its refusals."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from gateway.api.app import CALLS
from gateway.api.calls import Answer, Call, Handler
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal
from gateway.api.policy import admit, policy_of
from gateway.stories.carrier import PaperCarrier
from gateway.stories.scene import Denied, Scene
from gateway.stories.words import Words
from state.records import Person

HEAD: Final = Person(0, "", "head", active=True)
"""Who looks at what nobody is named for."""
MOST: Final = 100
"""Of a list: its first page."""
_CALLS: Final[Mapping[Handler, Call]] = {call.handler: call for call in CALLS}


async def asked(scene: Scene, who: Person, handler: Handler, *path: int | str, body: Any = None, **query: Any) -> Any:
    """What the call answers. `path`: the values in its address, in order; `body`: as its JSON would be read.
    Raises `Denied` with what it is refused with.
    """
    call = _CALLS[handler]
    given = {"ctx": _context(scene), "who": who}
    named = [param.argument for param in call.params if param.source == "path"]
    arguments = (
        {name: given[name] for name in given if name in call.given} | dict(zip(named, path, strict=True)) | query
    )
    try:
        admit(policy_of(call), who)
        if body is not None:
            arguments["body"] = next(p for p in call.params if p.source == "body").adapter.validate_python(body)
        answer = await scene.rehearsal.do(handler(**arguments))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        raise Denied(f"{first['loc'][0] if first['loc'] else 'body'}: {first['msg']}") from None
    except Refusal as refused:
        told = ", ".join(f"{name}: {value}" for name, value in refused.more.items() if isinstance(value, int | str))
        raise Denied(f"{refused.code}: {refused}" + (f" ({told})" if told else "")) from None
    return answer.body if isinstance(answer, Answer) else answer


def _context(scene: Scene) -> ApiContext:
    whole = scene.rehearsal
    return ApiContext(
        whole.db, whole.turns, whole.live, whole.clock, whole.house, "", whole.intake, carrier=PaperCarrier(scene)
    )


def by(words: Words) -> str:
    """`by NAME`: through whose eyes; empty: a head's."""
    return words.word("a name") if words.take("by") else ""


def viewer(scene: Scene, name: str) -> Person:
    return scene.person(name) if name else HEAD
