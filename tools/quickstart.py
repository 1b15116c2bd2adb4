"""`make run`: two echo backends and `genkan serve examples/quickstart`, until Ctrl-C.

Serve is a child of its own process group and gets each signal once, from here, so that it drains undisturbed while the
backends still answer. The backends are threads of this process: they cannot outlive it.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING

from examples.echo import Backend
from genkan.infrastructure.host.state import default_state_dir
from tools.example_secret import secret

if TYPE_CHECKING:
    from collections.abc import Iterator

GENKAN = Path(sys.executable).with_name("genkan")
QUICKSTART = Path("examples/quickstart")
CERTIFICATE = QUICKSTART / "secure.generated.yaml"
RENEW_AFTER = 60 * 60 * 24 * 60


def main() -> int:
    """Run the quickstart; the exit code is that of serve."""
    make_certificate()
    backends = [Backend(name, port=0) for name in ("web", "api")]
    for backend in backends:
        Thread(target=backend.serve_forever, daemon=True).start()
    flags = [f"--backend={backend.name}={backend.address}" for backend in backends]
    state_dir, options = state_dir_of(sys.argv[1:])
    command = [str(GENKAN), "serve", str(QUICKSTART), f"--state-dir={state_dir}", *flags, *options]
    with own_terminal():
        code = until_stopped(command)
        if code == -signal.SIGKILL:
            code = after_a_kill(command, state_dir)
    return code


def state_dir_of(arguments: list[str]) -> tuple[Path, list[str]]:
    """Take the state directory out of serve's options: named always, it is found again whatever else is served here."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--state-dir", type=Path, default=default_state_dir(QUICKSTART))
    known, rest = parser.parse_known_args(arguments)
    state_dir: Path = known.state_dir
    return state_dir, rest


def make_certificate() -> None:
    """Write the Secret of the HTTPS example, unless there is one that is good for weeks."""
    if not CERTIFICATE.exists() or time.time() - CERTIFICATE.stat().st_mtime > RENEW_AFTER:
        CERTIFICATE.touch(mode=0o600)
        CERTIFICATE.write_text(secret("secure-example-com", ["secure.example.com"]))


def until_stopped(command: list[str]) -> int:
    """Run a program to its end, passing on what asks it to stop."""
    process = subprocess.Popen(command, process_group=0)

    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    return process.wait()


def after_a_kill(command: list[str], state_dir: Path) -> int:
    """Keep the backends up while only the data planes serve; on Ctrl-C end those too."""
    print(
        f"\ngenkan serve was killed; the data planes and the backends go on serving. To take them over: {' '.join(command)}\n"
        "Ctrl-C ends them.",
        flush=True,
    )
    waiting = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
    signal.sigwait(waiting)
    return subprocess.run([GENKAN, "stop", f"--state-dir={state_dir}"], check=False, process_group=0).returncode


@contextmanager
def own_terminal() -> "Iterator[None]":
    """Let Ctrl-C reach this process and not make above it, which would report an interrupt instead of our exit code.

    Only where make is in the foreground of a terminal. Ctrl-Z is ignored: make could not wake us again.
    """
    terminal = sys.stdin.fileno()
    above = os.getpgrp()
    if above == os.getpid() or not os.isatty(terminal) or os.tcgetpgrp(terminal) != above:
        yield
        return
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, above)


if __name__ == "__main__":
    sys.exit(main())
