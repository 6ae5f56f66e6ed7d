"""What managers do in a story: their commands, through the lane as from the console; and whether they are there at all."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from bots.kit.problems import shown
from gateway.api.audit import settle_finding
from gateway.channels.paper import ACCOUNTS
from gateway.desk import Command, Edit, Move, OpenDeal, Take, Write, WriteNote
from gateway.duties import FinishTask, GiveTask
from gateway.refusals import Conflict, Invalid
from gateway.steering import Clarify, SteerBot
from gateway.stories.asking import asked
from gateway.stories.scene import Denied, Do, Scene, Unseen
from gateway.stories.tidying import VERBS, Act
from gateway.stories.words import BadLine, Words
from state import deals
from state.records import Person


def read_manager(line: str) -> Do:
    words = Words(line.partition(" ")[2])
    name = words.word("a manager's name")
    verb = words.one_of(_VERBS, "thing that managers do")
    act = _VERBS[verb](words)

    async def do(scene: Scene) -> None:
        await act(scene, scene.person(name))

    return do


async def _ask(scene: Scene, who: Person, command: Command) -> None:
    deal = await scene.deal()
    await _asked(scene, deal["contact_id"], deal["id"], command, who)


async def _asked(scene: Scene, contact: int, deal: int, command: Command, who: Person) -> None:
    try:
        await scene.rehearsal.ask(contact, deal, command, who)
    except (Conflict, Invalid) as refusal:
        name = f"{refusal.name}: " if isinstance(refusal, Invalid) else ""
        raise Denied(f"{name}{refusal}") from None


def _command(make: Callable[[Words], Command]) -> Callable[[Words], Act]:
    """A verb that is one command, the same for everybody."""

    def read(words: Words) -> Act:
        command = make(words)
        words.end()
        return lambda scene, who: _ask(scene, who, command)

    return read


def value(text: str) -> Any:
    """Whole numbers are numbers, as a program would write them."""
    return int(text) if text.isdecimal() and len(text) < 19 and (text == "0" or text[0] != "0") else text


def _move(words: Words) -> Command:
    stage = words.word("a stage")
    fields = words.named()
    reason = fields.pop("reason", "")
    return Move(stage, reason, {name: value(text) for name, text in fields.items()})


def _write(words: Words) -> Command:
    if words.take("template"):
        template = words.word("a template's name")
        channel = words.one_of(ACCOUNTS, "channel") if words.take("by") else ""
        return Write(template=template, variables=words.named(), channel=channel)
    text = words.word("what they write")
    channel = words.one_of(ACCOUNTS, "channel") if words.take("by") else ""
    return Write(text, channel=channel, subject=words.named(("subject",)).get("subject", ""))


def _start(words: Words) -> Command:
    return SteerBot("start", words.word("a bot"))


def _bot(action: str) -> Callable[[Words], Command]:
    def make(words: Words) -> Command:
        if not words.take("bot"):
            raise BadLine(f"it is not said what {action}s", f"Write '{action}s bot'")
        return SteerBot(action)

    return make


def _tag(words: Words, *, on: bool) -> Act:
    tag = words.word("a tag")
    words.end()

    async def act(scene: Scene, who: Person) -> None:
        tags = [one for one in (await scene.deal())["tags"] if one != tag]
        await _ask(scene, who, Edit(tags=(*tags, *([tag] if on else []))))

    return act


def _sets(words: Words) -> Act:
    fields = {name: value(text) for name, text in words.named().items()}
    if not fields:
        raise BadLine("it is not said what is set", "Write sets city=Тверь")
    return lambda scene, who: _ask(scene, who, Edit(fields=fields))


def _gives(words: Words) -> Act:
    if words.take("deal", "to"):
        name = words.word("a colleague's name")
        words.end()

        async def hand(scene: Scene, who: Person) -> None:
            heir = scene.person(name)
            await _ask(scene, who, Edit(responsible=heir.id, name=heir.name))

        return hand
    if not words.take("task"):
        raise BadLine("it is not said what is given", 'Write gives task "text" or gives deal to NAME')
    text = words.word("what is to be done")
    given: dict[str, Any] = {}
    while words.more:
        match words.one_of(("kind", "to", "due"), "word of a task"):
            case "kind":
                given["kind"] = words.word("a kind")
            case "to":
                given["to"] = words.word("a colleague's name")
            case _:
                given["due"] = words.length()

    async def task(scene: Scene, who: Person) -> None:
        whose = scene.person(given["to"]).id if "to" in given else None
        due = scene.now + given["due"] if "due" in given else None
        await _ask(scene, who, GiveTask(text, given.get("kind", "other"), whose, due))

    return task


def _finishes(words: Words) -> Act:
    text = words.word("a task's text")
    result = words.word("the result") if words.take("with") else ""
    reason = words.word("the reason") if words.take("because") else ""
    words.end()

    async def act(scene: Scene, who: Person) -> None:
        deal = await scene.deal()
        there = await scene.rehearsal.look(lambda c: deals.open_tasks(c, deal["id"]))
        found = next((task for task in there if text.casefold() in task.text.casefold()), None)
        if found is None:
            listed = "; ".join(task.text for task in there) or "none"
            raise Unseen(f"no open task has '{shown(text)}'. Open are: {listed}")
        await _asked(scene, deal["contact_id"], deal["id"], FinishTask(found, result, reason), who)

    return act


def _settles(words: Words) -> Act:
    """What a manager says of a finding; of one that cannot be fixed, a head agrees."""
    check = words.word("a check")
    status = words.one_of(("fixed", "cannot_fix", "not_handled"), "status") if words.take("as") else "cannot_fix"
    reason = words.word("the reason") if words.take("because") else ""
    words.end()

    async def act(scene: Scene, who: Person) -> None:
        deal = await scene.deal()
        rows = await scene.rows("findings", deal_id=deal["id"], check_name=check)
        found = next((row["id"] for row in rows if row["gone_at"] is None), None)
        if found is None:
            raise Unseen(f"there is no finding '{shown(check)}'")
        await asked(scene, who, settle_finding, found, body={"status": status, "reason": reason})

    return act


def _opens(words: Words) -> Act:
    if not words.take("deal"):
        raise BadLine("it is not said what is opened", "Write opens deal funnel NAME")
    given = words.named(("funnel", "title"))

    async def act(scene: Scene, who: Person) -> None:
        command = OpenDeal(given.get("funnel", ""), given.get("title", ""))
        await _asked(scene, await scene.entered_contact(), 0, command, who)

    return act


def _goes(words: Words) -> Act:
    if not words.take("away"):
        raise BadLine("it is not said where they go", "Write goes away, or goes away +2h")
    length = words.length() if words.more else 0
    return lambda scene, who: scene.rehearsal.away(who, scene.now + length if length else None)


def _comes(words: Words) -> Act:
    if not words.take("back"):
        raise BadLine("it is not said where they come", "Write comes back")
    return lambda scene, who: scene.rehearsal.back(who)


def _leaves(words: Words) -> Act:
    words.end()
    return lambda scene, who: scene.rehearsal.leave(who)


_VERBS: Final[Mapping[str, Callable[[Words], Act]]] = {
    "takes": _command(lambda _: Take()),
    "moves": _command(_move),
    "writes": _command(_write),
    "notes": _command(lambda words: WriteNote(words.word("a note"))),
    "clarifies": _command(lambda words: Clarify(words.word("what is to be clarified"))),
    "starts": _command(_start),
    "stops": _command(_bot("stop")),
    "resumes": _command(_bot("resume")),
    "releases": _command(lambda _: Edit(release=True)),
    "gives": _gives,
    "finishes": _finishes,
    "settles": _settles,
    "sets": _sets,
    "tags": lambda words: _tag(words, on=True),
    "untags": lambda words: _tag(words, on=False),
    "opens": _opens,
    "goes": _goes,
    "comes": _comes,
    "leaves": _leaves,
    **VERBS,
}
