"""Who gets what, as the playbook writes it: sample people (`team`) and rules by which deals find a responsible (`assign`)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from bots.kit.opening import calendar_named
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, name_of, section, table_of, text_of, texts_of, whole_of
from bots.kit.spans import AT_ONCE, Span, delay_of

How = Literal["evenly", "in order", "to all"]
TeamRole = Literal["manager", "head", "marketer", "admin"]

MEMBER_KEYS: Final = ("name", "role", "groups", "calendar", "capacity")
RULE_KEYS: Final = ("how", "among", "capacity", "absent", "act", "then")
HOWS: Final[tuple[How, ...]] = get_args(How)
ROLES: Final[tuple[TeamRole, ...]] = get_args(TeamRole)
WORDS: Final = ("responsible", "head", "pool")
"""What robots and rules may say instead of a name."""


@dataclass(frozen=True, slots=True)
class Member:
    """A sample person: made once for a demo or a new shop. Real people are rows."""

    key: str
    name: str
    role: TeamRole = "manager"
    groups: tuple[str, ...] = ()
    calendar: str = ""
    """Their shift, by the name of a calendar; empty: the shop's hours."""
    capacity: int = 0
    """Open deals that they can have; 0: any number."""


@dataclass(frozen=True, slots=True)
class Assign:
    """How a deal finds its responsible."""

    name: str
    how: How = "evenly"
    among: tuple[str, ...] = ()
    """Groups and people's names; none: every manager."""
    capacity: int = 0
    absent: str = "pool"
    """Whose it is while nobody of them is there: `pool`, `head` or a name. The pool is handed out when somebody comes."""
    act: Span = AT_ONCE
    """How long the responsible may leave it untouched; 0: as long as they like."""
    then: str = ""
    """Who gets it after that: another of them where nothing is said, `head`, or a name."""


def team_of(node: Node | None, calendars: Collection[str], found: Findings) -> dict[str, Member]:
    team: dict[str, Member] = {}
    table = table_of(node, "team", found)
    for key, value in table.pairs if table else ():
        name = name_of(key, "a person's key", found)
        if isinstance(value, Scalar):
            if name and (called := text_of(value, f"the name of '{name}'", found)):
                team[name] = Member(name, called)
            continue
        one = section(value, MEMBER_KEYS, f"person '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        role = text_of(one.get("role"), "role", found) or "manager"
        if role not in ROLES:
            found.error(
                one.get("role") or key, f"there is no role '{shown(role)}'", did_you_mean(role, ROLES), "unknown_role"
            )
            role = "manager"
        calendar = calendar_named(one.get("calendar"), calendars, found)
        team[name] = Member(
            name, text_of(one.get("name"), "name", found) or name, cast("TeamRole", role),
            texts_of(one.get("groups"), "groups", found), calendar, whole_of(one.get("capacity"), "capacity", 0, 100_000, found) or 0,
        )  # fmt: skip
    return team


def rules_of(node: Node | None, team: dict[str, Member], found: Findings) -> dict[str, Assign]:
    rules: dict[str, Assign] = {}
    table = table_of(node, "assign", found)
    groups = {group for one in team.values() for group in one.groups}
    people = {one.name for one in team.values()}
    for key, value in table.pairs if table else ():
        name = name_of(key, "a rule's name", found)
        one = section(value, RULE_KEYS, f"rule '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        if name in WORDS or name in groups or name in people:
            found.error(key, f"'{name}' is a word, a group or a person already", "Choose another name", "twice")
        how = text_of(one.get("how"), "how", found) or "evenly"
        if how not in HOWS:
            found.error(one.get("how") or key, f"'how' is '{shown(how)}'", did_you_mean(how, HOWS), "unknown_word")
            how = "evenly"
        among = texts_of(one.get("among"), "among", found)
        for word in among:
            if team and word not in groups and word not in people and word not in ROLES:
                remedy = did_you_mean(word, (*groups, *people), "Else add them to 'team:'")
                found.warn(one.get("among") or key, f"nobody of the team is '{shown(word)}'", remedy, "unknown_person")
        rules[name] = Assign(
            name, cast("How", how), among, whole_of(one.get("capacity"), "capacity", 0, 100_000, found) or 0,
            text_of(one.get("absent"), "absent", found) or "pool", delay_of(one.get("act"), "act", found),
            text_of(one.get("then"), "then", found) or "",
        )  # fmt: skip
    return rules
