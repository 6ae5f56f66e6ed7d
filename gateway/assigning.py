"""How a deal finds its responsible: by a rule, a name, a group; again when they do not act, leave, or somebody comes.

Who waits for somebody to come, and who waits for somebody to act, are timers of the deal's lane.
"""

from typing import Final

from bots.kit.business import Playbook
from bots.kit.staffing import Assign
from gateway.clock import Instant
from gateway.ledger import Ledger
from gateway.roster import Roster
from state import staff
from state.records import Deal, Timer
from state.writes import Handed

WAIT: Final = staff.WAIT
"""A deal in the pool that a rule hands out when somebody comes or has room; then follows the rule."""
ACT: Final = "act:"
"""A responsible who has not acted yet; then follow rule, person and how many had it before."""
LEAVE: Final = "leave:"
"""A person whose deals are to find somebody else; then follow the person and who gets them."""
NUMBER: Final = "#"
"""Before a person's number, where two may have one name."""
_LOOK_AGAIN_MS: Final = 10 * 60_000
_LOOK_SOON_MS: Final = 5_000
"""Another process may have known more of who has room than this one did."""
_LONGEST_LOOK_MS: Final = 12 * 3_600_000
_MOST_HANDS: Final = 3
"""After so many people who did not act, it is the head's."""


def person_for(ledger: Ledger, deal: Deal, to: str, without: frozenset[int] = frozenset()) -> int | None:
    """Who is meant by a robot's word; None: whoever looks into the pool."""
    if to == "responsible":
        return ledger.holder(deal)
    roster = ledger.look.roster()
    if (rule := ledger.house.playbook.assign.get(to)) is not None:
        return roster.choose(rule, ledger.now, without)
    if to.startswith(NUMBER) and to[1:].isdecimal():
        one = roster.find(int(to[1:]))
        return one.id if one is not None and one.active and one.id not in without else None
    member = ledger.house.playbook.team.get(to)
    return roster.lightest(member.name if member else to, ledger.now, without)


def assign(
    ledger: Ledger, deal: Deal, word: str, *, without: frozenset[int] = frozenset(), hands: int = 0, again: bool = False
) -> bool:
    """Give the deal to whom the word means. False: it stays in the pool; a rule goes on looking. `again`: not for the first time."""
    rule = ledger.house.playbook.assign.get(word)
    if rule is None:
        person = person_for(ledger, deal, word, without)
        if person is not None:
            give(ledger, deal, person)
        return person is not None
    roster = ledger.look.roster()
    person = roster.choose(rule, ledger.now, without)
    if person is not None:
        give(ledger, deal, person, rule.name)
        _expect_action(ledger, deal, rule, person, hands)
        return True
    if rule.absent not in ("", "pool") and (other := person_for(ledger, deal, rule.absent, without)) is not None:
        give(ledger, deal, other)
        return True
    if rule.how != "to all":
        at = _next_look(roster, rule, ledger.now, again=again)
        ledger.set_deal_timer(deal, WAIT, f"{WAIT}{rule.name}", max(at, ledger.now + 1_000))
    return False


def _next_look(roster: Roster, rule: Assign, now: Instant, *, again: bool) -> Instant:
    """When the pool looks by itself; whoever comes, is hired or has room again has it look at once."""
    people = roster.among(rule)
    full = any(roster.is_there(one, now) for one in people)
    soon = now + (_LOOK_SOON_MS if full and not again else _LOOK_AGAIN_MS)
    if not people:
        return now + _LONGEST_LOOK_MS
    expected = roster.next_there(people, now)
    if expected is None:
        return soon
    return min(expected, soon if full else now + _LONGEST_LOOK_MS)


def give(ledger: Ledger, deal: Deal, person: int, rule: str = "") -> None:
    """Have a person answer for the deal from here on, and for its open tasks that were nobody's or the last one's."""
    if deal.responsible_id == person:
        return
    before, deal.responsible_id = deal.responsible_id, person
    ledger.touch(deal)
    roster = ledger.look.roster()
    roster.give(person, rule)
    if rule:
        ledger.writes.given.append((rule, person))
    hand_tasks(ledger, deal, before, person)
    ledger.cut_timer(f"deal:{deal.id}:{WAIT}")
    data = {"event": "assigned", "responsible": person, "rule": rule}
    ledger.write_line(deal, "system", "assigned", name=roster.name(person), data=data)


def _expect_action(ledger: Ledger, deal: Deal, rule: Assign, person: int, hands: int) -> None:
    if not rule.act:
        return
    due = ledger.house.playbook.later(ledger.now, rule.act, deal.funnel)
    ledger.set_deal_timer(deal, ACT, f"{ACT}{rule.name}:{person}:{hands}", due)


