"""The other side of a program under test, in one process: customers who post updates, and the Bot API that hears the
replies. Every reply is compared, byte for byte, with what that customer must be told.

Run on its own core: `python -m bench.generator`. It prints its API's address as a JSON line, then takes one order a
line on its standard input (see `Order`) and prints one result a line.
"""

import asyncio
import gc
import json
import random
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.dialogue import FIRST_CHAT, Customer
from bench.measure import cpu_s, machine_s, memory_mb, percentile
from bench.wire import cut, fields

BOT = {"id": 700001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


@dataclass(frozen=True, slots=True)
class Order:
    hook: str
    """Where updates are posted."""
    secret: str
    in_flight: int = 64
    rate: float = 0.0
    """Updates a second whatever the program does, instead of `in_flight` at a time; 0: closed loop."""
    api_delay_ms: float = 0.0
    warm_up_s: float = 1.0
    seconds: float = 3.0
    patience_s: float = 10.0
    """A reply later than this is none."""
    program: int = 0
    store: int = 0
    """Process ids whose trees are measured; 0: none."""


@dataclass(slots=True)
class Window:
    """What is counted between the end of the warm-up and the end of the run."""

    open: bool = False
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def fail(self, kind: str, detail: str) -> None:
        self.errors[kind] += 1
        if len(self.examples) < 5:
            self.examples.append(f"{kind}: {detail[:300]}")


class Hook(asyncio.Protocol):
    """One kept-alive connection to the program's webhook, one post at a time."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.customer: Customer | None = None
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def post(self, customer: Customer, request: bytes) -> None:
        self.customer = customer
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        message = cut(data)
        if message is None:
            self.buffer = data
            return
        self.buffer = data[message[3] :]
        first, headers, body, _ = message
        customer, self.customer = self.customer, None
        if not first.startswith(b"HTTP/1.1 2") and customer is not None:
            self.load.refused(customer, first.decode(errors="replace") + " " + body.decode(errors="replace"))
        if b"\r\nconnection: close" in headers:
            self.transport.close()
        else:
            self.load.idle.append(self)

    def connection_lost(self, _: Exception | None) -> None:
        if self in self.load.idle:
            self.load.idle.remove(self)
        if self.customer is not None:
            self.load.refused(self.customer, "connection lost before the answer")
            self.customer = None


class Api(asyncio.Protocol):
    """One connection from the program to the Bot API."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        while data and (message := cut(data)) is not None:
            first, headers, body, used = message
            data = data[used:]
            self.call(first, headers, body)
        self.buffer = data

    def call(self, first: bytes, headers: bytes, body: bytes) -> None:
        method = first.split(b" ", 2)[1].partition(b"?")[0].rsplit(b"/", 1)[-1].lower()
        given = fields(headers, body, first)
        if method != b"sendmessage":
            self.answer(orjson.dumps({"ok": True, "result": BOT if method == b"getme" else self.plain(method)}))
            return
        chat, text = int(given["chat_id"]), given["text"]
        if self.load.delay_s:
            self.load.loop.call_later(self.load.delay_s, self.said, chat, text)
        else:
            self.said(chat, text)

    def plain(self, method: bytes) -> Any:
        if method == b"getwebhookinfo":
            return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        return [] if method == b"getupdates" else True

    def said(self, chat: int, text: str) -> None:
        self.load.message_id += 1
        self.answer(
            b'{"ok":true,"result":{"message_id":%d,"from":{"id":700001,"is_bot":true,"first_name":"Bench"},'
            b'"chat":{"id":%d,"type":"private","first_name":"Test"},"date":1767258000,"text":%b}}'
            % (self.load.message_id, chat, orjson.dumps(text))
        )
        self.load.replied(chat, text)

    def answer(self, body: bytes) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )


