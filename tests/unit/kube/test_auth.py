"""Credentials that change: files and plugins."""

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from genkan.errors import ConfigError, TransientError
from genkan.kube.auth import ExecAuth, FileAuth, Grant
from genkan.kube.execplugin import VERSIONS, ExecCommand, run_plugin
from tests.support.kube_api.clock import Clock

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


class Plugin:
    """A real program that prints what a file says and counts its calls."""

    def __init__(self, folder: Path) -> None:
        self.program, self._answer, self._calls = folder / "plugin", folder / "answer", folder / "calls"
        self.info = folder / "info"
        self.program.write_text(
            f'#!/bin/sh\necho x >> {self._calls}\nprintf %s "$KUBERNETES_EXEC_INFO" > {self.info}\n'
            f"cat {self._answer}\necho noise >&2\necho $COMPLAINT >&2\nexit ${{CODE:-0}}\n"
        )
        self.program.chmod(0o700)
        self.prints(token="first")

    def prints(self, *, version: str = VERSIONS[0], kind: str = "ExecCredential", **status: str) -> None:
        """Have it answer so."""
        self._answer.write_text(json.dumps({"apiVersion": version, "kind": kind, "status": status}))

    def prints_raw(self, text: str) -> None:
        """Have it answer this."""
        self._answer.write_text(text)

    @property
    def calls(self) -> int:
        """How often it ran."""
        return self._calls.read_text().count("x") if self._calls.exists() else 0

    def command(self, version: str = VERSIONS[0], **env: str) -> ExecCommand:
        """How to run it."""
        return ExecCommand(version, str(self.program), ("--flag",), env, cluster={"server": "https://k8s.example"})


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    """One that grants the token `first`."""
    return Plugin(tmp_path)


async def test_a_file_is_read_each_minute(tmp_path: Path) -> None:
    """And a file that vanishes for a moment does no harm."""
    file, clock = tmp_path / "token", Clock()
    file.write_text("one\n")
    auth = FileAuth(token=file, clock=clock)
    assert (await auth.grant()).token == "one"
    file.write_text("two")
    clock.now += 59
    assert (await auth.grant()).token == "one"
    clock.now += 1
    assert (await auth.grant()).token == "two"
    file.unlink()
    clock.now += 60
    assert (await auth.grant()).token == "two"


async def test_a_401_has_the_file_read_at_once(tmp_path: Path) -> None:
    """But only for the grant that was refused, not for one that is newer."""
    file = tmp_path / "token"
    file.write_text("one")
    auth = FileAuth(token=file, clock=Clock())
    refused = await auth.grant()
    file.write_text("two")
    auth.rejected(Grant("another"))
    assert await auth.grant() == refused
    auth.rejected(refused)
    assert (await auth.grant()).token == "two"


async def test_a_file_that_was_never_there_is_told(tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(ConfigError, match="token: No such file or directory"):
        await FileAuth(token=tmp_path / "token").grant()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_plugin_grants_a_token(plugin: Plugin, version: str) -> None:
    """Both versions; it is told which one, and about the cluster."""
    plugin.prints(version=version, token="t")
    assert await ExecAuth(plugin.command(version)).grant() == Grant("t")
    assert json.loads(plugin.info.read_text()) == {
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "https://k8s.example"}},
    }


async def test_a_plugin_grants_a_certificate(plugin: Plugin) -> None:
    """With its key."""
    plugin.prints(clientCertificateData="chain", clientKeyData="key")
    certificate = (await ExecAuth(plugin.command()).grant()).certificate
    assert certificate is not None
    assert (certificate.chain, certificate.key) == (b"chain", b"key")


async def test_a_plugin_runs_when_its_grant_expired(plugin: Plugin) -> None:
    """Not before, and once for many requests."""
    times = [NOON]
    auth = ExecAuth(plugin.command(), now=lambda: times[-1])
    plugin.prints(token="short", expirationTimestamp="2026-01-01T12:10:00Z")
    assert {grant.token for grant in await asyncio.gather(*(auth.grant() for _ in range(5)))} == {"short"}
    times.append(NOON + dt.timedelta(minutes=9, seconds=59))
    await auth.grant()
    assert plugin.calls == 1
    times.append(NOON + dt.timedelta(minutes=10))
    plugin.prints(token="second")
    assert {grant.token for grant in await asyncio.gather(*(auth.grant() for _ in range(5)))} == {"second"}
    assert plugin.calls == 2


async def test_a_plugin_runs_after_a_401(plugin: Plugin) -> None:
    """Once, however many requests were refused."""
    auth = ExecAuth(plugin.command())
    refused = await auth.grant()
    plugin.prints(token="second")
    for _ in range(3):
        auth.rejected(refused)
        assert (await auth.grant()).token == "second"
    assert plugin.calls == 2


@pytest.mark.parametrize(
    ("answer", "kind", "complaint"),
    [
        pytest.param("secret, no json", TransientError, "printed no ExecCredential", id="no-json"),
        pytest.param('{"apiVersion": "v1", "kind": "Secret"}', ConfigError, "printed v1 Secret", id="other-kind"),
        pytest.param(
            json.dumps({"apiVersion": VERSIONS[1], "kind": "ExecCredential", "status": {"token": "t"}}),
            ConfigError,
            "printed client.authentication.k8s.io/v1beta1 ExecCredential, the kubeconfig asks for",
            id="other-version",
        ),
        pytest.param(
            json.dumps({"apiVersion": VERSIONS[0], "kind": "ExecCredential"}), TransientError, "granted neither", id="empty"
        ),
        pytest.param(
            json.dumps({
                "apiVersion": VERSIONS[0], "kind": "ExecCredential", "status": {"clientCertificateData": "c"},
            }),
            TransientError, "without its key", id="half",
        ),
    ],
)  # fmt: skip
async def test_a_plugin_that_answers_wrong(plugin: Plugin, answer: str, kind: type[Exception], complaint: str) -> None:
    """Told by name, never with what it printed."""
    plugin.prints_raw(answer)
    with pytest.raises(kind, match=complaint) as error:
        await ExecAuth(plugin.command()).grant()
    assert "secret" not in str(error.value)


async def test_a_plugin_that_fails_is_quoted(plugin: Plugin) -> None:
    """Its last line says most."""
    with pytest.raises(TransientError, match=r"plugin ended with 3: log in first$"):
        await ExecAuth(plugin.command(CODE="3", COMPLAINT="log in first")).grant()


async def test_a_plugin_that_is_missing_is_hinted_at() -> None:
    """With what its author says."""
    command = ExecCommand(VERSIONS[0], "no-such-genkan-plugin", install_hint="Install it from there.")
    with pytest.raises(ConfigError, match=r"no-such-genkan-plugin: No such file or directory; Install it from there\."):
        await ExecAuth(command).grant()


async def test_a_plugin_that_hangs_is_ended() -> None:
    """Nobody waits for ever, and no process stays."""
    command = ExecCommand(VERSIONS[0], "sleep", ("60",))
    with pytest.raises(TransientError, match=r"no answer in 0.05 s"):
        await run_plugin(command, seconds=0.05)
