"""`genkan stop`: end what a killed `genkan serve` left."""

import asyncio
import sys
from pathlib import Path

import click

from genkan.cli.options import state_dir_option
from genkan.cli.plain import plain
from genkan.infrastructure.host.infrastructure import HostInfrastructure
from genkan.infrastructure.host.state import find_state_dir
from genkan.telemetry import configure_logs


@click.command("stop", short_help="End what a killed serve left.")
@state_dir_option
def stop(*, state_dir: Path | None) -> None:
    """Drain and end every data plane of a state directory whose `genkan serve` no longer runs.

    Refuses, naming the process, while a serve uses the directory: press Ctrl-C there instead.
    """
    configure_logs(level="warning", json=False, colours=sys.stderr.isatty(), escape=plain)
    directory = find_state_dir(state_dir)
    count = asyncio.run(end_all(HostInfrastructure(directory, on_change=lambda _key: None)))
    click.echo(f"stopped {count} data plane{'' if count == 1 else 's'} of {directory}")


async def end_all(infrastructure: HostInfrastructure) -> int:
    """Take over what still runs, then drain and end it; returns how many there were."""
    await infrastructure.start()
    count = len(infrastructure.running())
    await infrastructure.stop_all()
    return count
