"""`parley chat`: a bot in the terminal, with a clock that is moved by hand. Nothing is sent, and stored is what is saved."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bots.kit.acts import HELP, BadAct, until
from bots.kit.beginnings import called
from bots.kit.compiler import read_script
from bots.kit.conversation import DAWN, WINDOWS, Conversation, TooLong
from bots.kit.inquiry import Inquiry
from bots.kit.lines import Line
from bots.kit.script import Script
from bots.kit.simulator import Simulator, told
from bots.kit.words import as_text
from gateway.house import House
from gateway.parts import Part, carried
from gateway.playbooks import BadPlaybook, find_folder, read_house, script_file

_MORE: Mapping[str, str] = {
    "/vars": "what the bot knows",
    "/deal": "stage, tags, what it waits for",
    "/why": "why the last line was answered so",
    "/save NAME": "keep the conversation as a talk, a test of the bot",
    "/restart": "begin anew",
    "/quit": "leave",
}
_MESSAGES = "[photo sts.jpg] text, [document], [voice], [button key], [phone +7…], [location 55, 37]"


@click.command("chat")
@click.argument("bot", required=False)
@click.option("--playbook", default="", help="A playbook's name or folder; by default the shop's own.")
@click.option("--name", default="", help="The customer's name.")
@click.option("--channel", type=click.Choice(["telegram", "whatsapp", "sms", "web"]), help="Where it begins.")
@click.option("--at", default="", help="When it begins on the shop's clock: 'friday 22:00'.")
def command(bot: str | None, playbook: str, name: str, channel: str | None, at: str) -> None:
    """Talk to BOT as a customer: a line is a message.

    /+10h moves the clock, /now shows it; [photo sts.jpg] sends a file; /help lists the rest. Without BOT the whole shop
    answers, as the playbook says: another bot at night, another one when the deal has come to its stage.
    """
    if at and until(at, DAWN, "UTC") is None:
        raise click.UsageError("--at is a time: '9:00', 'monday 9:00' or '2025-01-20 9:00'")
    house = _house(playbook or _shops())
    meets = house.playbook.bot_on("message") or ""
    chosen = bot or meets
    script = house.scripts.get(chosen) or _other_script(chosen, playbook or _shops(), house)
    shop = house.playbook
    about: dict[str, Any] = {
        "name": name, "channel": channel or "chat", "window": WINDOWS.get(channel or "", 0), "zone": shop.zone,
        "hours": shop.working(shop.home(chosen)), "calendars": shop.calendars, "kinds": shop.kinds, "currency": shop.currency, "language": shop.language, "others": house.scripts,
    }  # fmt: skip
    simulator = Simulator(
        lambda: Conversation(script, **about) if bot else Inquiry(script, playbook=shop, **about),
        first=(*([f"/until {at}"] if at else []), *(["/start"] if chosen != meets else [])),
    )
    terminal = Terminal(simulator, house, find_folder(playbook or _shops()))
    terminal.tell_the_time()
    terminal.show([line for one in simulator.played for line in one.lines])
    terminal.run()


@dataclass(slots=True)
class Terminal:
    """Reads a line, shows what came of it."""

    simulator: Simulator
    house: House
    folder: Path
    """The playbook's; talks are kept beside the script that they are of."""

    def tell_the_time(self) -> None:
        """Beside the dialogue: what stands in the output is said by somebody."""
        now = self.simulator.now
        zone = self.house.playbook.zone
        click.echo(f"The clock is the bot's own, not today's: {now.clock()}, {zone}. /+10h moves it", err=True)

    def run(self) -> None:
        alone = sys.stdin.isatty() and sys.stdout.isatty()
        while True:
            if alone:
                click.echo(".. " if self.simulator.now.burst else "> ", nl=False)
            typed = sys.stdin.readline()
            if not typed:
                if self.simulator.now.burst:
                    self._play("/burst")
                return
            line = typed.rstrip("\r\n")
            if line.strip() == "/quit":
                return
            if line.strip():
                self._take(line.strip() if line.strip() == "/now" else line)

    def _take(self, line: str) -> None:
        word, _, about = line.strip().partition(" ")
        match word:
            case "/help":
                width = max(map(len, [*HELP, *_MORE]))
                click.echo("\n".join(f"{what:<{width}}  {does}" for what, does in [*HELP.items(), *_MORE.items()]))
                click.echo(f"A line is a message; so is {_MESSAGES}")
            case "/vars":
                self._vars()
            case "/deal":
                self._deal()
            case "/why":
                last = next((one for one in reversed(self.simulator.played) if one.why), None)
                for why in last.why if last else ():
                    click.echo(told(why))
            case "/save":
                self._save(about.strip())
            case "/restart":
                again = list(self.simulator.restart())
                self.tell_the_time()
                self.show(again)
            case _:
                self._play(line)
        sys.stdout.flush()

    def _play(self, line: str) -> None:
        try:
            played = self.simulator.play(line)
        except (BadAct, TooLong) as bad:
            click.echo(f"{bad}; /help lists what there is" if "there is no '/" in str(bad) else str(bad), err=True)
            return
        if played.act.kind == "now":
            click.echo(self.simulator.now.clock())
        self.show(list(played.lines))

    def show(self, lines: list[Line]) -> None:
        """On a channel, messages stand as its customers see them: cut to its length, with its buttons or numbered."""
        now = self.simulator.now
        ask_phone = self.house.to_customer("share_phone", now.fields.get("language"))
        for line in lines:
            for shown in seen_on(now.channel, line, ask_phone):
                click.echo(shown)
        sys.stdout.flush()

    def _vars(self) -> None:
        now = self.simulator.now
        known = {**now.fields, **now.run.answers}
        for name, value in known.items():
            click.echo(
                f"{name} ({now.script.fields[name]}): {as_text(value)}"
                if name in now.script.fields
                else f"{name}: {as_text(value)}"
            )

    def _deal(self) -> None:
        now = self.simulator.now
        click.echo(f"{now.speaks()}: {now.run.status}, at step {now.run.step}" if now.speaks() else "no bot has begun")
        click.echo(f"stage: {now.stage or '—'}")
        click.echo(f"tags: {', '.join(now.tags) or '—'}")
        for name, at in sorted(now.timers.items(), key=lambda one: one[1]):
            click.echo(f"timer {called(name)}: {now.clock(at)}")

    def _save(self, name: str) -> None:
        if not re.fullmatch(r"[\w-]{1,80}", name):
            click.echo("/save is followed by a name of letters, digits, _ and -", err=True)
            return
        talks = script_file(self.folder, self.simulator.whose()).parent / "talks"
        file, text = talks / f"{name}.talk", self.simulator.talk()
        wrong = self.simulator.holds(text, self.house.playbook, self.house.scripts)
        if wrong:
            click.echo("not saved, for played again it goes otherwise:\n" + "\n".join(wrong), err=True)
            return
        try:
            talks.mkdir(exist_ok=True)
            with file.open("x", encoding="utf-8") as kept:
                kept.write(text)
        except FileExistsError:
            click.echo(f"there is a talk {file} already; choose another name", err=True)
        except OSError as error:
            click.echo(f"{file} cannot be written: {error.strerror}", err=True)
        else:
            click.echo(f"saved: {file}")


