"""What people do in a story as from their console: the calls of the API, with its policy, its checks and its refusals."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from gateway.api.app import CALLS
from gateway.api.calls import Answer, Call, Handler
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal
from gateway.api.policy import admit, policy_of
from gateway.novaposhta import CarrierError, NovaPoshta
from gateway.stories.scene import Denied, Scene
from state.records import Person

HEAD: Final = Person(0, "", "head", active=True)
"""Who looks at what nobody is named for."""
_CITIES: Final = ("Київ", "Львів", "Луцьк", "Одеса", "Дніпро", "Полтава", "Харків")
_OFFICES: Final = 12
"""Of each city."""
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


class PaperCarrier(NovaPoshta):
    """Answers as the carrier's server would, and numbers its waybills; what is asked and read is the real client's."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def _ask(
        self, model: str, method: str, properties: Mapping[str, Any], lost: type[CarrierError] = CarrierError
    ) -> list[Any]:
        match model, method:
            case "InternetDocument", "save":
                self._scene.waybills.append(dict(properties))
                number = f"2045{len(self._scene.waybills):010}"
                return [{"IntDocNumber": number, "Ref": f"ref-{number}", "CostOnSite": 70, "EstimatedDeliveryDate": ""}]
            case "Address", "searchSettlements":
                begun = str(properties["CityName"]).casefold()
                found = [name for name in _CITIES if name.casefold().startswith(begun)]
                return [{"Addresses": [{"DeliveryCity": name, "MainDescription": name, "Area": ""} for name in found]}]
            case "AddressGeneral", "getWarehouses":
                offices = [(str(n), f"Відділення №{n}, {properties['CityRef']}") for n in range(1, _OFFICES + 1)]
                return [
                    {"Ref": f"office-{number}", "Number": number, "Description": name}
                    for number, name in offices
                    if str(properties["FindByString"]).casefold() in name.casefold()
                ]
            case _:
                raise lost(f"a story has no {model}/{method}", 0)
