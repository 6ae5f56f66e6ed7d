"""Writes docs/rules.md: every rule of the shipped playbooks, and the stories that show it."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.stories.rules import PAGE, page  # noqa: E402

PAGE.write_text(page(), encoding="utf-8")
print(f"{PAGE.relative_to(ROOT)} is up to date")
