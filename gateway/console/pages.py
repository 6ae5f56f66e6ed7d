"""What the console's pages show, as their templates take it. Pure: rows and the time in, plain values out.

Customers' words stay as they are: the templates escape them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.api.shapes import fate, media_url
from gateway.clock import Instant, iso
from gateway.files import DRAWN
from gateway.house import House
from state.cards import Card
from state.records import Identity, Person
from state.tasks import Duty
from state.timeline import Told

_MONTHS: Final = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_KEPT_FILE: Final = re.compile(r"/api/v1/entries/[0-9]{1,18}/media/[0-9]{1,3}")
ROLES: Final = {"manager": "Менеджер", "head": "Руководитель", "marketer": "Маркетолог", "admin": "Администратор"}
_STATUSES: Final = {
    "queued": "отправляется", "sent": "отправлено", "delivered": "доставлено", "read": "прочитано", "failed": "не отправлено",
    "blocked": "не отправлено", "unknown": "неизвестно, дошло ли",
}  # fmt: skip
_BOT: Final = {
    "running": "ведёт разговор", "stopped": "остановлен", "finished": "прошёл сценарий до конца",
    "timed_out": "не дождался ответа", "handed_off": "передал разговор менеджеру",
}  # fmt: skip
_AUTHORS: Final = {"customer": "Клиент", "bot": "Бот", "robot": "Автоматика", "manager": "Менеджер", "system": ""}
_AMBER_MS: Final = 10 * 60_000
_RED_MS: Final = 30 * 60_000


def moment(at: Instant | None, now: Instant, zone: str) -> dict[str, str | None]:
    """An instant as the shop's clock shows it, and how long ago it was."""
    at = at or 0
    there = _there(at, zone)
    waited = max(0, now - at)
    late = "red" if waited >= _RED_MS else "amber" if waited >= _AMBER_MS else None
    return {"iso": iso(at), "text": f"{_day(there)}, {there:%H:%M}", "ago": _ago(waited), "late": late}


def _there(at: Instant, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))


def _day(there: datetime) -> str:
    return f"{there.day} {_MONTHS[there.month - 1]}"


def _ago(waited: int) -> str:
    minutes = waited // 60_000
    if minutes < 1:
        return "меньше минуты"
    if minutes < 60:
        return f"{minutes} мин"
    hours = minutes // 60
    return f"{hours} ч {minutes % 60} мин" if hours < 24 else f"{hours // 24} дн"


def known_fields(house: House) -> dict[str, str]:
    """What the scripts call their fields, for people."""
    return {**house.words.fields} | {
        name: title for script in house.scripts.values() for name, title in script.fields.items()
    }