class Load:
    """Customers, connections and the run that is under way."""

    def __init__(self, chats: int, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.customers = {chat: Customer(chat) for chat in range(FIRST_CHAT, FIRST_CHAT + chats)}
        self.waiting = deque(self.customers.values())
        self.idle: list[Hook] = []
        self.delay_s = 0.0
        self.message_id = 0
        self.update_id = int(time.time()) % 1_000_000 * 1000
        self.running = False
        self.closed = True
        self.under_way = 0
        self.window = Window()
        self.order = Order("", "")
        self.head = b""
        self.opening: set[asyncio.Task[None]] = set()

    # -- turns -------------------------------------------------------------------------------------------------------

    def begin(self, due: float = 0.0) -> None:
        """The next idle customer says the next thing."""
        if not self.waiting:
            self.window.fail("starved", "every customer is waiting for a reply")
            return
        customer = self.waiting.popleft()
        self.under_way += 1
        self.update_id += 1
        customer.update = self.update_id
        customer.posted = due or time.perf_counter()
        self.post(customer)

    def post(self, customer: Customer) -> None:
        if self.idle:
            self.idle.pop().post(customer, self.request(customer))
            return
        task = self.loop.create_task(self.post_anew(customer))
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    async def post_anew(self, customer: Customer) -> None:
        try:
            (await self.connect()).post(customer, self.request(customer))
        except OSError as why:
            self.refused(customer, str(why))

    async def connect(self) -> Hook:
        where = urlsplit(self.order.hook)
        _, hook = await self.loop.create_connection(lambda: Hook(self), where.hostname or "", where.port or 80)
        return hook

    def request(self, customer: Customer) -> bytes:
        body = (
            b'{"update_id":%d,"message":{"message_id":%d,"from":{"id":%d,"is_bot":false,"first_name":"Test",'
            b'"language_code":"ru"},"chat":{"id":%d,"first_name":"Test","type":"private"},"date":%d,"text":%b}}'
        ) % (
            customer.update,
            customer.update % 1_000_000_000,
            customer.chat,
            customer.chat,
            int(time.time()),
            orjson.dumps(customer.says),
        )
        return self.head % len(body) + body

    def replied(self, chat: int, text: str) -> None:
        customer = self.customers.get(chat)
        if customer is None or not customer.posted:
            self.window.fail("unexpected", f"{chat} was told {text!r} and had asked nothing")
            return
        if text != customer.expects:
            self.window.fail("wrong text", f"{chat} expected {customer.expects!r}, was told {text!r}")
        if self.window.open:
            self.window.latencies.append(time.perf_counter() - customer.posted)
        customer.posted = 0.0
        customer.advance()
        self.waiting.append(customer)
        self.under_way -= 1
        if self.running and self.closed:
            self.begin()

    def refused(self, customer: Customer, why: str) -> None:
        """Not a 2xx: counted, and posted again a little later, as Telegram does."""
        self.window.fail("refused", why)
        if customer.posted:
            self.loop.call_later(0.1, self.post_again, customer, customer.update)

    def post_again(self, customer: Customer, update: int) -> None:
        if customer.posted and customer.update == update:
            self.post(customer)

    def give_up(self) -> None:
        """Customers who have waited too long are out of this and later runs."""
        now = time.perf_counter()
        for customer in self.customers.values():
            if customer.posted and now - customer.posted > self.order.patience_s:
                self.window.fail(
                    "no reply", f"{customer.chat} said {customer.says!r}, nothing in {self.order.patience_s} s"
                )
                customer.posted = 0.0
                customer.step = -1
                self.under_way -= 1
                if self.running and self.closed:
                    self.begin()

    # -- runs --------------------------------------------------------------------------------------------------------

    async def run(self, order: Order) -> dict[str, Any]:
        self.order, self.delay_s, self.closed = order, order.api_delay_ms / 1000, not order.rate
        where = urlsplit(order.hook)
        self.head = (
            f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {order.secret}\r\nContent-Length: "
        ).encode() + b"%d\r\n\r\n"
        while len(self.idle) < min(order.in_flight, 256):
            self.idle.append(await self.connect())
        self.window = Window()
        self.running = True
        pace = self.loop.create_task(self.keep_pace(order.rate)) if order.rate else None
        for _ in range(0 if order.rate else order.in_flight):
            self.begin()
        await self.sleep(order.warm_up_s)
        self.window.open = True
        before, began = self.clocks(), time.perf_counter()
        await self.sleep(order.seconds)
        self.window.open = False
        seconds = time.perf_counter() - began
        used = [after - earlier for after, earlier in zip(self.clocks(), before, strict=True)]
        self.running = False
        if pace is not None:
            pace.cancel()
        drained = time.perf_counter() + order.patience_s + 1
        while self.under_way and time.perf_counter() < drained:
            await self.sleep(0.02)
        return self.result(seconds, used)

    async def sleep(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, 0.5))
            self.give_up()

    async def keep_pace(self, rate: float) -> None:
        """Arrivals at random, `rate` a second on average; each is timed from when it was due."""
        chance = random.Random(20261122)
        due = time.perf_counter()
        while True:
            now = time.perf_counter()
            while due <= now:
                self.begin(due)
                due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0005, due - time.perf_counter()))

    def clocks(self) -> tuple[float, float, float, float]:
        return cpu_s(self.order.program), cpu_s(self.order.store), time.process_time(), machine_s()

    def result(self, seconds: float, used: list[float]) -> dict[str, Any]:
        ordered = sorted(self.window.latencies)
        turns = len(ordered)
        per_turn = 1e6 / max(turns, 1)
        return {
            "turns": turns,
            "turns_per_s": turns / seconds,
            **{f"p{p}_ms": percentile(ordered, p / 100) * 1000 for p in (50, 95, 99)},
            "program_us": used[0] * per_turn,
            "store_us": used[1] * per_turn,
            "busy": used[0] / seconds,
            "generator_busy": used[2] / seconds,
            "others": max(0.0, used[3] - sum(used[:3])) / seconds,
            "peak_mb": memory_mb(self.order.program, "VmHWM") if self.order.program else 0.0,
            "errors": dict(self.window.errors),
            "examples": self.window.examples,
        }


async def serve(chats: int) -> None:
    loop = asyncio.get_running_loop()
    load = Load(chats, loop)
    server = await loop.create_server(lambda: Api(load), "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"api": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    gc.freeze()
    gc.disable()
    while line := await orders.readline():
        try:
            result = await load.run(Order(**json.loads(line)))
        except OSError as why:
            result = {"failed": str(why)}
        print(json.dumps(result), flush=True)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
