"""One's own chat with the shop's bot: tied by a link of one use, untied by its person, by `/stop`, or when they leave."""

from typing_extensions import TypedDict

from gateway.api.bodies import NoBody
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal
from gateway.channels.base import Named
from gateway.clock import iso
from gateway.staff_room import CODE
from state import people, staff_chats
from state.records import Person

calls = Calls()


class LinkShape(TypedDict):
    link: str | None
    """To be opened once, within an hour; null where Telegram does not say what the bot is called."""
    command: str
    """The same, to be sent to the bot by hand."""
    expires_at: str | None


class ChatShape(TypedDict):
    tied: bool
    reachable: bool
    """False: they have blocked the bot."""


@calls.on("POST", "/me/telegram")
async def link_telegram(ctx: ApiContext, who: Person, body: NoBody | None = None) -> LinkShape:  # noqa: ARG001 - the body is checked, whatever becomes of it
    """A link that ties the chat it is opened in to oneself. Those given out before are worth nothing any more."""
    channel = next((c for c in ctx.channels.values() if c.name == "telegram"), None)
    if channel is None:
        raise Refusal(409, "telegram_off", "the shop has no Telegram bot")
    now = ctx.clock.now()
    code = await ctx.db.write(lambda c: people.issue_telegram(c, ctx.db.ids, who.id, now), "people")
    username = await channel.username() if isinstance(channel, Named) else ""
    return {
        "link": deep_link(username, code) if username else None,
        "command": f"/start {CODE}{code}",
        "expires_at": iso(now + people.TELEGRAM_MS),
    }


@calls.on("GET", "/me/telegram")
async def show_telegram(ctx: ApiContext, who: Person) -> ChatShape:
    """Whether one's tasks go to Telegram."""
    chat = await ctx.db.read(lambda c: staff_chats.chat_of(c, who.id))
    return {"tied": chat is not None, "reachable": chat is not None and not chat.barred}


@calls.on("DELETE", "/me/telegram")
async def untie_telegram(ctx: ApiContext, who: Person) -> ChatShape:
    """The chat is nobody's of the shop any more: what was on its way there is not sent, whoever holds the phone."""
    now = ctx.clock.now()
    await ctx.db.write(lambda c: people.forget_telegram(c, who.id, now), "people")
    ctx.turns.forget_staff()
    return {"tied": False, "reachable": False}


def deep_link(username: str, code: str) -> str:
    """https://core.telegram.org/bots/features#deep-linking"""
    return f"https://t.me/{username}?start={CODE}{code}"
