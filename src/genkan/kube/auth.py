"""Who we are to the API server: a token, a client certificate, from text, from files that change, or from a credential plugin.

`Auth.grant()` gives what the next request shows; `Auth.rejected(grant)` says that the server answered 401 to it, so that the
next `grant()` looks again at where it came from. Secrets never stand in a repr or in an error.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from genkan.errors import ConfigError
from genkan.kube.execplugin import ExecCommand, ExecStatus, run_plugin

REREAD = 60.0
"""Seconds until a credential's file is read again, as client-go does; the kubelet renews a token long before it expires."""


@dataclass(frozen=True)
class Certificate:
    """A client certificate chain and its key, PEM."""

    chain: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """What a request shows; both may be there, neither has to be."""

    token: str = field(default="", repr=False)
    certificate: Certificate | None = None


class Auth(Protocol):
    """Where grants come from."""

    async def grant(self) -> Grant:
        """Give the present grant; TransientError or ConfigError when there is none to be had."""

    def rejected(self, grant: Grant) -> None:
        """Take note that the server did not accept this grant."""


class FixedAuth:
    """A grant that never changes."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    async def grant(self) -> Grant:
        """Give it."""
        return self._grant

    def rejected(self, grant: Grant) -> None:
        """Nothing to look up again."""


class FileAuth:
    """A token or a certificate in files, read again every minute and after a 401.

    A file that cannot be read is an error the first time; later the last content goes on being used.
    """

    def __init__(
        self,
        *,
        token: Path | None = None,
        chain: Path | None = None,
        key: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token, self._chain, self._key = token, chain, key
        self._clock = clock
        self._grant: Grant | None = None
        self._read_at = 0.0

    async def grant(self) -> Grant:
        """Give what the files say."""
        if self._grant is None or self._clock() - self._read_at >= REREAD:
            try:
                self._grant = self._read()
            except OSError as error:
                if self._grant is None:
                    raise ConfigError(f"credentials: {error.filename}: {error.strerror}") from error
            except UnicodeDecodeError:
                if self._grant is None:
                    raise ConfigError(f"credentials: {self._token} is no text") from None
            self._read_at = self._clock()
        return self._grant

    def rejected(self, grant: Grant) -> None:
        """Have the files read again."""
        if grant == self._grant:
            self._read_at = float("-inf")

    def _read(self) -> Grant:
        token = self._token.read_text().strip() if self._token else ""
        if self._chain is None or self._key is None:
            return Grant(token)
        return Grant(token, Certificate(self._chain.read_bytes(), self._key.read_bytes()))


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class ExecAuth:
    """A credential plugin (client.authentication.k8s.io), run when there is no grant, when it expired, and after a 401.

    Many requests at once run it once. A grant without an expiry lasts until a 401.
    """

    def __init__(self, command: ExecCommand, *, now: Callable[[], dt.datetime] = _utc_now) -> None:
        self._command = command
        self._now = now
        self._grant: Grant | None = None
        self._expires: dt.datetime | None = None
        self._running = asyncio.Lock()

    async def grant(self) -> Grant:
        """Give the plugin's latest answer, asking it if that is no longer good."""
        async with self._running:
            if self._grant is None or (self._expires is not None and self._now() >= self._expires):
                status = await run_plugin(self._command)
                self._grant, self._expires = _grant_of(status), status.expiration_timestamp
            return self._grant

    def rejected(self, grant: Grant) -> None:
        """Have the plugin run again, unless that happened since."""
        if grant == self._grant:
            self._grant = None


def _grant_of(status: ExecStatus) -> Grant:
    if not status.client_certificate_data:
        return Grant(status.token)
    certificate = Certificate(status.client_certificate_data.encode(), status.client_key_data.encode())
    return Grant(status.token, certificate)
