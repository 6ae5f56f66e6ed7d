"""Who gets what, as the playbook writes it: sample people (`team`) and rules by which deals find a responsible (`assign`)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast, get_args

from bots.kit.opening import calendar_named
from bots.kit.problems import MOST, did_you_mean, shown
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


@dataclass(frozen=True, slots=True)
class Crew:
    """Whom a word may mean, as far as the playbook knows: an administrator adds the real people later."""

    team: Mapping[str, Member] = field(default_factory=dict)
    rules: Collection[str] = ()
    known: Collection[str] = field(init=False, default=())

    def __post_init__(self) -> None:
        people = (*groups_of(self.team), *(one.name for one in self.team.values()), *self.team)
        object.__setattr__(self, "known", dict.fromkeys((*self.rules, *people, *ROLES)))

    def look(self, node: Node | None, word: str, found: Findings, words: Collection[str] = WORDS) -> None:
        """Whether there is such a group, rule, person or role; `words`: what may stand there besides.

        Only doubted: a shop's real people and their groups are rows, which no playbook knows.
        """
        if not self.team or node is None or not word or word in self.known or word in words or len(found) >= MOST:
            return
        remedy = did_you_mean(word, (*self.known, *words), "Else add them to 'team:'")
        what = f"nobody of the team is '{shown(word)}', unless a person or a group that is added later is called so"
        found.warn(node, what, remedy, "unknown_person")


def groups_of(team: Mapping[str, Member]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group for one in team.values() for group in one.groups))


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
    crew = Crew(team)
    groups, people = set(groups_of(team)), {one.name for one in team.values()}
    heirs: list[tuple[Node | None, str, tuple[str, ...]]] = []
    for key, value in table.pairs if table else ():
        name = name_of(key, "a rule's name", found)
        one = section(value, RULE_KEYS, f"rule '{shown(key.text)}'", found)
        if one is None or name is None:
            continue
        if name in WORDS or name in ROLES or name in groups or name in people:
            found.error(key, f"'{name}' is a word, a group or a person already", "Choose another name", "twice")
        how = text_of(one.get("how"), "how", found) or "evenly"
        if how not in HOWS:
            found.error(one.get("how") or key, f"'how' is '{shown(how)}'", did_you_mean(how, HOWS), "unknown_word")
            how = "evenly"
        among = texts_of(one.get("among"), "among", found)
        for word in among:
            crew.look(one.get("among"), word, found, ())
        absent = text_of(one.get("absent"), "absent", found) or "pool"
        act, then = delay_of(one.get("act"), "act", found), text_of(one.get("then"), "then", found) or ""
        heirs += [(one.get("absent"), absent, ("pool", "head")), (one.get("then"), then, ("head",))]
        if how == "to all":
            for word in ("absent", "act", "then", "capacity"):
                if word in one:
                    what = f"'{word}' is about one responsible, and 'to all' gives the deal to nobody"
                    found.error(one.keys[word], what, "Remove it, or write 'how: evenly'", "contradiction")
        elif then and "act" not in one:
            what = "'then' says who has it next, and no time is set for the first one"
            found.error(one.keys["then"], what, "Add 'act: 1h working'", "misplaced")
        rules[name] = Assign(
            name, cast("How", how), tuple(team[word].name if word in team and word not in groups else word for word in among),
            whole_of(one.get("capacity"), "capacity", 0, 100_000, found) or 0, absent, act, then,
        )  # fmt: skip
    everybody = Crew(team, rules)
    for at, word, words in heirs:
        everybody.look(at, word, found, words)
    return rules