def rows(values: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, value in values.items():
        row: dict[str, Any] = {"label": titles.get(name, name), "value": _worded(value)}
        if isinstance(value, list) and value and all(isinstance(v, str) and _KEPT_FILE.fullmatch(v) for v in value):
            row |= {"value": f"{len(value)} шт.", "files": value}
        found.append(row)
    return found


def _worded(value: Any) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "да" if value else "нет"
        case list():
            return ", ".join(_worded(one) for one in value)
        case dict():
            return str(value.get("name") or value.get("kind") or "файл")
        case _:
            return str(value)


def handoff(duty: Duty, card: Card, house: House, now: Instant) -> dict[str, Any]:
    """One conversation that waits for a person, with what the bot has found out."""
    titles = known_fields(house)
    gathered = rows(duty.task.details, titles)
    told_below = tuple(f"{row['label']}: " for row in gathered)
    return {
        "deal": card.deal.id,
        "url": f"/console/deals/{card.deal.id}",
        "who": _name(card),
        "phone": card.contact.phone,
        "channel": _route(card, house),
        "what": "\n".join(line for line in duty.task.text.splitlines() if not line.startswith(told_below)),
        "gathered": gathered,
        "since": moment(duty.task.created_at, now, house.playbook.zone),
        "stage": _stage(card, house),
        "responsible": duty.responsible.name if duty.responsible else None,
    }


def with_bot(card: Card, house: House, now: Instant) -> dict[str, Any]:
    """One conversation that a bot still leads."""
    return {
        "deal": card.deal.id,
        "url": f"/console/deals/{card.deal.id}",
        "who": _name(card),
        "channel": _route(card, house),
        "bot": house.title(card.run.bot) if card.run else "",
        "stage": _stage(card, house),
        "since": moment(card.run.started_at if card.run else card.deal.opened_at, now, house.playbook.zone),
    }


def deal(card: Card, duties: Sequence[Duty], house: House, now: Instant) -> dict[str, Any]:
    d, zone = card.deal, house.playbook.zone
    contacts = [("Телефон", card.contact.phone), ("E-mail", card.contact.email)]
    contacts += [(channel_title(house, i.channel), i.name or _address(i)) for i in card.identities]
    bot = {"name": house.title(card.run.bot), "line": _BOT.get(card.run.status, card.run.status)} if card.run else None
    return {
        "id": d.id,
        "title": d.title,
        "funnel": house.funnel(d.funnel).title,
        "stage": _stage(card, house),
        "source": channel_title(house, d.source),
        "who": _name(card),
        "responsible": card.responsible.name if card.responsible else None,
        "opened": {**moment(d.opened_at, now, zone), "ago": None},
        "outcome": d.outcome,
        "reason": house.reason(d.reason),
        "contacts": [{"label": label, "value": value} for label, value in contacts if value],
        "fields": rows(d.fields, known_fields(house)),
        "tags": d.tags,
        "bot": bot,
        "tasks": [
            {
                "text": duty.task.text,
                "responsible": duty.responsible.name if duty.responsible else None,
                "since": moment(duty.task.created_at, now, zone),
            }
            for duty in duties
        ],
    }


def days(told: Sequence[Told], house: House, now: Instant) -> list[dict[str, Any]]:
    """The timeline by the shop's days, oldest first."""
    found: list[dict[str, Any]] = []
    for one in told:
        there = _there(one.entry.at, house.playbook.zone)
        label = f"{_day(there)} {there.year}"
        if not found or found[-1]["label"] != label:
            found.append({"label": label, "entries": []})
        found[-1]["entries"].append(_entry(one, there, now, house))
    return found


def _entry(told: Told, there: datetime, now: Instant, house: House) -> dict[str, Any]:
    e = told.entry
    status, error, repeat = fate(told.parts)
    side = e.direction if e.kind == "message" and e.direction in ("in", "out") else "none"
    author = told.person.name if told.person else _AUTHORS.get(e.author, e.author)
    if side == "none" and author and e.text.startswith(f"{author}: "):
        author = ""  # the text says it already
    shown = _STATUSES.get(status or "", "") + (" (возможно, дважды)" if repeat else "")
    return {
        "id": e.id,
        "kind": e.kind,
        "side": side,
        "author": author,
        "text": e.text,
        "at": {**moment(e.at, now, house.playbook.zone), "text": f"{there:%H:%M}", "ago": None},
        "status": shown if side == "out" else "",
        "problem": error or "",
        "channel": channel_title(house, e.channel),
        "choices": [label for _, label in e.data.get("choices", ())],
        "media": [_file(e.id, n, one) for n, one in enumerate(e.media)],
    }


def _file(entry: int, n: int, media: Mapping[str, Any]) -> dict[str, Any]:
    drawn = media.get("kind") == "photo" and media.get("mime") in ("", None, *DRAWN)
    return {"url": media_url(entry, n), "name": media.get("name") or "", "photo": drawn}


def me(person: Person) -> dict[str, str]:
    return {"name": person.name, "role": ROLES.get(person.role, person.role)}


def _name(card: Card) -> str:
    named = next((i.name for i in card.identities if i.name), "")
    return card.contact.name or named or card.contact.phone or f"Клиент № {card.contact.id}"


def _route(card: Card, house: House) -> str:
    route = next((i for i in card.identities if i.id == card.deal.route_id), None)
    return channel_title(house, route.channel if route else card.deal.source)


def channel_title(house: House, source: str) -> str:
    title = house.words.source_title(source)
    return title[:1].upper() + title[1:]


def _address(identity: Identity) -> str:
    """What a person can use: the ids that we made up for visitors and for forms without a phone are no addresses."""
    made_up = identity.channel == "web" or identity.address.startswith("anonymous:")
    return "без имени" if made_up else identity.address


def _stage(card: Card, house: House) -> str:
    stage = house.funnel(card.deal.funnel).stage(card.deal.stage)
    return stage.title if stage else card.deal.stage
