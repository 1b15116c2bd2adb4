"""Where the xDS server listens: a choice made when it is constructed. A transport takes a gRPC server and an address, and binds it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import grpc

from genkan.errors import ConfigError, TransientError

Transport = Callable[[grpc.aio.Server, str], None]
"""Binds the server to the address; raises ConfigError or TransientError."""

_LONGEST_PATH = 107
"""Bytes of a Unix socket's path (unix(7): sun_path, 108 with its end)."""


def unix_socket(server: grpc.aio.Server, path: str) -> None:
    """Listen on a Unix socket that only its owner may use; one that a killed predecessor left is replaced."""
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ConfigError(
            f"the control plane's socket {path} has more than {_LONGEST_PATH} bytes: choose a shorter state directory"
        )
    leftover = Path(path)
    if leftover.exists() and not stat.S_ISSOCK(leftover.stat().st_mode):
        raise ConfigError(f"{path} is no socket: it stands where the control plane would listen")
    leftover.unlink(missing_ok=True)
    # Created with its final mode: between bind and chmod anybody could connect.
    before = os.umask(0o177)
    try:
        server.add_insecure_port(f"unix:{path}")
    except RuntimeError as error:
        raise TransientError(f"the control plane cannot listen on {path}: {error}") from error
    finally:
        os.umask(before)
