"""`parley webhook-key`: what the shop's own systems check webhooks with."""

from pathlib import Path

import click

from gateway.channels.endpoints import webhook_key
from gateway.chat.visitor import read_secret
from gateway.commands.opening import data_settings_or_exit


@click.command("webhook-key")
def command() -> None:
    """Print the key under which webhooks are signed: X-Parley-Signature is sha256= and the HMAC-SHA256 of the body."""
    folder = Path(data_settings_or_exit().data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(webhook_key(read_secret(folder)).decode())
