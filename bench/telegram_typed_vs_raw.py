"""What Telegram's hot path costs typed (aiogram) and raw (ours): `python -m bench.telegram_typed_vs_raw`.

CPU of this process per update, parse and send apart; the answering server is a process of its own and is not counted.
Each figure is the best of five rounds: what other programs steal is noise, never speed.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from gateway.channels import telegram_updates
from gateway.channels.base import Button, Outgoing
from gateway.channels.telegram import TelegramChannel

TOKEN = "700001:BENCH"
ROUNDS = 5
PERSON = {"id": 5001, "is_bot": False, "first_name": "Анна", "last_name": "Ковалёва", "language_code": "ru"}
CHAT = {"id": 5001, "type": "private", "first_name": "Анна", "last_name": "Ковалёва"}
UPDATE = {
    "update_id": 310000001,
    "message": {
        "message_id": 4101,
        "from": PERSON,
        "chat": CHAT,
        "date": 1767262101,
        "text": "Нужны колодки на Солярис",
    },
}
ANSWER = {"ok": True, "result": UPDATE["message"]}
MENU = ("Подбор запчастей", "Мой заказ", "Доставка", "Оплата")


async def serve() -> None:
    body = json.dumps(ANSWER).encode()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def parse_cost(parse: Callable[[bytes], object], times: int) -> float:
    raw = orjson.dumps(UPDATE)
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(times):
            parse(raw)
        best = min(best, (time.process_time_ns() - started) / times / 1000)
    return best


async def send_cost(send: Callable[[], Awaitable[object]], times: int) -> float:
    await send()
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(times // 16):
            await asyncio.gather(*(send() for _ in range(16)))
        best = min(best, (time.process_time_ns() - started) / (times // 16 * 16) / 1000)
    return best


async def measure(base: str, times: int) -> None:
    channel = TelegramChannel(TOKEN, "secret", api_base=base)
    buttons = tuple(Button(f"m:1:{n}", label) for n, label in enumerate(MENU))
    out = Outgoing(1, "5001", text="Что вас интересует?", buttons=buttons)
    raw = (
        parse_cost(lambda body: telegram_updates.translate(body, "700001"), times),
        await send_cost(lambda: channel.send(out), times),
    )
    from aiogram import Bot  # noqa: PLC0415 - after the raw figures, which must not carry its garbage
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Update  # noqa: PLC0415

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))

    def send_typed() -> Awaitable[object]:
        rows = [[InlineKeyboardButton(text=t, callback_data=f"m:1:{n}")] for n, t in enumerate(MENU)]
        keyboard = InlineKeyboardMarkup(inline_keyboard=rows)
        return bot.send_message(5001, "Что вас интересует?", reply_markup=keyboard)

    typed = (
        parse_cost(lambda body: Update.model_validate(orjson.loads(body), context={"bot": bot}), times),
        await send_cost(send_typed, times),
    )
    await bot.session.close()
    await channel.close()
    print("CPU µs an update      parse    send     sum")
    for name, (parse, send) in (("raw", raw), ("typed", typed)):
        print(f"{name:<18}{parse:>9.1f}{send:>8.1f}{parse + send:>8.1f}")
    print(f"typed / raw       {typed[0] / raw[0]:>9.1f}{typed[1] / raw[1]:>8.1f}{sum(typed) / sum(raw):>8.1f}")


def footprint(module: str) -> str:
    code = (
        "import time; t = time.perf_counter(); import "
        f"{module}; print(round(time.perf_counter() - t, 2), "
        "int(open('/proc/self/statm').read().split()[1]) * 4096 // 1_000_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, mb = done.stdout.split()
    return f"{seconds} s, {mb} MB resident"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=1600)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
        return
    server = subprocess.Popen([sys.executable, "-m", __spec__.name, "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        asyncio.run(measure(f"http://127.0.0.1:{server.stdout.readline().strip()}", given.times))
    finally:
        server.terminate()
        server.wait()
    print(f"import of the raw channel: {footprint('gateway.channels.telegram')}")
    print(f"import of the typed calls: {footprint('gateway.channels.telegram_typed')}")


if __name__ == "__main__":
    main()
