"""How managers tidy up in a story: two that are one, one that is two, a card put right, a waybill made of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from bots.kit.problems import did_you_mean, shown
from gateway.api import contacts, merges, waybills
from gateway.stories.asking import HEAD, asked
from gateway.stories.scene import Scene, Unseen
from gateway.stories.seeing import has, listed
from gateway.stories.words import BadLine, Words
from state.records import Person

Act = Callable[[Scene, Person], Awaitable[None]]
_IS_WAYBILL: Final = ("city", "office", "name", "phone", "cost", "cod", "weight", "description")
_NUMBERS: Final = ("cost", "cod", "weight")


def _merges(words: Words) -> Act:
    """`merges order 4711`, `merges deal of Борис`: into the deal that is meant; `merges customer Борис`: the two are one person."""
    what = words.one_of(("order", "funnel", "stage", "deal", "customer"), "thing to merge")
    if what == "deal" and not words.take("of"):
        raise BadLine("it is not said whose deal", "Write merges deal of Борис")
    which = words.word("its name")
    leads = words.take("here", "leads")
    batch = words.named(("batch",)).get("batch", "")

    async def contacts_(scene: Scene, who: Person) -> None:
        one, other = await scene.known_contact(), await _contact_of(scene, which)
        await asked(scene, who, merges.merge_contacts, one, body={"from": other, "batch": batch})

    async def deals(scene: Scene, who: Person) -> None:
        here = (await scene.deal())["id"]
        there = (await _deal_of(scene, what, which))["id"]
        body = {"from": there, "batch": batch, "lead": here if leads else None}
        await asked(scene, who, merges.merge_deals, here, body=body)

    return contacts_ if what == "customer" else deals


async def _contact_of(scene: Scene, name: str) -> int:
    """Of another customer of the story; the lines below go on about the one they were about."""
    if name not in scene.customers:
        raise Unseen(f"there is no customer '{shown(name)}'. {did_you_mean(name, scene.customers)}")
    was, pick = scene.customer, scene.pick
    scene.meet(name)
    try:
        return await scene.known_contact()
    finally:
        scene.customer, scene.pick = was, pick


async def _deal_of(scene: Scene, what: str, which: str) -> dict[str, Any]:
    was, pick = scene.customer, scene.pick
    if what == "deal":
        await _contact_of(scene, which)
        scene.meet(which)
    else:
        scene.pick = (cast("Any", what), which)
    try:
        return await scene.deal()
    finally:
        scene.customer, scene.pick = was, pick


def _splits(words: Words) -> Act:
    """`splits "text"`: the lines with this go to a deal of their own; `splits telegram`: all that was said there."""
    text = words.quoted()
    channel = "" if text is not None else words.word("a text or a channel")
    words.end()

    async def act(scene: Scene, who: Person) -> None:
        deal = await scene.deal()
        if text is not None:
            entries = await scene.rows("entries", deal_id=deal["id"])
            body: dict[str, Any] = {"entries": [one["id"] for one in entries if has(one["text"], text)]}
            if not body["entries"]:
                raise Unseen(f"there stands {listed([one['text'] for one in entries[-12:]])}")
        else:
            addresses = await scene.rows("identities", contact_id=deal["contact_id"], channel=channel)
            if not addresses:
                raise Unseen(f"the customer has no address on {shown(channel)}")
            body = {"identity": addresses[-1]["id"]}
        await asked(scene, who, merges.split_deal, deal["id"], body=body)

    return act


def _undoes(words: Words) -> Act:
    """`undoes merge`: the latest that the customer's deals had part in, and is not undone; `undoes batch NAME`."""
    if words.take("batch"):
        name = words.word("the batch's name")
        words.end()

        async def batch(scene: Scene, who: Person) -> None:
            await asked(scene, who, merges.undo_batch, body={"batch": name})

        return batch
    if not (words.take("merge") or words.take("split")):
        raise BadLine("it is not said what is undone", "Write undoes merge, undoes split or undoes batch NAME")
    words.end()

    async def act(scene: Scene, who: Person) -> None:
        contact = await scene.known_contact()
        answer = await asked(scene, who, merges.list_merges, contact=contact)
        standing = [one for one in answer["items"] if one["undone_at"] is None and one["parent"] is None]
        if not standing:
            raise Unseen("nothing of this customer's was merged or split")
        await asked(scene, who, merges.undo_merge, standing[0]["id"])

    return act


def _dismisses(words: Words) -> Act:
    """`dismisses duplicate`: the two that were suggested as one are two."""
    if not words.take("duplicate"):
        raise BadLine("it is not said what is dismissed", "Write dismisses duplicate")
    words.end()

    async def act(scene: Scene, who: Person) -> None:
        answer = await asked(scene, HEAD, merges.list_duplicates, contact=await scene.known_contact())
        if not answer["items"]:
            raise Unseen("nobody is suggested as the same person")
        await asked(scene, who, merges.dismiss_duplicate, answer["items"][0]["id"])

    return act


def _corrects(words: Words) -> Act:
    """What is known of the contact."""
    known = words.named(("name", "phone", "email"))
    if not known:
        raise BadLine("it is not said what is corrected", 'Write corrects name "Анна Петрова" phone +7916…')

    async def act(scene: Scene, who: Person) -> None:
        await asked(scene, who, contacts.correct_contact, await scene.known_contact(), body=known)
        one = scene.meet(scene.customer)
        one.name, one.phone = known.get("name", one.name), known.get("phone", one.phone)

    return act


def _makes(words: Words) -> Act:
    """`makes waybill`: the carrier makes it of the deal's card; what is said here goes before what stands there."""
    if not words.take("waybill"):
        raise BadLine("it is not said what is made", "Write makes waybill")
    given: dict[str, Any] = words.named(_IS_WAYBILL)

    async def act(scene: Scene, who: Person) -> None:
        body = {name: int(text) if text.isdecimal() and name in _NUMBERS else text for name, text in given.items()}
        await asked(scene, who, waybills.make_waybill, (await scene.deal())["id"], body=body)

    return act


VERBS: Final[Mapping[str, Callable[[Words], Act]]] = {
    "merges": _merges,
    "splits": _splits,
    "undoes": _undoes,
    "dismisses": _dismisses,
    "corrects": _corrects,
    "makes": _makes,
}
"""By what a manager does."""
