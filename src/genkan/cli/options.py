"""Options and exit codes that several commands share."""

from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F")

EXIT_CODES = """\b
Exit codes: 0 success; 1 it did not work, or mistakes were found (the message says what);
2 the command line is wrong; 130 interrupted before it was up."""


def state_dir_option(command: F) -> F:
    """Add --state-dir, with its default explained."""
    option: Any = click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the data planes' state is kept. Default: a folder of its own for each served DIR, below "
        "$XDG_STATE_HOME/genkan (~/.local/state/genkan); commands without DIR use the only one there is.",
    )
    decorated: F = option(command)
    return decorated


def ingress_key(text: str, namespace: str) -> tuple[str, str]:
    """Split NS/NAME; a bare NAME is in `namespace`."""
    head, slash, tail = text.partition("/")
    return (head, tail) if slash else (namespace, head)
