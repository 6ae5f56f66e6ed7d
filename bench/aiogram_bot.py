"""The same dialogue the way aiogram is meant to be used: its dispatcher, its FSM, its own webhook handler.

uvloop on and connection limits raised, so that it is measured at its best. `--redis URL` keeps the state there.
"""

import argparse
import os

import uvloop
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from bench.dialogue import ASK_CITY, ASK_COUNT, ASK_NAME, THANKS
from bench.serving import until_ended


class Talk(StatesGroup):
    name = State()
    city = State()
    count = State()


async def ask_name(message: Message, state: FSMContext) -> None:
    await state.set_state(Talk.name)
    await message.answer(ASK_NAME)


async def ask_city(message: Message, state: FSMContext) -> None:
    await state.update_data(name=message.text)
    await state.set_state(Talk.city)
    await message.answer(ASK_CITY.format(name=message.text))


async def ask_count(message: Message, state: FSMContext) -> None:
    await state.update_data(city=message.text)
    await state.set_state(Talk.count)
    await message.answer(ASK_COUNT)


async def thank(message: Message, state: FSMContext) -> None:
    gathered = await state.get_data()
    await state.clear()
    await message.answer(THANKS.format(name=gathered["name"], city=gathered["city"], count=message.text))


async def serve(host: str, port: int, redis: str) -> None:
    storage: BaseStorage = MemoryStorage()
    if redis:
        storage = RedisStorage.from_url(redis, connection_kwargs={"max_connections": 2000})
    dispatcher = Dispatcher(storage=storage)
    dispatcher.message.register(ask_name, CommandStart())
    dispatcher.message.register(ask_city, StateFilter(Talk.name), F.text)
    dispatcher.message.register(ask_count, StateFilter(Talk.city), F.text)
    dispatcher.message.register(thank, StateFilter(Talk.count), F.text)
    dispatcher.message.register(ask_name)
    server = TelegramAPIServer.from_base(os.environ["PARLEY_TELEGRAM_API_BASE"])
    bot = Bot(os.environ["PARLEY_TELEGRAM_TOKEN"], session=AiohttpSession(api=server, limit=2000))

    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/readyz", ready)
    handler = SimpleRequestHandler(dispatcher, bot, secret_token=os.environ["PARLEY_TELEGRAM_SECRET"])
    handler.register(app, path="/hooks/telegram")
    setup_application(app, dispatcher, bot=bot)
    await until_ended(app, host, port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--redis", default="")
    given = parser.parse_args()
    uvloop.run(serve(given.host, given.port, given.redis))
