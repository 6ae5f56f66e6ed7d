"""The commands beside `parley serve`. Each is a module with a function `command`, imported only when it is called."""

from importlib import import_module
from typing import Any, Final, cast

import click


class Later(click.Command):
    """Stands for a command until it is called, so that `parley --help` imports nothing heavy."""

    def __init__(self, name: str, module: str, text: str) -> None:
        super().__init__(name, help=text, add_help_option=False)
        self._module = module

    def load(self) -> click.Command:
        return cast("click.Command", import_module(f"gateway.commands.{self._module}").command)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        return self.load().make_context(info_name, args, parent, **extra)


COMMANDS: Final[list[click.Command]] = [
    Later("serve", "serve", "Run the gateway."),
    Later("init", "init", "Start a playbook in a new folder."),
    Later("check", "check", "Look for mistakes in playbooks and scripts."),
    Later("schema", "schema", "JSON Schemas of scripts and playbooks, for editors."),
    Later("chat", "chat", "Talk to a bot in the terminal, as a customer."),
    Later("talk", "talks", "A real conversation kept as a talk, a test of its bot."),
    Later("story", "story", "Play stories of a playbook: what happens, when, and what must be seen."),
    Later("simulate", "simulate", "A month of random customers in virtual time, and whether everything held."),
    Later("scripts", "scripts", "Scripts as they are published: list, pull, push, compare, roll back."),
    Later("replay", "replaying", "Real conversations on a draft: which would go otherwise."),
    Later("numbers", "numbers", "What became of a script's runs, step by step."),
    Later("audit", "audit", "Look the shop through: what is wrong, and whose it is."),
    Later("report", "reporting", "Reports of the business: conversion, losses, answer times and more."),
    Later("user", "user", "People who work here."),
    Later("token", "token", "Tokens for other programs."),
    Later("webhook-key", "webhooks", "What webhooks of robots are signed with."),
    Later("migrate", "migrate", "Bring the database's schema up to date."),
    Later("export", "exporting", "Write the whole data out as JSON lines."),
    Later("import", "importing", "Take an export into an empty database."),
]
