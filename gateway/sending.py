"""A robot's message to the customer: which way it goes and in which words; where it cannot, a person is told."""

from collections.abc import Sequence
from dataclasses import replace

from bots.robots import effects as fx
from gateway.amiss import Amiss
from gateway.ledger import Ledger
from gateway.reaching import by_phone, keep, wished
from gateway.routes import window_shut
from gateway.templates import Known, Missing, Rendered, render
from state.records import Deal, Identity


def send(ledger: Ledger, deal: Deal, effect: fx.SendMessage) -> Amiss | None:
    """By the first channel that reaches the customer, and by those besides; else, or where something is missing, a person is told."""
    if effect.empty:
        return _lacks(ledger, deal, effect, effect.empty)
    if ledger.loops(effect.text or effect.template):
        ledger.create_task(deal, "check_loop", ledger.words.line("task_loop"), "robot")
        return Amiss("message", "loop", "task")
    missing: list[Missing] = []
    reached: list[int] = []
    asked = (effect.by, *((channel,) for channel in effect.also))
    for channels in asked:
        ways = [one for one in _ways(ledger, deal, channels) if one.id not in reached]
        if (way := _say_by_first(ledger, deal, ways, effect, missing)) is not None:
            reached.append(way)
    if reached:
        return None
    if lacking := _names(missing, "value"):
        return _lacks(ledger, deal, effect, lacking)
    if heavy := _names(missing, "size"):
        names = ", ".join(heavy)
        leave_to_a_person(ledger, deal, ledger.words.line("task_robot_heavy", names=names, text=_meant(ledger, effect)))
        return Amiss("message", "too_heavy", "task", names)
    if missing:
        why = "window_shut" if any(one.what == "approval" for one in missing) else "no_template"
    else:
        why = "barred" if any(_ways(ledger, deal, channels, barred=True) for channels in asked) else "unreachable"
    meant = _meant(ledger, effect)
    if effect.otherwise == "task":
        leave_to_a_person(ledger, deal, ledger.words.line("task_robot_mute", text=meant))
        return Amiss("message", why, "task")
    return Amiss("message", why, meant=meant)


def _lacks(ledger: Ledger, deal: Deal, effect: fx.SendMessage, empty: tuple[str, ...]) -> Amiss:
    names = ", ".join(map(ledger.house.field_title, empty))
    leave_to_a_person(ledger, deal, ledger.words.line("task_robot_empty", names=names, text=_meant(ledger, effect)))
    return Amiss("message", "empty_value", "task", ", ".join(empty))


def _say_by_first(
    ledger: Ledger, deal: Deal, ways: Sequence[Identity], effect: fx.SendMessage, missing: list[Missing]
) -> int | None:
    """The identity that it went to; `missing` is told why it could not go to others."""
    for identity in ways:
        said = _worded(ledger, deal, identity, effect)
        if isinstance(said, Rendered):
            keep(ledger, identity)
            ledger.say(
                deal, identity, said.text, author="robot", template=said.approved, media=said.media, subject=said.subject,
                data={"left": list(said.left)} if said.left else None,
            )  # fmt: skip
            return identity.id
        missing.append(said)
    return None


def _names(missing: Sequence[Missing], what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in missing if one.what == what for name in one.names))


def _worded(ledger: Ledger, deal: Deal, identity: Identity, effect: fx.SendMessage) -> Rendered | Missing:
    """What it says there: its own text where free text may go, else the playbook's template."""
    shut = window_shut(ledger.house, identity, ledger.now)
    if effect.text and not shut:
        return Rendered(effect.text, ledger.house.playbook.language, effect.subject)
    if not effect.template:
        return Missing("approval", ("none",))
    known = Known(deal, ledger.contact, ledger.now, ledger.responsible(deal))
    given = {str(number): value for number, value in enumerate(effect.values, start=1)}
    made = render(ledger.house, known, effect.template, identity, given=given)
    return replace(made, subject=effect.subject) if isinstance(made, Rendered) and effect.subject else made


def _meant(ledger: Ledger, effect: fx.SendMessage) -> str:
    """What should have been said, for the person who now has to."""
    prepared = ledger.house.playbook.templates.get(effect.template)
    return effect.text or (prepared.title if prepared else "") or effect.template


def _ways(ledger: Ledger, deal: Deal, by: tuple[str, ...], *, barred: bool = False) -> list[Identity]:
    """The customer's addresses in the order in which they are to be tried: each channel's own last heard from first.

    `barred`: those instead to which nothing may be written.
    """
    named, by = bool(by), wished(deal, by)
    place = {channel: n for n, channel in enumerate(by)}

    def rank(one: Identity) -> int | None:
        """How early it is to be tried; None: not at all."""
        here = place.get(fx.HERE) if one.id == deal.route_id else None
        found = [n for n in (here, place.get(one.channel)) if n is not None]
        return min(found, default=None) if named else 0

    ways = [
        (n, one)
        for one in (*ledger.rows.identities.values(), *by_phone(ledger, by))
        if one.person_id is None
        and bool(one.barred) is barred
        and ledger.house.can_send(one.channel, one.account)
        and (n := rank(one)) is not None
    ]
    own = ledger.contact.email  # a form that came later must not redirect mails
    ways.sort(key=lambda w: (w[0], w[1].id != deal.route_id, w[1].address != own, -(w[1].heard_at or 0), -w[1].id))
    return [one for _, one in ways]


def leave_to_a_person(ledger: Ledger, deal: Deal, text: str) -> None:
    ledger.create_task(deal, "write", text, "robot")
