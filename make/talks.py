"""Write the bots' side of every talk anew, and draw every script, after one was changed on purpose. Read the diff before you commit."""

import sys
from functools import cache
from pathlib import Path

from bots.kit.diagram import script_diagram
from bots.kit.talk import read_talk, retell
from gateway.house import House
from gateway.playbooks import BOTS, SHIPPED, read_house

SHOP = "autoparts"
"""Whose playbook the bots' own talks are held by."""


def main() -> int:
    """Exit 1 where a talk cannot be read or names no script; nothing of that talk is changed."""
    wrong = 0
    for path in sorted([*BOTS.glob("*/talks/*.talk"), *SHIPPED.glob("*/talks/**/*.talk")]):
        shop = _shop_of(path)
        before = path.read_text(encoding="utf-8")
        talk, problems = read_talk(before)
        script = shop.scripts.get(talk.script) if talk else None
        if talk is None or script is None:
            print(f"{path}: " + ("\n".join(map(str, problems)) or "the shop has no such script"))
            wrong += 1
            continue
        _write(path, before, retell(talk, script, shop.playbook, shop.scripts))
    for source in sorted([*BOTS.glob("*/*.yaml"), *SHIPPED.glob("*/scripts/*.yaml")]):
        drawing = source.with_suffix(".mmd")
        _write(
            drawing,
            drawing.read_text(encoding="utf-8") if drawing.is_file() else "",
            script_diagram(_shop_of(source).scripts[source.stem]),
        )
    return 1 if wrong else 0


@cache
def _shop_of(path: Path) -> House:
    return read_house(path.relative_to(SHIPPED).parts[0] if path.is_relative_to(SHIPPED) else SHOP)


def _write(path: Path, before: str, after: str) -> None:
    if after != before:
        path.write_text(after, encoding="utf-8")
        print(f"rewritten: {path}")


if __name__ == "__main__":
    sys.exit(main())
