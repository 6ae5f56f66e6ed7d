"""The whole data out and in, a JSON line a row: for backups, for moving from SQLite to PostgreSQL, for leaving us.

The first line names the schema that the rows are of; only the same one takes them in, and only while it is empty. The last
line counts the rows: an export that was cut off is not taken for a small one.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from sqlalchemy import Connection, LargeBinary, Table, delete, func, insert, select, text

from state.audit_tables import metadata
from state.schema import HEAD
from state.tables import counters, script_live, script_versions, scripts

_BATCH: Final = 500


class BadImport(Exception):
    """The lines are not an export of this schema, or there is already data. Nothing was stored."""


def export_lines(conn: Connection) -> Iterator[bytes]:
    """Every row of every table, in one snapshot."""
    if conn.dialect.name != "sqlite":
        conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    yield orjson.dumps({"parley": HEAD}) + b"\n"
    count = 0
    for table in metadata.sorted_tables:
        rows = select(table).order_by(*table.primary_key).execution_options(yield_per=_BATCH)
        names, raw = [one.name for one in table.c], [one.name for one in table.c if isinstance(one.type, LargeBinary)]
        for row in conn.execute(rows):
            kept = dict(zip(names, row, strict=True))
            for name in raw:
                if isinstance(kept[name], bytes):
                    kept[name] = b64encode(kept[name]).decode()
            yield orjson.dumps({"table": table.name, "row": kept}, option=orjson.OPT_NON_STR_KEYS) + b"\n"
            count += 1
    yield orjson.dumps({"end": count}) + b"\n"


def import_lines(conn: Connection, lines: Iterable[bytes]) -> int:
    """Store an export into an empty database, in the caller's one transaction; the answer is how many rows."""
    conn.execute(delete(counters))  # a start has made them already; the export's are further on
    if not conn.execute(select(script_live.c.name).where(script_live.c.author_id.is_not(None))).first():
        for made in (script_live, script_versions, scripts):  # and these, of the playbook's files: nobody has published
            conn.execute(delete(made))
    for table in metadata.sorted_tables:
        if conn.execute(select(func.count()).select_from(table)).scalar():
            raise BadImport(f"the database is not empty: table {table.name} has rows. Import into a new one")
    several = iter(lines)
    head = _read(next(several, b"{}"), 1)
    if head.get("parley") != HEAD:
        raise BadImport(f"line 1: an export of schema {head.get('parley')!r} does not fit {HEAD!r}")
    count, waiting, at, end = 0, list[dict[str, Any]](), "", None
    for number, line in enumerate(several, start=2):
        if not line.strip():
            continue
        one = _read(line, number)
        if end is not None:
            raise BadImport(f"line {number}: stands behind the end")
        if "end" in one:
            end = one["end"]
            continue
        table_name, row = str(one.get("table")), one.get("row")
        if table_name not in metadata.tables or not isinstance(row, dict):
            raise BadImport(f"line {number}: is not a row of a table we know")
        table = metadata.tables[table_name]
        if set(row) != set(table.c.keys()):
            raise BadImport(f"line {number}: the columns of {table_name} are others")
        if waiting and (at != table_name or len(waiting) >= _BATCH):
            conn.execute(insert(metadata.tables[at]), waiting)
            waiting = []
        at = table_name
        waiting.append(_from_json(table, row, number))
        count += 1
    if waiting:
        conn.execute(insert(metadata.tables[at]), waiting)
    if end != count:
        said = "its last line is missing" if end is None else f"its last line counts {end}"
        raise BadImport(f"the export is not whole: {count} rows, and {said}")
    if conn.dialect.name != "sqlite":
        conn.execute(text("SELECT setval(pg_get_serial_sequence('changes', 'id'), greatest(max(id), 1)) FROM changes"))
    return count


def _read(line: bytes, number: int) -> dict[str, Any]:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadImport(f"line {number}: {error}") from None
    if not isinstance(read, dict):
        raise BadImport(f"line {number}: is not an object")
    return read


def _from_json(table: Table, row: dict[str, Any], number: int) -> dict[str, Any]:
    try:
        return {
            name: b64decode(value) if value is not None and isinstance(table.c[name].type, LargeBinary) else value
            for name, value in row.items()
        }
    except (TypeError, ValueError):
        raise BadImport(f"line {number}: bytes that are not base64") from None
