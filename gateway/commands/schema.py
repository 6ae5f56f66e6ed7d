"""`parley schema`: what an editor needs to complete and underline scripts and playbooks."""

import json

import click

from bots.kit.json_schema import playbook_schema, script_schema


@click.command("schema")
@click.argument("what", type=click.Choice(["script", "playbook"]))
def command(what: str) -> None:
    """Print the JSON Schema of a script or of a playbook. Give it to your editor's YAML support."""
    schema = script_schema() if what == "script" else playbook_schema()
    click.echo(json.dumps(schema, ensure_ascii=False, indent=2))
