"""The floor: the least an aiohttp program can do and still hold the dialogue. Parses, answers, keeps nothing.

It takes the gateway's settings and answers its addresses, so it can stand in for the gateway too.
"""

import argparse
import os
from collections import defaultdict
from typing import Any

import aiohttp
import orjson
import uvloop
from aiohttp import web

from bench.dialogue import answer
from bench.serving import until_ended

API = "{PARLEY_TELEGRAM_API_BASE}/bot{PARLEY_TELEGRAM_TOKEN}/sendMessage".format_map(defaultdict(str, os.environ))
SECRET = os.environ.get("PARLEY_TELEGRAM_SECRET", "")
JSON = {"Content-Type": "application/json"}
OK = b"{}"


async def serve(host: str, port: int) -> None:
    talks: dict[int, tuple[str, ...] | None] = {}

    async def hook(request: web.Request) -> web.Response:
        if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != SECRET:
            return web.Response(status=401)
        message: dict[str, Any] = orjson.loads(await request.read())["message"]
        chat = message["chat"]["id"]
        reply, talks[chat] = answer(talks.get(chat), message["text"])
        body = orjson.dumps({"chat_id": chat, "text": reply})
        async with session.post(API, data=body, headers=JSON) as answered:
            await answered.read()
        return web.Response(body=OK, content_type="application/json")

    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app = web.Application()
        app.router.add_post("/hooks/telegram", hook)
        app.router.add_get("/readyz", ready)
        await until_ended(app, host, port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    given, _ = parser.parse_known_args()
    uvloop.run(serve(given.host, given.port))
