"""`parley serve`: the gateway, until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import click

from gateway.settings import Settings, SettingsError, describe, load_settings

if TYPE_CHECKING:
    from gateway.app import App


@click.command("serve", epilog="Settings (environment, or parley.toml):\n\n\b\n" + describe())
@click.option("--demo", is_flag=True, help="Greet a newcomer: print the chat page's address and a sign-in link.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--playbook", default=None, help="Name of a shipped playbook, or the path of a folder.")
def command(demo: bool, host: str, port: int, playbook: str | None) -> None:
    """Run the gateway. It is ready when GET /readyz answers 200."""
    given = {"playbook": playbook} if playbook else {}
    try:
        settings = load_settings(**given)
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from None
    from gateway import logs  # noqa: PLC0415 - `parley --help` must not wait for it

    logs.set_up(settings.log_level, settings.secrets(), plain=sys.stderr.isatty())
    raise SystemExit(_run(_serve(settings, host, port, demo=demo)))


def _run(job: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.run(job)
    return uvloop.run(job)


async def _serve(settings: Settings, host: str, port: int, *, demo: bool) -> int:
    import structlog  # noqa: PLC0415

    from gateway.app import App  # noqa: PLC0415 - heavy, and of no use to a wrong setting
    from gateway.playbooks import BadPlaybook  # noqa: PLC0415
    from gateway.ports import CannotListen  # noqa: PLC0415
    from state.database import Unavailable  # noqa: PLC0415
    from state.occupancy import Occupied  # noqa: PLC0415
    from state.schema import Ahead  # noqa: PLC0415

    try:
        app = App(settings)
    except BadPlaybook as wrong:
        click.echo(str(wrong), err=True)
        return 1
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    try:
        await app.start(host, port)
    except (Occupied, CannotListen) as wrong:
        click.echo(str(wrong), err=True)
        return 1
    except (Unavailable, Ahead) as wrong:
        click.echo(f"The database cannot be used: {wrong}", err=True)
        return 1
    except OSError as wrong:
        click.echo(
            f"{wrong.filename or settings.data_dir}: {wrong.strerror or wrong}. Look at PARLEY_DATA_DIR.", err=True
        )
        return 1
    structlog.get_logger().info("ready", host=host, port=app.port, channels=sorted(app.channels))
    if demo:
        await _greet(app, host)
    await stopped.wait()
    await app.stop()
    return 0


async def _greet(app: "App", host: str) -> None:
    from gateway.commands.greeting import hint  # noqa: PLC0415
    from gateway.hiring import hire_once  # noqa: PLC0415
    from state import people  # noqa: PLC0415

    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    base = app.settings.public_url or f"http://{shown}:{app.port}"
    token = await app.db.write(lambda c: people.demo_signin(c, app.db.ids, app.clock.now()))
    if await app.db.write(lambda c: hire_once(c, app.db.ids, app.house.playbook, app.clock.now()), "people"):
        app.turns.forget_staff()
    click.echo(
        f"""
  Parley is ready.

  As a customer    {base}/chat
                   {hint(app.house, app.clock.now())}
  As a manager     {base}/signin?token={token}
                   The link works once. What the bot hands over appears on the console's page.

  Everything is kept in {app.settings.data_dir}/. Ctrl+C stops; nothing that was acknowledged is lost.
"""
    )
    sys.stdout.flush()
