"""Write the bots' side of every talk anew, after a script was changed on purpose. Read the diff before you commit."""

import sys
from pathlib import Path

from bots.kit.compiler import read_script
from bots.kit.talk import read_talk, retell

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Exit 1 where a talk or its script cannot be read; nothing of that talk is changed."""
    wrong = 0
    for path in sorted([*ROOT.glob("bots/*/talks/*.talk"), *ROOT.glob("playbooks/*/**/talks/*.talk")]):
        talk, problems = read_talk(path.read_text(encoding="utf-8"))
        home = next(parent for parent in path.parents if parent.name == "talks").parent
        source = home / f"{talk.script}.yaml" if talk else None
        if talk is None or source is None or not source.is_file():
            said = "\n".join(map(str, problems)) or f"its script {talk and talk.script}.yaml is not beside the talks"
            print(f"{path.relative_to(ROOT)}: {said}")
            wrong += 1
            continue
        script, problems = read_script(source.read_text(encoding="utf-8"), talk.script)
        if script is None:
            print(f"{source.relative_to(ROOT)}:" + "\n".join(map(str, problems)))
            wrong += 1
            continue
        before, after = path.read_text(encoding="utf-8"), retell(talk, script)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"rewritten: {path.relative_to(ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
