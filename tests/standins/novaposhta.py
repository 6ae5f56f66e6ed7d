"""Nova Poshta's double: a real server that knows where parcels are, and keeps a log of what it was asked."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gateway.ports import Port


@dataclass
class NovaPoshtaStandin:
    key: str = "np-key"
    where: dict[str, int] = field(default_factory=dict)
    """StatusCode by number."""
    asked: list[list[str]] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    """Waybills, as they were asked for."""
    answers: list[Any] = field(default_factory=list)
    """Given first, one a request: a status with a body."""
    port: Port | None = None

    async def start(self) -> str:
        app = web.Application()
        app.add_routes([web.post("/v2.0/json/", self._ask)])
        self.port = Port(app)
        await self.port.open()
        return f"http://127.0.0.1:{self.port.number}/v2.0/json/"

    async def stop(self) -> None:
        if self.port is not None:
            await self.port.shut()

    async def _ask(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.answers:
            status, said = self.answers.pop(0)
            return (
                web.Response(status=status, text=said)
                if isinstance(said, str)
                else web.json_response(said, status=status)
            )
        if body["apiKey"] != self.key:
            return web.json_response(
                {"success": False, "data": [], "errors": ["API key expired"], "errorCodes": ["20000200068"]}
            )
        asked = body["methodProperties"]
        if body["calledMethod"] == "searchSettlements":
            towns = [one for one in TOWNS if one.get("MainDescription", "").startswith(asked["CityName"])]
            return _data([{"TotalCount": len(towns), "Addresses": towns}])
        if body["calledMethod"] == "getWarehouses":
            return _data([{"Ref": "w-7", "Number": "7", "Description": f"Відділення №7 ({asked['CityRef']})"}])
        if body["calledMethod"] == "save":
            self.made.append(asked)
            number = f"{20450000000900 + len(self.made)}"
            return _data(
                [{"Ref": "doc-1", "IntDocNumber": number, "CostOnSite": 85, "EstimatedDeliveryDate": "05.03.2026"}]
            )
        numbers = [one["DocumentNumber"] for one in body["methodProperties"]["Documents"]]
        self.asked.append(numbers)
        data = [
            {"Number": number, "StatusCode": str(self.where.get(number, 3)), "Status": "Статус"} for number in numbers
        ]
        return _data(data)


def _data(data: list[Any]) -> web.Response:
    return web.json_response({"success": True, "data": data, "errors": [], "warnings": []})


TOWNS = [{"DeliveryCity": "city-1", "MainDescription": "Полтава", "Area": "Полтавська"}, {"Present": "без посилання"}]
