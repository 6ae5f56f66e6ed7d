"""The carrier of a story: of paper. What it is asked and how it is read are the real client's; between them stands a small directory."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.novaposhta import CarrierError, NovaPoshta
from gateway.stories.scene import Scene

_CITIES: Final = ("Київ", "Львів", "Луцьк", "Одеса", "Дніпро", "Полтава", "Харків")
_OFFICES: Final = 12
"""Of each city."""


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
