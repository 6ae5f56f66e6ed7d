"""`parley chat`: a bot in the terminal, with a clock that is moved by hand. Nothing is stored and nothing is sent."""

import sys

import click

from bots.kit.acts import jump, spoken
from bots.kit.compiler import read_script
from bots.kit.conversation import Conversation, Line
from bots.kit.script import Script
from gateway.house import House
from gateway.playbooks import BadPlaybook, find_folder, read_house, script_file


@click.command("chat")
@click.argument("bot", required=False)
@click.option("--playbook", default="", help="A playbook's name or folder; by default the shop's own.")
@click.option("--name", default="", help="The customer's name.")
def command(bot: str | None, playbook: str, name: str) -> None:
    """Talk to BOT as a customer: a line is a message.

    /+10h moves the clock, /now shows it; [photo sts.jpg] sends a file. The bot is by default the one that meets
    new customers.
    """
    house = _house(playbook or _shops())
    meets = house.playbook.bot_on("message") or ""
    chosen = bot or meets
    script = house.scripts.get(chosen) or _other_script(chosen, playbook or _shops(), house)
    shop = house.playbook
    conversation = Conversation(
        script, name=name, zone=shop.zone, hours=shop.hours, currency=shop.currency, language=shop.language,
        others=house.scripts,
    )  # fmt: skip
    if chosen != meets:
        _show(conversation.start())
    _talk(conversation)


def _talk(conversation: Conversation) -> None:
    alone = sys.stdin.isatty() and sys.stdout.isatty()
    while True:
        if alone:
            click.echo("> ", nl=False)
        typed = sys.stdin.readline()
        if not typed:
            return
        line = typed.rstrip("\r\n")
        if not line.strip():
            continue
        if line.strip() == "/now":
            click.echo(conversation.clock())
        elif line.startswith("/+"):
            length = jump(line.strip())
            if length is None:
                click.echo("a jump is written like /+30m, /+10h or /+2d", err=True)
                continue
            _show(conversation.wait(length))
        else:
            said = conversation.hear(spoken(line))
            _show([*said, *conversation.settle()])


def _show(lines: list[Line]) -> None:
    for line in lines:
        click.echo(str(line))
    sys.stdout.flush()


def _shops() -> str:
    from gateway.commands.opening import settings_or_exit  # noqa: PLC0415 - only where no playbook is named

    return settings_or_exit().playbook


def _house(playbook: str) -> House:
    try:
        return read_house(playbook)
    except BadPlaybook as bad:
        raise click.ClickException(f"the playbook has mistakes:\n{bad}") from None


def _other_script(bot: str, playbook: str, house: House) -> Script:
    """A bot that no trigger of the playbook starts: its own script, as the shop has it."""
    if not bot or not bot.replace("_", "").isalnum():
        raise click.UsageError(f"there is no bot {bot!r}")
    file = script_file(find_folder(playbook), bot)
    if not file.is_file():
        raise click.UsageError(f"there is no bot {bot!r}")
    script, problems = read_script(file.read_text(encoding="utf-8-sig"), bot, house.playbook.asks)
    if script is None:
        raise click.ClickException("\n".join(f"{file}:{problem}" for problem in problems))
    return script
