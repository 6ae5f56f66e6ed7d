"""What people are shown in a story, as the console asks the API for it: lists, timelines, templates; and all other looks by name."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.api import deals, merges, playbook, tasks, templates
from gateway.stories.asking import HEAD, MOST, asked, by, viewer
from gateway.stories.audits import finding, offender, sheet, trend
from gateway.stories.numbers import report
from gateway.stories.parcels import directory, waybill
from gateway.stories.scene import Scene
from gateway.stories.seeing import Sight, flat, has, listed, must
from gateway.stories.words import Words

_FILTERS: Final = ("funnel", "stage", "phone", "q", "responsible", "open")


# -- lists -------------------------------------------------------------------------------------------------------------


def _listed(words: Words) -> Sight:
    """A customer's deal stands in the list, or in the column, that these filters make."""
    customer, eyes = words.word("a customer"), by(words)
    filters: dict[str, Any] = words.named(_FILTERS)

    async def see(scene: Scene, wanted: bool) -> None:
        narrowed = dict(filters)
        if "open" in narrowed:
            narrowed["open"] = narrowed["open"] == "yes"
        if narrowed.get("responsible", "none") not in ("me", "none"):
            narrowed["responsible"] = viewer(scene, narrowed["responsible"]).id
        answer = await asked(scene, viewer(scene, eyes), deals.list_deals, limit=MOST, **narrowed)
        names = [one["contact"]["name"] for one in answer["items"]]
        must(any(has(name, customer) for name in names), wanted, f"the list has {listed(names)}")

    return see


def _timeline(words: Words) -> Sight:
    """Managers can read it in the deal, whosever it is."""
    text, eyes = words.word("a text"), by(words)

    async def see(scene: Scene, wanted: bool) -> None:
        deal, who, entries, onward = await scene.deal(), viewer(scene, eyes), list[str](), None
        while True:
            page = await asked(scene, who, deals.get_timeline, deal["id"], limit=MOST, cursor=onward)
            entries += [one["text"] for one in page["items"]]
            if (onward := page["next"]) is None:
                break
        must(any(has(one, text) for one in entries), wanted, f"there stands {listed(entries[-12:])}")

    return see


def _todo(words: Words) -> Sight:
    """A task stands in somebody's own list, whichever deal it is of."""
    whose, text = words.word("a name"), words.quoted() or ""
    overdue = words.take("overdue") or None

    async def see(scene: Scene, wanted: bool) -> None:
        who = viewer(scene, whose)
        answer = await asked(scene, who, tasks.list_tasks, responsible="me", state="open", overdue=overdue, limit=MOST)
        texts = [one["text"] for one in answer["items"]]
        must(any(has(one, text) for one in texts), wanted, f"their list has {listed(texts)}")

    return see


def _criteria(words: Words) -> Sight:
    """What the playbook says is true of a deal in this stage."""
    text = words.word("a text")

    async def see(scene: Scene, wanted: bool) -> None:
        deal = await scene.deal()
        funnels = (await asked(scene, HEAD, playbook.show_playbook))["funnels"]
        said_ = next(
            one["criteria"]
            for funnel in funnels
            if funnel["name"] == deal["funnel"]
            for one in funnel["stages"]
            if one["name"] == deal["stage"]
        )
        must(has(said_, text), wanted, f"the criteria of {deal['stage']} are «{said_}»")

    return see


# -- templates -----------------------------------------------------------------------------------------------------------


def _templates(words: Words) -> Sight:
    """What a composer offers behind `/`."""
    q, name = words.word("what is typed behind /").removeprefix("/"), words.word("a template")

    async def see(scene: Scene, wanted: bool) -> None:
        answer = await asked(scene, HEAD, templates.list_templates, q=q)
        names = [one["name"] for one in answer["items"]]
        must(name in names, wanted, f"offered are {listed(names)}")

    return see


def _preview(words: Words) -> Sight:
    """A template as it would go to the customer, read before it goes; or what it still lacks."""
    name, eyes = words.word("a template"), by(words)
    text, lacks = words.quoted(), words.word("a variable") if words.take("lacks") else ""
    variables = words.named()

    async def see(scene: Scene, wanted: bool) -> None:
        deal = await scene.deal()
        body = {"template": name, "variables": variables}
        made = await asked(scene, viewer(scene, eyes), templates.preview, deal["id"], body=body)
        gaps = [*made["empty"], *(one["name"] for one in made["blanks"])]
        holds = lacks in gaps if lacks else has(made["text"], text or "") and not made["refused"]
        must(holds, wanted, f"it would be «{flat(made['text'])}», refused: {made['refused']}, lacking {listed(gaps)}")

    return see


# -- who may be one ------------------------------------------------------------------------------------------------------


def _duplicate(words: Words) -> Sight:
    """The customer and another are suggested as one person."""
    name = words.word("a customer's name")

    async def see(scene: Scene, wanted: bool) -> None:
        contact = await scene.known_contact()
        answer = await asked(scene, HEAD, merges.list_duplicates, contact=contact)
        names = [one["name"] for pair in answer["items"] for one in pair["contacts"] if one["id"] != contact]
        must(any(has(one, name) for one in names), wanted, f"suggested are {listed(names)}")

    return see


LOOKS: Final[Mapping[str, Callable[[Words], Sight]]] = {
    "listed": _listed,
    "timeline": _timeline,
    "todo": _todo,
    "criteria": _criteria,
    "directory": directory,
    "waybill": waybill,
    "templates": _templates,
    "preview": _preview,
    "report": report,
    "finding": finding,
    "sheet": sheet,
    "trend": trend,
    "offender": offender,
    "duplicate": _duplicate,
}
"""By the word behind `see` or `see no`."""
