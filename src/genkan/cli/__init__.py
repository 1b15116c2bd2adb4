"""The command line: parses, calls, prints. Everything a command decides is decided elsewhere.

Commands are imported when they are used, so that `genkan get` does not wait for what `genkan serve` needs.
"""

import sys
from importlib import import_module

import click

from genkan.cli.options import EXIT_CODES
from genkan.cli.plain import plain
from genkan.errors import GenkanError

COMMANDS = ("serve", "get", "explain", "translate", "validate", "stop")
"""Every command, in the order of the help; each is the function of that name in the module of that name."""


class Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names for the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"genkan.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genkan")
def genkan() -> None:
    """Every Kubernetes Ingress its own load balancer, on premises."""


def main() -> None:
    """Run the command line; errors of ours are one line, without a stack trace."""
    try:
        genkan()
    except GenkanError as error:
        print("Error:", "\n".join(plain(line) for line in str(error).split("\n")), file=sys.stderr)
        sys.exit(1)
