"""A talk played through the whole gateway: what it says the bot says must be what the outbox holds, and so on to the tasks."""

from dataclasses import replace

from bots.kit.acts import read_act, spoken, until
from bots.kit.conversation import DAWN
from bots.kit.lines import Speaker
from bots.kit.talk import Entry, Talk
from bots.robots.rules import Board
from gateway.channels.base import Limits, Outgoing
from gateway.desk import Clarify, Edit, Move, Take
from gateway.events import MessageReceived, Sender
from tests.shop import PaperChannel, Shop, open_shop

DAY = 86_400_000
EARLIER = DAWN - 3 * DAY
"""When a customer whom the bot writes to had written first."""
WINDOWS = {"whatsapp": 24}


def stage_of(talk: Talk, url: str) -> Shop:
    """A shop in which the talk can be played, on the channel that it names."""
    name = talk.given.get("channel", "chat")
    limits = Limits(text=4096, caption=1024, unit="chars", buttons=0, label=40, window_hours=WINDOWS.get(name, 0))
    scenes = [entry for entry in talk.entries if entry.speaker != "#"]
    at = DAWN if scenes[0].speaker in ("customer", "/") else EARLIER
    made = open_shop(url, channels=[PaperChannel(name, limits=limits)], at=at, always_open=False)
    made.house.playbook = replace(made.house.playbook, board=Board())  # a talk tells what bots say, not what robots do
    return made


async def play(talk: Talk, shop: Shop) -> list[str]:
    """What came otherwise than the talk has it, with its line."""
    wrong: list[str] = []
    scenes = [entry for entry in talk.entries if entry.speaker != "#"]
    if scenes[0].speaker not in ("customer", "/"):
        await _begin(talk, shop)
    told: list[Entry] = []
    for place, entry in enumerate(scenes):
        if entry.speaker in ("customer", "/"):
            wrong += _compare(told, shop)
            told = []
            followed = place + 1 < len(scenes) and scenes[place + 1].speaker == "customer"
            await _go_on(talk, shop, entry, burst=followed)
        else:
            told.append(entry)
    return [*wrong, *_compare(told, shop), *await _ends(scenes, shop)]


async def _begin(talk: Talk, shop: Shop) -> None:
    """The deal that the talk's head describes, and what makes this bot begin in it just at dawn."""
    await _hear(talk, shop, MessageReceived(_sender(talk, shop), "Здравствуйте"))
    await shop.ask(Take())
    given = (part.partition("=") for part in talk.given.get("fields", "").split(",") if part.strip())
    fields = {name.strip(): int(value) if value.isdecimal() else value for name, _, value in given}
    await shop.ask(Edit(fields=fields))
    rule = next((rule for rule in shop.house.playbook.bots if rule.bot == talk.script), None)
    await shop.later(seconds=(DAWN - (rule.after if rule else 0) - shop.clock.now()) / 1000)
    shop.paper.sent.clear()
    if rule is not None:
        await shop.ask(Move(rule.stage))
        await shop.later(seconds=(DAWN - shop.clock.now()) / 1000)
    else:
        items = shop.house.playbook.clarifications.values()
        await shop.ask(Clarify(next(one.item for one in items if one.script == talk.script)))


async def _go_on(talk: Talk, shop: Shop, entry: Entry, *, burst: bool) -> None:
    if entry.speaker == "/":
        act = read_act(entry.text)
        if act.kind == "stage":
            await shop.ask(Move(act.about))
        elif act.kind == "until":
            at = until(act.about, shop.clock.now(), shop.house.playbook.zone)
            assert at is not None
            await shop.later(seconds=(at - shop.clock.now()) / 1000)
        elif act.length:
            await shop.later(seconds=act.length / 1000)
        return
    said = spoken(entry.text)
    button = ""
    if said.choice:
        run = next(run for run in await shop.all("runs") if run["status"] == "running")
        button = f"{run['id']}.{run['state']['turn']}.{said.choice}"
    await _hear(
        talk, shop,
        MessageReceived(
            _sender(talk, shop), said.text, said.media, button, "press" if button else "", said.phone, said.location
        ),
    )  # fmt: skip
    if burst:
        await shop.later(seconds=1)
        return
    settling = [timer["due_at"] for timer in await shop.all("timers") if timer["name"] == "settle"]
    if settling:
        await shop.later(seconds=(settling[0] - shop.clock.now()) / 1000)


async def _hear(talk: Talk, shop: Shop, event: MessageReceived) -> None:
    await shop.hear(event)
    await shop.settle()


def _sender(talk: Talk, shop: Shop) -> Sender:
    return Sender(shop.paper.name, shop.paper.account, "1", talk.name)


def _compare(told: list[Entry], shop: Shop) -> list[str]:
    """What the channel was asked to send since the last scene, against the talk."""
    expected = [_shown(entry.speaker, entry.text) for entry in told if entry.speaker in ("bot", "template")]  # type: ignore[arg-type]
    sent = [_sent(out, shop) for out in shop.paper.sent if out.kind != "ack"]
    shop.paper.sent.clear()
    if sent == expected:
        return []
    return [f"line {told[0].line if told else '?'}: expected {expected}\n  but the outbox had {sent}"]


def _shown(speaker: Speaker, text: str) -> str:
    return f"{speaker}: {text.splitlines()[0] if speaker == 'template' else text}"


def _sent(out: Outgoing, shop: Shop) -> str:
    """As a talk would write it: the menu right under its question, a template by its name and values."""
    if out.kind == "template":
        named = {ids: one.name for one in shop.house.playbook.templates.values() for ids in one.ids.values()}
        return f"template: {', '.join([named[out.template], *out.variables.values()])}"
    return f"bot: {out.text.replace(chr(10) * 2 + '1. ', chr(10) + '1. ')}"


async def _ends(scenes: list[Entry], shop: Shop) -> list[str]:
    """What became of the deal: tags, stage, how the run ended, and what a manager was asked to do."""
    deals = await shop.all("deals")
    runs = await shop.all("runs")
    ends = {f"{run['status']}, {run['reason']}" for run in runs}
    moved = {entry["data"].get("to") for entry in await shop.all("entries") if entry["kind"] == "stage"}
    bots = {run["bot"] for run in runs}
    tasks = [task["text"] for task in await shop.all("tasks")]
    wrong = []
    for entry in scenes:
        first, _, rest = entry.text.partition("\n")
        match entry.speaker:
            case "tag":
                holds = any(first in deal["tags"] for deal in deals)
            case "stage":
                holds = first in moved
            case "handed off":
                holds = f"handed_off, {first}" in ends and rest in tasks
            case "closed":
                holds = any(deal["closed_at"] is not None and deal["reason"] == first for deal in deals)
            case "ended":
                holds = first in ends
            case "script":
                holds = first in bots
            case "stopped":
                holds = any(end.startswith("stopped, ") for end in ends)
            case _:
                holds = True
        if not holds:
            wrong.append(f"line {entry.line}: not so: {entry.speaker}: {entry.text}")
    return wrong
