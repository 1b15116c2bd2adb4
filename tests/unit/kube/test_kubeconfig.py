"""kubeconfig files: what is read, and what is refused by name."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from genkan.errors import ConfigError
from genkan.kube.auth import ExecAuth, Grant
from genkan.kube.kubeconfig import connection

EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "login", "interactiveMode": "Never"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def document(
    user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None, *, name: str = "c", **more: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "shop"}}],
        "clusters": [{"name": name, "cluster": {"server": "https://k8s.example:6443/", **(cluster or {})}}],
        "users": [{"name": name, "user": user}],
        **more,
    }


def write(folder: Path, content: dict[str, Any] | str, name: str = "config") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return file


async def grant(folder: Path, user: dict[str, Any] | None) -> Grant:
    return await connection([write(folder, document(user))]).auth.grant()


async def test_a_whole_one(tmp_path: Path) -> None:
    """Data embedded, as kubeadm and kind write it."""
    user = {"client-certificate-data": b64("chain"), "client-key-data": b64("key"), "token": "t"}
    cluster = {"certificate-authority-data": b64("ca"), "tls-server-name": "api", "proxy-url": "http://proxy:3128"}
    made = connection([write(tmp_path, document(user, cluster | {"disable-compression": True}))])
    assert (made.server, made.ca, made.namespace) == ("https://k8s.example:6443", b"ca", "shop")
    assert (made.tls_server_name, made.proxy, made.compression, made.verify) == (
        "api", "http://proxy:3128", False, True,
    )  # fmt: skip
    got = await made.auth.grant()
    assert got.token == "t"
    assert got.certificate is not None
    assert (got.certificate.chain, got.certificate.key) == (b"chain", b"key")
    assert "key" not in repr(got).replace("key=", "")


async def test_files_are_relative_to_theirs(tmp_path: Path) -> None:
    """As kubectl reads them, wherever it is called."""
    for name in ("ca", "chain", "key", "token"):
        write(tmp_path, name.upper(), name)
    user = {"client-certificate": "chain", "client-key": "key", "tokenFile": "token"}
    made = connection([write(tmp_path, document(user, {"certificate-authority": "ca"}))])
    got = await made.auth.grant()
    assert made.ca == b"CA"
    assert got.certificate is not None
    assert (got.token, got.certificate.chain, got.certificate.key) == ("TOKEN", b"CHAIN", b"KEY")


@pytest.mark.parametrize("token", ["12345", "1e3", "2026-01-01", "0x1f", "null-ish"], ids=str)
async def test_a_token_is_text(tmp_path: Path, token: str) -> None:
    """Whatever else YAML could see in it."""
    text = yaml.safe_dump(document({"token": "TOKEN"})).replace("TOKEN", token)
    got = await connection([write(tmp_path, text)]).auth.grant()
    assert got.token == token


@pytest.mark.parametrize("user", [None, {}, {"token": "", "password": "", "exec": None}], ids=["null", "none", "empty"])
async def test_no_credential_is_anonymous(tmp_path: Path, user: dict[str, Any] | None) -> None:
    """The server decides what that may do."""
    assert await grant(tmp_path, user) == Grant()


async def test_the_first_file_to_say_something_wins(tmp_path: Path) -> None:
    """KUBECONFIG with several files: entries are merged by name."""
    one = write(tmp_path, {"current-context": "b", "users": [{"name": "b", "user": {"token": "mine"}}]}, "one")
    two = write(tmp_path, document({"token": "theirs"}, name="b"), "two")
    three = write(tmp_path, document({"token": "other"}, {"server": "https://other"}, name="c"), "three")
    files = [one, two, three]
    assert (await connection(files).auth.grant()).token == "mine"
    assert connection(files, context="c").server == "https://other"


def test_a_plugin_is_told_what_it_wants_to_know(tmp_path: Path) -> None:
    """A command with a slash is relative to the file; the cluster only if it asks."""
    stanza = EXEC | {
        "command": "bin/login", "args": ["a"], "env": [{"name": "N", "value": "V"}], "provideClusterInfo": True,
    }  # fmt: skip
    auth = connection([write(tmp_path, document({"exec": stanza}, {"certificate-authority-data": b64("ca")}))]).auth
    assert isinstance(auth, ExecAuth)
    command = auth._command
    assert (command.command, command.args, command.env) == (str(tmp_path / "bin/login"), ("a",), {"N": "V"})
    assert command.cluster == {"server": "https://k8s.example:6443/", "certificate-authority-data": b64("ca")}


@pytest.mark.parametrize(
    ("user", "complaint"),
    [
        ({"username": "u"}, r"users\[c\].user: username is not supported: basic authentication left"),
        ({"password": "p"}, "password is not supported"),
        ({"auth-provider": {"name": "gcp"}}, "auth-provider is not supported: it left Kubernetes in 1.26: use an exec"),
        ({"as": "u"}, "as is not supported: impersonation"),
        ({"as-groups": ["g"]}, "as-groups is not supported"),
        ({"tokenfile": "x"}, "unknown field `tokenfile`"),
        ({"token": {"a": 1}}, r"Expected `str`, got `object` - at `\$.token`"),
        ({"client-certificate-data": b64("c")}, "client-key is missing"),
        ({"client-key-data": b64("k")}, "client-certificate is missing"),
        ({"client-certificate-data": "%", "client-key-data": "%"}, "client-certificate-data is not base64"),
        (
            {"client-certificate": "none", "client-key-data": b64("k")},
            "client-certificate none: No such file or directory",
        ),
        ({"exec": EXEC | {"apiVersion": "client.authentication.k8s.io/v1alpha1"}}, "v1alpha1' is not supported"),
        ({"exec": EXEC | {"interactiveMode": "Always"}}, "interactiveMode Always is not supported: there is no term"),
        ({"exec": EXEC | {"interactiveMode": ""}}, "interactiveMode is missing: version v1 requires it"),
        ({"exec": EXEC | {"command": ""}}, "exec.command is missing"),
        ({"exec": EXEC | {"shell": True}}, "unknown field `shell`"),
        ({"exec": EXEC, "token": "t"}, "exec stands beside another credential"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_user_that_cannot_be_used(tmp_path: Path, user: dict[str, Any], complaint: str) -> None:
    """The file, the field, the reason; never a secret."""
    file = write(tmp_path, document(user))
    with pytest.raises(ConfigError, match=complaint) as error:
        connection([file])
    assert str(error.value).startswith(f"{file}: users[c].user: ")


@pytest.mark.parametrize(
    ("cluster", "complaint"),
    [
        ({"server": "k8s.example:6443"}, "is no URL of http or https"),
        ({"proxy-url": "socks5://proxy"}, "proxy-url: only http and https proxies"),
        ({"certificate-authority": "none"}, "certificate-authority none: No such file"),
        (
            {"certificate-authority-data": b64("ca"), "insecure-skip-tls-verify": True},
            "certificate-authority and insecure-skip-tls-verify contradict each other",
        ),
        ({"api-version": "v1"}, "unknown field `api-version`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cluster_that_cannot_be_used(tmp_path: Path, cluster: dict[str, Any], complaint: str) -> None:
    """The same."""
    with pytest.raises(ConfigError, match=complaint):
        connection([write(tmp_path, document({}, cluster))])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no current-context is set"),
        ("- a", "not a kubeconfig"),
        ("a: [", "not YAML"),
        ("users: {}\ncurrent-context: c", r"there is no context 'c'; there are: none"),
        ("users: x\ncurrent-context: c\ncontexts: [{name: c}]", "there is no cluster ''|users: expected a list"),
        ("contexts: [{}]\ncurrent-context: c", "contexts: an entry has no name"),
        ("contexts: [{name: c, context: 1}]\ncurrent-context: c", "expected fields"),
        (document({}, current=1) | {"current-context": "d"}, r"there is no context 'd'; there are: c"),
        (document({}) | {"users": None}, r"contexts\[c\].context: there is no user 'c'"),
    ],
    ids=str,
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: dict[str, Any] | str, complaint: str) -> None:
    """Said in one line, with what there would be."""
    with pytest.raises(ConfigError, match=complaint) as error:
        connection([write(tmp_path, content)])
    assert "\n" not in str(error.value)


def test_only_the_chosen_context_is_checked(tmp_path: Path) -> None:
    """Other clusters of the same file may use what we do not support."""
    content = document({"token": "t"})
    content["users"].append({"name": "other", "user": {"auth-provider": {"name": "gcp"}}})
    assert connection([write(tmp_path, content)]).server
