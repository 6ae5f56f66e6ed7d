"""What must be seen in a story: each sight holds, or says what there was instead."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from bots.kit.acts import until
from bots.kit.hours import local_day, zone_of
from bots.kit.words import as_text
from bots.robots.machine import Outcome
from gateway.channels.paper import ACCOUNTS
from gateway.stories.looks import LOOKS
from gateway.stories.scene import Do, Letter, Scene, Unseen
from gateway.stories.seeing import Sight, flat, has, listed, must
from gateway.stories.words import BadLine, Words
from gateway.wording.russian import RUSSIAN

_OUTCOMES: Final = get_args(Outcome)
_WHYS: Final = tuple(dict.fromkeys(key.partition(" ")[2] for key in RUSSIAN.amiss))
_ENDS: Final = ("running", "finished", "stopped", "timed_out", "handed_off")
_MINUTE_MS: Final = 60_000


def read_sight(line: str) -> Do:
    """`see [no] …`."""
    words = Words(line.partition(" ")[2])
    wanted = not words.take("no")
    sight = _SIGHTS[words.one_of(_SIGHTS, "thing to see")](words)
    words.end()
    return lambda scene: sight(scene, wanted)


# -- messages ----------------------------------------------------------------------------------------------------------


def read_bot(line: str) -> Do:
    """`bot: text`: the next message of which no line has told."""
    said = flat(line.partition(":")[2])
    if not said:
        raise BadLine("the bot says nothing", "Write the message behind the colon; its beginning and … are enough")

    async def do(scene: Scene) -> None:
        letters = await _letters(scene)
        untold = [letter for letter in letters if not letter.told]
        if not untold:
            raise Unseen(f"the customer got {'nothing' if not letters else 'nothing more'} since the last act")
        got = flat(untold[0].text)
        holds = got.startswith(said[:-1].rstrip()) if said.endswith("…") else got == said
        scene.told.add(untold[0].part)
        must(holds, True, f"the customer got «{got}»")

    return do


async def _letters(scene: Scene) -> list[Letter]:
    contact = await scene.contact()
    return [letter for letter in await scene.letters() if letter.contact == contact]


def _message(words: Words) -> Sight:
    who = words.word("a customer's name") if words.take("to") else None
    channel = next((name for name in ACCOUNTS if words.take(name)), "")
    template = words.word("a template's name") if words.take("template") else ""
    text = words.quoted()

    async def see(scene: Scene, wanted: bool) -> None:
        if who is not None:
            scene.meet(who)
        letters = await _letters(scene)
        anything = not (channel or template or text)
        found = [
            letter
            for letter in letters
            if channel in ("", letter.channel)
            and template in ("", letter.template)
            and has(letter.text, text or "")
            and not (letter.told and anything)
        ]
        seen = listed([f"{letter.channel}: {letter.text}" for letter in letters])
        must(bool(found), wanted, f"since the last act the customer got {seen}")
        scene.told.update(letter.part for letter in found)

    return see


def _webhook(words: Words) -> Sight:
    endpoint = words.word("an endpoint")

    async def see(scene: Scene, wanted: bool) -> None:
        called = [account for _, account, out in scene.sent if out.kind == "call"]
        must(endpoint in called, wanted, f"called were {listed(called)}")

    return see


# -- the deal ----------------------------------------------------------------------------------------------------------


def _of_deal(name: str, what: str) -> Callable[[Words], Sight]:
    """A column that has one word for a value."""

    def read(words: Words) -> Sight:
        expected = words.word(what)

        async def see(scene: Scene, wanted: bool) -> None:
            deal = await scene.deal()
            must(deal[name] == expected, wanted, f"the deal's {name} is {deal[name]} (funnel {deal['funnel']})")

        return see

    return read


def _tag(words: Words) -> Sight:
    tag = words.word("a tag") if words.more else ""

    async def see(scene: Scene, wanted: bool) -> None:
        tags = (await scene.deal())["tags"]
        must(tag in tags if tag else bool(tags), wanted, f"the tags are {listed(tags)}")

    return see


def _field(words: Words) -> Sight:
    name = words.word("a field")
    expected = words.word("a value") if words.more else None

    async def see(scene: Scene, wanted: bool) -> None:
        fields = (await scene.deal())["fields"]
        there = as_text(fields.get(name, ""))
        known = ", ".join(f"{key}={as_text(one)}" for key, one in sorted(fields.items())) or "none"
        holds = bool(there) if expected is None else there == expected
        must(holds, wanted, f"the fields are {known}")

    return see


def _responsible(words: Words) -> Sight:
    name = words.word("a name") if words.more else ""

    async def see(scene: Scene, wanted: bool) -> None:
        there = (await scene.deal())["responsible_id"]
        person = scene.person(name) if name else None
        holds = there == person.id if person else there is not None
        must(holds, wanted, f"responsible is {_name(scene, there)}")

    return see


def _name(scene: Scene, person_id: int | None) -> str:
    return next((one.name for one in scene.staff.values() if one.id == person_id), "nobody")


def _closed(outcome: str | None) -> Callable[[Words], Sight]:
    def read(words: Words) -> Sight:
        reason = words.word("a reason") if words.more and outcome else ""

        async def see(scene: Scene, wanted: bool) -> None:
            deal = await scene.deal()
            holds = deal["outcome"] == outcome and reason in ("", deal["reason"])
            must(holds, wanted, f"the deal is {deal['outcome'] or 'open'} {deal['reason']}".strip())

        return see

    return read


def _waiting(_words: Words) -> Sight:
    async def see(scene: Scene, wanted: bool) -> None:
        since = (await scene.deal())["waiting_since"]
        must(since is not None, wanted, "the customer waits" if since else "the customer does not wait")

    return see


def _bot(words: Words) -> Sight:
    bot = words.word("a bot") if words.more else ""
    status = words.one_of(_ENDS, "end of a bot's talk") if words.more else "running"

    async def see(scene: Scene, wanted: bool) -> None:
        runs = await scene.rows("runs", deal_id=(await scene.deal())["id"])
        told = listed([f"{run['bot']} {run['status']} {run['reason']}" for run in runs])
        if status == "running":
            holds = any(run["status"] == "running" and bot in ("", run["bot"]) for run in runs)
        else:
            ended = [run for run in runs if run["bot"] == bot]
            holds = bool(ended) and ended[-1]["status"] == status
        must(holds, wanted, f"in this deal there were {told}")

    return see


def _robot(words: Words) -> Sight:
    rule = words.word("a robot")
    outcome = words.one_of(_OUTCOMES, "outcome") if words.more else "fired"
    why = words.one_of(_WHYS, "reason why a deed did not do what it says") if words.more else ""

    async def see(scene: Scene, wanted: bool) -> None:
        firings = await scene.rows("firings", deal_id=(await scene.deal())["id"])
        whys = [[deed[1] for deed in one["deeds"]] for one in firings]
        told = [
            f"{one['rule']} {one['outcome']} {one['seen']} {' '.join(of)}"
            for one, of in zip(firings, whys, strict=True)
        ]
        holds = any(
            (one["rule"], one["outcome"]) == (rule, outcome) and (not why or why in of)
            for one, of in zip(firings, whys, strict=True)
        )
        must(holds, wanted, f"there were {listed(told)}")

    return see


# -- tasks -------------------------------------------------------------------------------------------------------------


def _task(state: str) -> Callable[[Words], Sight]:
    def read(words: Words) -> Sight:
        text = words.quoted()
        asked: dict[str, Any] = {}
        while words.more:
            match words.one_of(("kind", "for", "due"), "word of a task"):
                case "kind":
                    asked["kind"] = words.word("a kind")
                case "for":
                    asked["for"] = words.word("a name")
                case _:
                    asked["due"] = _due(words)

        async def see(scene: Scene, wanted: bool) -> None:
            tasks = await scene.rows("tasks", deal_id=(await scene.deal())["id"], state=state)
            found = [task for task in tasks if has(task["text"], text or "") and _is_so(scene, task, asked)]
            must(bool(found), wanted, f"{'open' if state == 'open' else 'done'} are {listed(_told(scene, tasks))}")

        return see

    return read


def _due(words: Words) -> Callable[[Scene], int]:
    if words.begins("+"):
        length = words.length()
        return lambda scene: scene.now + length
    day = words.word("a time")
    said = f"{day} {words.word('a time of day')}" if ":" not in day else day
    if until(said, 1, "UTC") is None:
        raise BadLine(f"'{said}' is no time", "Write due 13:00, due 2026-03-02 13:00 or due +1h")

    def moment(scene: Scene) -> int:
        today = local_day(scene.now, zone_of(scene.zone))
        return until(said if " " in said else f"{today} {said}", scene.now, scene.zone) or 0

    return moment


def _is_so(scene: Scene, task: dict[str, Any], asked: Mapping[str, Any]) -> bool:
    if asked.get("kind", task["kind"]) != task["kind"]:
        return False
    if "for" in asked:
        person = scene.staff.get(asked["for"])
        if task["responsible_id"] != (person.id if person else None) or (person is None and asked["for"] != "nobody"):
            return False
    return "due" not in asked or abs((task["due_at"] or 0) - asked["due"](scene)) < _MINUTE_MS


def _told(scene: Scene, tasks: Sequence[dict[str, Any]]) -> list[str]:
    place = ZoneInfo(scene.zone)

    def due(task: dict[str, Any]) -> str:
        at = task["due_at"]
        return f", due {datetime.fromtimestamp(at / 1000, place):%Y-%m-%d %H:%M}" if at is not None else ""

    return [f"{one['kind']}: {one['text']} (for {_name(scene, one['responsible_id'])}{due(one)})" for one in tasks]


# -- the customer ------------------------------------------------------------------------------------------------------


def _deals(*, open_only: bool) -> Callable[[Words], Sight]:
    def read(words: Words) -> Sight:
        number = words.word("how many") if words.more else "0"
        if not number.isdecimal():
            raise BadLine(f"'{number}' is no number", "Write how many there are")

        async def see(scene: Scene, wanted: bool) -> None:
            deals = [deal for deal in await scene.deals() if not open_only or deal["closed_at"] is None]
            told = listed([f"{deal['funnel']}/{deal['stage']}" for deal in deals])
            must(len(deals) == int(number), wanted or number == "0", f"the customer has {told}")

        return see

    return read


def _open(words: Words) -> Sight:
    return _deals(open_only=True)(words) if words.take("deals") or words.take("deal") else _closed(None)(words)


def _done(words: Words) -> Sight:
    if not words.take("task"):
        raise BadLine("it is not said what is done", 'Write see done task "text"')
    return _task("done")(words)


def _audience(words: Words) -> Sight:
    audience = words.word("an audience")

    async def see(scene: Scene, wanted: bool) -> None:
        member = await scene.rows("audience_members", contact_id=await scene.known_contact())
        there = [row["audience"] for row in member]
        must(audience in there, wanted, f"the customer is in {listed(there)}")

    return see


def _company(words: Words) -> Sight:
    name = words.word("a company") if words.more else ""

    async def see(scene: Scene, wanted: bool) -> None:
        of_deal = await scene.rows("company_deals", deal_id=(await scene.deal())["id"])
        there = [one["name"] for row in of_deal for one in await scene.rows("companies", id=row["company_id"])]
        must(name in there if name else bool(there), wanted, f"the deal is for {listed(there)}")

    return see


def _customer(words: Words) -> Sight:
    name = words.one_of(("name", "phone", "email"), "thing that is known of a customer")
    expected = words.word("a value") if words.more else None

    async def see(scene: Scene, wanted: bool) -> None:
        (contact,) = await scene.rows("contacts", id=await scene.known_contact())
        holds = bool(contact[name]) if expected is None else contact[name] == expected
        must(holds, wanted, f"the customer's {name} is «{contact[name]}»")

    return see


def _refused(words: Words) -> Sight:
    text = words.word("a text") if words.more else ""

    async def see(scene: Scene, wanted: bool) -> None:
        instead = f"it was refused: {scene.refused}" if scene.refused else "the act before was not refused"
        must(bool(scene.refused) and has(scene.refused, text), wanted, instead)

    return see


_SIGHTS: Final[Mapping[str, Callable[[Words], Sight]]] = {
    "message": _message,
    "stage": _of_deal("stage", "a stage"),
    "funnel": _of_deal("funnel", "a funnel"),
    "task": _task("open"),
    "done": _done,
    "tag": _tag,
    "field": _field,
    "responsible": _responsible,
    "open": _open,
    "won": _closed("won"),
    "lost": _closed("lost"),
    "bot": _bot,
    "waiting": _waiting,
    "robot": _robot,
    "deals": _deals(open_only=False),
    "audience": _audience,
    "company": _company,
    "webhook": _webhook,
    "customer": _customer,
    "refused": _refused,
    **LOOKS,
}
"""By the word behind `see` or `see no`."""
