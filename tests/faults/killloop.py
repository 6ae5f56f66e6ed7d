"""Kill the gateway again and again, anywhere, while customers write; then see whether anything was lost or doubled.

The provider outlives every kill and repeats an update until it hears 200. A night's worth:
`python -m tests.faults.killloop --rounds 1000` (`--postgres` for the other database, `--seed` to have a run again).
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.faults import checker
from tests.faults.gateways import Nursery, open_nursery
from tests.faults.scenes import Scene
from tests.servers import fresh_database, postgres
from tests.standins.telegram import TelegramStandin

CHATS = range(8_001, 8_007)
FAILPOINTS = (
    "intake.before_commit",
    "intake.after_commit",
    "turns.before_commit",
    "turns.after_commit",
    "delivery.before_commit",
    "delivery.after_commit",
    "delivery.after_send",
)
_MOST_PENDING = 4


@dataclass
class Loop:
    scene: Scene
    dice: random.Random
    acks: Path
    kills: dict[str, int] = field(default_factory=dict)
    gently: bool = False
    """Ask it to stop (SIGTERM) instead: within 20 s it must, with everything in order."""
    _pending: dict[int, "asyncio.Queue[str]"] = field(default_factory=lambda: {chat: asyncio.Queue() for chat in CHATS})

    async def run(self, rounds: int) -> checker.Report:
        """Greet, then so many rounds of writing and killing, then rest and be judged."""
        customers: list[asyncio.Task[None]] = []
        gateway = await self.scene.start()
        for chat in CHATS:
            await self._give(chat, f"привет {chat}")
        await self.scene.quiet()
        gateway.kill()
        try:
            customers = [asyncio.create_task(self._customer(chat)) for chat in CHATS]
            for n in range(rounds):
                await self._round(n)
            self.scene.age_the_dead()
            gateway = await self.scene.start()
            await asyncio.gather(*(queue.join() for queue in self._pending.values()))
            await self.scene.until(self._at_rest, within_s=30)
        finally:
            for customer in customers:
                customer.cancel()
            await asyncio.gather(*customers, return_exceptions=True)
        code = await gateway.stop()
        assert self.scene.telegram is not None
        assert self.scene.telegram.ledger._fd >= 0, "the stand-in must keep its log on disk"
        report = checker.check(self.scene.url, self.scene.folder / "sends.jsonl", self.acks)
        report.demand(code == 0, f"the gateway ended with {code}")
        return report

    async def _round(self, n: int) -> None:
        """A start, a burst, a death: at a named place, or wherever the process happens to be."""
        self.scene.age_the_dead()
        if self.gently:
            await self._gentle_round(n)
            return
        spot = self.dice.choice((*FAILPOINTS, "anywhere", "anywhere", "anywhere"))
        nth = self.dice.randint(1, 5)
        gateway = await self.scene.start(failpoint="" if spot == "anywhere" else f"{spot}:{nth}", wait=False)
        self._burst(n)
        with contextlib.suppress(RuntimeError):  # it may die before it is ready: that is what we are here for
            await gateway.ready(self.scene.http)
        patience = self.dice.uniform(0, 0.12) if spot == "anywhere" else 0.4
        deadline = asyncio.get_running_loop().time() + patience
        while gateway.alive() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.005)
        spot = spot if not gateway.alive() else "anywhere"
        gateway.kill()
        self.kills[spot] = self.kills.get(spot, 0) + 1

    def _burst(self, n: int) -> None:
        for chat in CHATS:
            if self._pending[chat].qsize() < _MOST_PENDING:
                for k in range(self.dice.randint(1, 3)):
                    self._pending[chat].put_nowait(f"слово {n}.{k} от {chat}")

    async def _gentle_round(self, n: int) -> None:
        gateway = await self.scene.start()
        self._burst(n)
        await asyncio.sleep(self.dice.uniform(0, 0.1))
        begun = asyncio.get_running_loop().time()
        gateway.signal(signal.SIGTERM)
        code = await gateway.wait(20)
        took = asyncio.get_running_loop().time() - begun
        assert code == 0, f"it ended with {code} after {took:.1f} s"
        self.kills["gently"] = self.kills.get("gently", 0) + 1

    async def _customer(self, chat: int) -> None:
        """One message after the other, each until it is taken; now and then the provider repeats one for nothing."""
        while True:
            text = await self._pending[chat].get()
            await self._give(chat, text)
            self._pending[chat].task_done()

    async def _give(self, chat: int, text: str) -> None:
        assert self.scene.telegram is not None
        update = self.scene.update(text, chat)
        while await self.scene.telegram.push(update) != 200:
            await asyncio.sleep(0.02)
        # A customer's next word comes after this line is written, so the file is in each chat's order.
        with self.acks.open("a") as log:
            log.write(json.dumps({"update": update["update_id"], "chat": chat, "text": text}) + "\n")
        if self.dice.random() < 0.15:
            await self.scene.telegram.push(update)

    def _at_rest(self) -> bool:
        return not self.scene.count("inbox", "state='waiting'") and not self.scene.count("parts", "open=1")


async def kill_loop(
    rounds: int, url: str, folder: Path, nursery: Nursery, seed: int, *, gently: bool = False
) -> tuple[checker.Report, dict[str, int]]:
    """The report, and how often it was killed where."""
    async with (
        aiohttp.ClientSession() as http,
        TelegramStandin(log=folder / "sends.jsonl") as telegram,
    ):
        scene = Scene(folder, url, http, nursery, telegram)
        loop = Loop(scene, random.Random(seed), folder / "acks.jsonl", gently=gently)
        try:
            return await loop.run(rounds), loop.kills
        finally:
            scene.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else int.from_bytes(os.urandom(4))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-killloop-")))
        url = f"sqlite:///{folder / 'parley.db'}"
        if given.postgres:
            url = fresh_database(stack.enter_context(postgres(durable=True)))
        nursery = stack.enter_context(open_nursery())
        report, kills = asyncio.run(kill_loop(given.rounds, url, folder, nursery, seed))
    shown: dict[str, Any] = {"seed": seed, "rounds": given.rounds, "kills": kills, **asdict(report)}
    sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    raise SystemExit(1 if report.wrong else 0)


if __name__ == "__main__":
    main()
