"""The command `parley`: serve, and the small commands beside it."""

import os

import click

from gateway.commands import COMMANDS


@click.group()
@click.version_option(package_name="parley")
def main() -> None:
    """Parley answers a shop's customers and calls a manager when a person is needed."""
    os.umask(0o077)  # whatever we make holds customers' words: the database, what they upload, exports


for _command in COMMANDS:
    main.add_command(_command)

if __name__ == "__main__":
    main()
