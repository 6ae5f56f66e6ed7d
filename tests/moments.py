"""Moments as tests name them: by the clock of some zone."""

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo


def instant(zone: str, year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> int:
    """Milliseconds since 1970 UTC."""
    at = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold)
    return round(at.timestamp() * 1000)


moscow = partial(instant, "Europe/Moscow")