def seen_on(channel: str, line: Line, ask_phone: str) -> list[str]:
    """A line as it is shown: on a channel of ours, a message is what the channel would carry, part by part."""
    return [
        str(Line("bot", "\n".join([part.text, *(f"[{button.label}]" for button in part.buttons), *_phone(part)])))
        for part in carried(channel, line, ask_phone)
    ] or [str(line)]


def _phone(part: Part) -> list[str]:
    return [f"[{part.ask_phone}]"] if part.ask_phone else []


def _shops() -> str:
    from gateway.commands.opening import data_settings_or_exit  # noqa: PLC0415 - only where no playbook is named

    return data_settings_or_exit().playbook


def _house(playbook: str) -> House:
    try:
        return read_house(playbook)
    except BadPlaybook as bad:
        raise click.ClickException(f"the playbook has mistakes:\n{bad}") from None


def _other_script(bot: str, playbook: str, house: House) -> Script:
    """A bot that no trigger of the playbook starts: its own script, as the shop has it."""
    if not bot or not bot.replace("_", "").isalnum():
        raise click.UsageError(f"there is no bot {bot!r}; a playbook's folder is given by --playbook")
    file = script_file(find_folder(playbook), bot)
    if not file.is_file():
        raise click.UsageError(f"there is no bot {bot!r}")
    script, problems = read_script(file.read_text(encoding="utf-8-sig"), bot, house.playbook.asks)
    if script is None:
        raise click.ClickException("\n".join(f"{file}:{problem}" for problem in problems))
    return script
