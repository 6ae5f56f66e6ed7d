"""The managers' read-only pages: whatever a customer wrote stays text, and looking at a page changes nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parents[2] / "gateway" / "console" / "templates"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def moment(text: str = "сегодня, 14:05", ago: str = "18 мин", late: str = "") -> dict[str, str]:
    return {"iso": "2025-03-04T11:05:00Z", "text": text, "ago": ago, "late": late}


def handoff(word: str = "Иван Петров", **more: Any) -> dict[str, Any]:
    plain = {
        "deal": 4711,
        "url": "/console/deals/4711",
        "who": word,
        "phone": "+7 916 123-45-67",
        "channel": "Веб-чат",
        "what": "Подобрать запчасти: бот всё узнал",
        "gathered": [
            {"label": "Автомобиль", "value": "Skoda Octavia, 2014"},
            {"label": "VIN", "value": "TMBJG7NE8F0123456"},
            {"label": "Что нужно", "value": "передние колодки и масляный фильтр"},
            {"label": "Фото", "value": "техпаспорт.jpg", "url": "/console/files/17"},
        ],
        "since": moment(late="amber"),
        "stage": "Оставил заявку",
        "responsible": "Анна Ветрова",
    }
    return plain | more


def deal(word: str = "Иван Петров") -> dict[str, Any]:
    said = {"status": "", "problem": "", "channel": "Веб-чат", "media": []}
    files = [{"url": url, "name": "фото.jpg", "photo": True} for url in ("/console/files/9", "javascript:alert(1)")]
    quiet = {"side": "none", "status": "", "problem": "", "channel": "", "media": []}
    entries = [
        {
            "id": 1,
            "kind": "customer",
            "side": "in",
            "author": word,
            "text": f"Здравствуйте! {word}",
            "at": moment(ago="14:01"),
            **said,
        },
        {
            "id": 2,
            "kind": "bot",
            "side": "out",
            "author": "Помощник",
            "text": "Что вас интересует?",
            "at": moment(ago="14:01"),
            **said,
            "status": "прочитано",
        },
        {
            "id": 3,
            "kind": "customer",
            "side": "in",
            "author": word,
            "text": "Подбор запчастей",
            "at": moment(ago="14:02"),
            **said,
            "media": files,
        },
        {
            "id": 4,
            "kind": "bot",
            "author": "",
            "text": "Бот остановлен: всё узнал и передал менеджеру",
            "at": moment(ago="14:04"),
            **quiet,
        },
        {
            "id": 5,
            "kind": "stage",
            "author": "Анна Ветрова",
            "text": "Оставил заявку → Уточнение данных",
            "at": moment(ago="14:09"),
            **quiet,
        },
        {
            "id": 6,
            "kind": "note",
            "author": "Анна Ветрова",
            "text": f"Клиент просит оригинал. {word}",
            "at": moment(ago="14:10"),
            **quiet,
        },
        {
            "id": 7,
            "kind": "manager",
            "side": "out",
            "author": "Анна Ветрова",
            "text": "Добрый день! Нашла два варианта.",
            "at": moment(ago="14:12"),
            **said,
            "problem": "не доставлено: окно закрыто",
        },
    ]
    return {
        "deal": {
            "id": 4711,
            "title": word,
            "funnel": "Розница",
            "stage": "Уточнение данных",
            "source": "Веб-чат",
            "who": word,
            "responsible": None,
            "opened": moment(),
            "outcome": None,
            "reason": None,
            "contacts": [{"label": "Телефон", "value": "+7 916 123-45-67"}, {"label": "Веб-чат", "value": word}],
            "fields": [*handoff(word)["gathered"], {"label": word, "value": word, "url": "//evil.example"}],
            "tags": ["заказ с сайта", word],
            "bot": {"name": "Бот-квалификатор", "line": "остановлен: передал разговор менеджеру"},
            "tasks": [{"text": f"Ответить: {word}", "responsible": None, "since": moment(late="red")}],
        },
        "days": [{"label": "Сегодня", "entries": entries}],
    }


def pages(word: str) -> dict[str, dict[str, Any]]:
    shop = {"shop": word, "user": {"name": word, "role": "manager"}}
    return {
        "handoffs.html": {**shop, "handoffs": [handoff(word, channel=word, what=word, stage=word, responsible=word)]},
        "deal.html": {**shop, **deal(word)},
        "signin.html": {"shop": word, "action": "/console/enter", "token": word, "name": word},
        "error.html": {
            "shop": word,
            "status": 404,
            "title": word,
            "text": word,
            "way": {"url": "/console", "label": word},
            "trace": word,
        },
    }


def render(name: str, values: dict[str, Any]) -> str:
    env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return env.get_template(name).render(values)


@pytest.mark.parametrize("name", sorted(pages("")))
def test_whatever_a_customer_wrote_stays_text(name: str) -> None:
    html = render(name, pages(HOSTILE)[name])
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7*7 }}" in html


@pytest.mark.parametrize("name", sorted(pages("")))
def test_no_page_needs_an_inline_style_or_script(name: str) -> None:
    html = render(name, pages("Иван")[name])
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|javascript:", html)


def test_only_our_own_pages_are_linked_from_what_was_gathered() -> None:
    html = render("deal.html", pages("Иван")["deal.html"])
    assert 'href="/console/files/17"' in html
    assert 'src="/console/files/9"' in html
    assert "evil.example" not in html


def test_looking_at_a_sign_in_link_does_not_use_it_up() -> None:
    html = render("signin.html", pages("Анна")["signin.html"])
    assert '<form method="post" action="/console/enter">' in html
    assert "autosubmit" not in html
    assert "http-equiv" not in html


def test_nobody_waiting_is_said_in_words() -> None:
    html = render("handoffs.html", {"shop": "Автодеталь", "user": None, "handoffs": []})
    assert "Никто не ждёт" in html
    assert "<article" not in html
