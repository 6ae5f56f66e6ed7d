"""Whom a command means by NAME or NUMBER; where that is nobody, or several are called so, a plain line says it."""

import click

from state import people
from state.database import Connection
from state.records import Person


def whom(conn: Connection, word: str) -> Person:
    """Who works here under this name, else this number; programs have numbers only."""
    word = word.strip()
    found = people.find_named(conn, word)
    if not found and word.isdecimal() and len(word) < 19:
        found = [one for one in people.find_people(conn, [int(word)]).values() if one.active]
    if len(found) > 1:
        numbers = ", ".join(f"{one.id} ({one.role})" for one in found)
        raise click.ClickException(f"several people are called {word!r}: name one by number: {numbers}")
    if not found:
        raise click.ClickException(f"nobody called {word!r} works here; parley user list shows who does")
    return found[0]


def person(conn: Connection, word: str) -> Person:
    """The same, but for a program, which nobody signs in as."""
    one = whom(conn, word)
    if one.program:
        raise click.ClickException(f"{one.id} is a program ({one.name}): it has tokens, and nobody signs in as it")
    return one
