"""The console's door: a link signs a person in once, a cookie keeps them in, pages show what waits for a person.

Nothing changes by looking: only the sign-in and sign-out buttons post. No page runs a script.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.api.context import ApiContext
from gateway.api.identity import COOKIE_PLAIN, COOKIE_SECURE, credential, from_own_page, person_of, session_cookie
from gateway.api.policy import WORKERS
from gateway.console import pages
from gateway.settings import Settings
from state import cards, people, tasks, timeline
from state.records import Person

_HERE: Final = Path(__file__).parent
_ROWS: Final = 200
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Turned(Exception):
    """The page is not for whoever asks; said on a page of its own."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text


class ConsoleDoor:
    def __init__(self, ctx: ApiContext, settings: Settings) -> None:
        self.ctx = ctx
        self.secure = settings.public_url.startswith("https://")
        self.hosts = frozenset({urlsplit(settings.public_url).netloc.lower()} - {""})
        self._pages = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/signin", self._page(self.ask_to_sign_in))
        app.router.add_post("/signin", self._page(self.sign_in))
        app.router.add_get("/signout", self._page(self.ask_to_sign_out))
        app.router.add_post("/signout", self._page(self.sign_out))
        app.router.add_get("/console", self._page(self.handoffs))
        app.router.add_get("/console/deals/{deal_id:[0-9]{1,18}}", self._page(self.deal))
        app.router.add_static("/console/static", _HERE / "static")
        app.on_response_prepare.append(_mark_static)

    def _page(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Turned as turned:
                return self._render(
                    "error.html", turned.status, status=turned.status, title=turned.title, text=turned.text, way=None, trace=None
                )  # fmt: skip

        return handle

    def _render(self, template: str, answer: int = 200, **values: object) -> web.Response:
        text = self._pages.get_template(template).render(shop=self.ctx.house.playbook.title, **{"user": None, **values})
        return web.Response(text=text, status=answer, content_type="text/html", headers=_HEADERS)

    # -- in and out --------------------------------------------------------------------------------------------------

    async def ask_to_sign_in(self, request: web.Request) -> web.Response:
        """The page behind a one-time link. Opening it (or a messenger's preview of it) uses nothing up."""
        token = request.query.get("token", "")[:200]
        now = self.ctx.clock.now()
        person = await self.ctx.db.read(lambda c: people.signin_for(c, token, now))
        if person is None:
            raise _stale()
        return self._render("signin.html", action="/signin", token=token, name=person.name)

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        self._own_page_only(request)
        token = str((await request.post()).get("token", ""))[:200]
        now = self.ctx.clock.now()
        session = await self.ctx.db.write(lambda c: people.sign_in(c, self.ctx.db.ids, token, now), "people")
        if session is None:
            raise _stale()
        answer = _moved("/console")
        answer.set_cookie(
            COOKIE_SECURE if self.secure else COOKIE_PLAIN, session, max_age=people.SESSION_MS // 1000, path="/",
            secure=self.secure, httponly=True, samesite="Lax",
        )  # fmt: skip
        return answer

    async def ask_to_sign_out(self, request: web.Request) -> web.Response:
        return self._render("signout.html", user=pages.me(await self._person(request)))

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        self._own_page_only(request)
        cookie, now = session_cookie(request), self.ctx.clock.now()
        if cookie:
            await self.ctx.db.write(lambda c: people.revoke(c, people.digest(cookie), now), "people")
        answer = _moved("/console")
        for name in (COOKIE_SECURE, COOKIE_PLAIN):
            answer.del_cookie(name, path="/", secure=name == COOKIE_SECURE, httponly=True, samesite="Lax")
        return answer

    def _own_page_only(self, request: web.Request) -> None:
        if from_own_page(request, own_hosts=self.hosts) is False:
            raise Turned(403, "Запрос пришёл с чужой страницы", "Откройте ссылку ещё раз и нажмите кнопку на ней.")

    # -- pages -------------------------------------------------------------------------------------------------------

    async def handoffs(self, request: web.Request) -> web.Response:
        """Who waits for a person, longest first, with what the bots have gathered."""
        person = await self._person(request)
        ctx, now = self.ctx, self.ctx.clock.now()
        duties = await ctx.db.read(lambda c: tasks.find_waiting(c, _ROWS))
        wanted = cards.Wanted(deals=tuple({duty.task.deal_id for duty in duties}))
        found = await ctx.db.read(lambda c: cards.find_cards(c, wanted, _ROWS)) if duties else []
        by_deal = {card.deal.id: card for card in found}
        shown = [
            pages.handoff(duty, by_deal[duty.task.deal_id], ctx.house, now)
            for duty in duties
            if duty.task.deal_id in by_deal
        ]
        newest = await ctx.db.read(lambda c: cards.find_cards(c, cards.Wanted(open=True), _ROWS))
        led = [pages.with_bot(one, ctx.house, now) for one in newest if one.run and one.run.status == "running"]
        return self._render("handoffs.html", handoffs=shown, led=led, user=pages.me(person))

    async def deal(self, request: web.Request) -> web.Response:
        """One deal, read only."""
        person = await self._person(request)
        ctx, now, deal_id = self.ctx, self.ctx.clock.now(), int(request.match_info["deal_id"])
        card = await ctx.db.read(lambda c: cards.find_card(c, deal_id))
        if card is None:
            raise Turned(404, "Такой сделки нет", "Возможно, ссылка набрана с ошибкой.")
        told = await ctx.db.read(lambda c: timeline.newest(c, deal_id, 500))
        duties = await ctx.db.read(lambda c: tasks.find_waiting(c, 50, deal_id))
        shown = pages.deal(card, duties, ctx.house, now)
        return self._render("deal.html", deal=shown, days=pages.days(told, ctx.house, now), user=pages.me(person))

    async def _person(self, request: web.Request) -> Person:
        shown = credential(request, self.ctx.admin_token)
        person = await person_of(self.ctx, shown)
        if person is None:
            raise Turned(
                401, "Нужен вход", "Попросите у администратора ссылку для входа и откройте её на этом устройстве."
            )
        if person.role not in WORKERS.roles:
            raise Turned(
                403, "Эти страницы не для вашей роли", "Если вам нужны сделки, скажите об этом администратору."
            )
        return person


def _stale() -> Turned:
    return Turned(
        410, "Ссылка уже не действует", "Она срабатывает один раз и живёт сутки. Попросите у администратора новую."
    )


def _moved(place: str) -> web.Response:
    return web.Response(status=303, headers={**_HEADERS, "Location": place})


async def _mark_static(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith("/console/static/"):
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "public, max-age=300"