def has_acted(ledger: Ledger, deal: Deal) -> None:
    """The responsible has done something in the deal: nobody else is looked for."""
    ledger.cut_timer(f"deal:{deal.id}:{ACT}")
    ledger.loose[deal.id] = deal


def has_called(ledger: Ledger, deal: Deal, by: str) -> None:
    """Somebody of ours has spoken with the customer, or tried to: the responsible, unless it was a colleague by name."""
    if f"deal:{deal.id}:{ACT}" not in ledger.rows.timers:
        return
    named = {one.id for one in ledger.look.roster().people if one.name.casefold() == by.strip().casefold()}
    if not named or deal.responsible_id in named:
        has_acted(ledger, deal)


def look_again(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """Somebody may have come: the deal that waits in the pool is offered again."""
    if deal.closed_at is None and deal.responsible_id is None:
        rule, shop = timer.name.removeprefix(WAIT), ledger.house.playbook
        # A rule that the playbook has no more holds nobody back: it is as with new deals.
        assign(ledger, deal, rule if rule in shop.assign else usual(shop), again=True)


def check_action(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """The responsible has had their time, and `has_acted` was not said of them, whoever else has moved the deal meanwhile.
    One that a person holds waits for nobody.
    """
    name, person, hands = timer.name.removeprefix(ACT).split(":")[:3]
    rule = ledger.house.playbook.assign.get(name)
    if rule is None or deal.closed_at is not None or str(deal.responsible_id) != person:
        return
    if deal.owner == "person":
        return
    gone = int(hands) + 1
    text = ledger.words.line("not_acted", name=ledger.look.roster().name(int(person)))
    ledger.write_entry(deal, "system", author="system", text=text, data={"event": "not_acted", "by": int(person)})
    if rule.then or gone >= _MOST_HANDS:
        heir = person_for(ledger, deal, rule.then or "head")
        if heir is not None:
            give(ledger, deal, heir)
        return
    if not assign(ledger, deal, name, without=frozenset({int(person)}), hands=gone):
        ledger.put_off(timer, ledger.now + _LOOK_AGAIN_MS)


def leave(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """Somebody has gone: what they had finds another; a conversation that was theirs goes back to the pool meanwhile."""
    person, _, heir = timer.name.removeprefix(LEAVE).partition(":")
    _let_go(ledger, deal, int(person), heir)


def relieve(ledger: Ledger, deal: Deal) -> None:
    """Whoever answers for it has left: a merge that was undone, or an old deal that it goes on from, has brought them back."""
    if deal.closed_at is None and deal.responsible_id is not None and ledger.holder(deal) is None:
        _let_go(ledger, deal, deal.responsible_id, usual(ledger.house.playbook))


def usual(shop: Playbook) -> str:
    """The word by which new deals find somebody."""
    return shop.source("message").responsible or next(iter(shop.assign), "manager")


def _let_go(ledger: Ledger, deal: Deal, gone: int, heir: str) -> None:
    if deal.closed_at is None and deal.responsible_id == gone:
        deal.responsible_id = None
        if deal.owner == "person":
            deal.owner = "pool"
        ledger.touch(deal)
        text = ledger.words.line("left", name=ledger.look.roster().name(gone))
        ledger.write_entry(deal, "system", author="system", text=text, data={"event": "left", "by": gone})
        assign(ledger, deal, heir or "manager", without=frozenset({gone}))
        if deal.waiting_since is not None and deal.owner == "pool":
            ledger.create_task(
                deal, "answer", ledger.words.line("task_left", name=ledger.look.roster().name(gone)), "robot"
            )
    hand_tasks(ledger, deal, gone, deal.responsible_id)


def hand_tasks(
    ledger: Ledger, deal: Deal, giver: int | None, taker: int | None, *, knows: bool = False, named_stay: bool = False
) -> None:  # fmt: skip
    """Open tasks of the one, and those of nobody, are the other's now. `knows`: who has done it themselves is not told;
    `named_stay`: what a colleague has asked the one to do stays theirs.
    """
    for who in {giver, None} - {taker}:
        ledger.writes.handed_tasks.append(Handed(deal.id, who, taker, knows, named_stay))
        for task in ledger.writes.tasks:
            named = named_stay and who is not None and task.created_by == "manager"
            if task.deal_id == deal.id and task.state == "open" and task.responsible_id == who and not named:
                task.responsible_id = taker
