"""What `parley serve --demo` proposes to a newcomer: words that the shop's own bot understands at this hour."""

from collections.abc import Mapping
from typing import Final

from bots.kit.script import Ask, Script, Then
from gateway.clock import Instant
from gateway.house import House

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "ru": ("Здравствуйте", "позовите менеджера"),
    "uk": ("Доброго дня", "покличте менеджера"),
    "en": ("Hello", "manager, please"),
}
"""A greeting, and how one asks for a person."""


def hint(house: House, now: Instant) -> str:
    """A line for whoever plays the customer."""
    hello, person = _WORDS.get(house.playbook.language, _WORDS["ru"])
    script = house.starts_on_message(0, now)
    if script is None:
        return f"Write «{hello}»: no bot answers here, a manager does."
    asked = _first_question(script)
    choose = ", choose 1" if asked is not None and asked.menu is not None else ""
    return f"Write «{hello}»{choose}, answer the bot; or write «{person}» at any moment."


def _first_question(script: Script) -> Ask | None:
    """None: none is asked, or which one that is depends on the customer."""
    name = script.start
    while isinstance(finish := script.steps[name].finish, Then):  # a circle without a question is no script
        name = script.exits[name, "then"]
    return finish if isinstance(finish, Ask) else None
