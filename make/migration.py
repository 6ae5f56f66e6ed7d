"""Write the next migration: what `state/tables.py` says against what the migrations so far make.

Usage: python make/migration.py "add a column". The draft is read, corrected and tested by a person.
"""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from state import schema
from state.database import Database


def main(text: str) -> int:
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not slug:
        print('say what it is for: make migration M="add a column"')
        return 2
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'parley.db'}")
        schema.upgrade(database)
        with database.engine.begin() as conn:
            config.attributes["connection"] = conn
            command.revision(config, text, autogenerate=True, rev_id=f"{number:04d}_{slug}")
        database.engine.dispose()
    print(f'now read it, and set HEAD in state/schema.py to "{number:04d}_{slug}"')
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
