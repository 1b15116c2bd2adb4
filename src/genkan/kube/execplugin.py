"""Credential plugins: `client.authentication.k8s.io/v1` and `v1beta1` (kubernetes.io, "client-go credential plugins").

Takes the `exec` stanza of a kubeconfig; gives the `status` of the ExecCredential that the program prints. It has no terminal:
`interactiveMode: Always` is refused where the kubeconfig is read. A plugin that fails or hangs is a TransientError with its last
line of complaint; one that is missing, or answers another version, is a ConfigError with its `installHint`.
"""

import asyncio
import contextlib
import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from genkan.errors import ConfigError, TransientError

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")

LONGEST_RUN = 60.0
"""Seconds that a plugin may take."""


@dataclass(frozen=True)
class ExecCommand:
    """What to run; `cluster` is told to the plugin if the kubeconfig says so (`provideClusterInfo`)."""

    api_version: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    install_hint: str = ""
    cluster: Mapping[str, object] | None = None


class ExecStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What the plugin grants: a token, a certificate with its key, or both; no expiry means until a 401."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: dt.datetime | None = None


class ExecCredential(msgspec.Struct, frozen=True, rename="camel"):
    """What the plugin prints."""

    api_version: str
    kind: str
    status: ExecStatus | None = None


async def run_plugin(command: ExecCommand, *, seconds: float = LONGEST_RUN) -> ExecStatus:
    """Run it once and check its answer."""
    code, output, complaint = await _run(command, seconds)
    if code != 0:
        last = complaint.strip().splitlines()[-1:] or ["it said nothing"]
        raise TransientError(f"credential plugin {command.command} ended with {code}: {last[0][:200]}")
    return _read(command, output)


async def _run(command: ExecCommand, seconds: float) -> tuple[int, bytes, str]:
    spec: dict[str, object] = {"interactive": False}
    if command.cluster is not None:
        spec["cluster"] = command.cluster
    info = {"apiVersion": command.api_version, "kind": "ExecCredential", "spec": spec}
    environment = {**os.environ, **command.env, "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode()}
    try:
        process = await asyncio.create_subprocess_exec(
            command.command,
            *command.args,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        hint = f"; {command.install_hint.strip()}" if command.install_hint else ""
        raise ConfigError(f"credential plugin {command.command}: {error.strerror or error}{hint}") from error
    try:
        async with asyncio.timeout(seconds):
            output, complaint = await process.communicate()
    except TimeoutError as error:
        raise TransientError(f"credential plugin {command.command} gave no answer in {seconds:g} s") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode or 0, output, complaint.decode(errors="replace")


def _read(command: ExecCommand, output: bytes) -> ExecStatus:
    plugin = f"credential plugin {command.command}"
    try:
        credential = msgspec.json.decode(output, type=ExecCredential)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Not chained: the error may quote the output, and the output is a secret.
        raise TransientError(f"{plugin} printed no ExecCredential") from None
    if credential.kind != "ExecCredential" or credential.api_version != command.api_version:
        said = f"{credential.api_version} {credential.kind}"
        raise ConfigError(f"{plugin} printed {said}, the kubeconfig asks for {command.api_version} ExecCredential")
    status = credential.status
    if status is None or not (status.token or status.client_certificate_data):
        raise TransientError(f"{plugin} granted neither a token nor a certificate")
    if bool(status.client_certificate_data) != bool(status.client_key_data):
        raise TransientError(f"{plugin} granted a certificate without its key, or the reverse")
    expires = status.expiration_timestamp
    if expires is not None and expires.tzinfo is None:
        raise TransientError(f"{plugin} gave an expiry without a time zone")
    return status
