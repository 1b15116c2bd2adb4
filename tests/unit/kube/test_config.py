"""Finding the cluster."""

from pathlib import Path

import pytest

from genkan.errors import ConfigError
from genkan.kube.config import in_cluster, load

KUBECONFIG = """\
current-context: {name}
contexts: [{{name: {name}, context: {{cluster: {name}}}}}]
clusters: [{{name: {name}, cluster: {{server: "https://{name}"}}}}]
"""


def kubeconfig(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(KUBECONFIG.format(name=name))
    return path


def test_what_was_named_counts_most(tmp_path: Path) -> None:
    """A flag, then the environment, then the home folder."""
    flag = kubeconfig(tmp_path / "flag", "flag")
    environment = kubeconfig(tmp_path / "environment", "environment")
    kubeconfig(tmp_path / ".kube/config", "home")
    environ = {"HOME": str(tmp_path), "KUBECONFIG": f"{tmp_path}/missing:{environment}"}
    assert load(environ, kubeconfig=str(flag)).server == "https://flag"
    assert load(environ).server == "https://environment"
    assert load({"HOME": str(tmp_path)}).server == "https://home"
    with pytest.raises(ConfigError, match="there is no context 'x'; there are: home"):
        load({"HOME": str(tmp_path)}, context="x")


@pytest.mark.parametrize(
    ("environ", "flag", "complaint"),
    [
        pytest.param({}, "", "no cluster: this is no pod, KUBECONFIG is not set", id="nothing"),
        pytest.param({"KUBECONFIG": "missing"}, "", "KUBECONFIG names missing, which does not exist", id="environment"),
        pytest.param({}, "missing", "missing: No such file or directory", id="flag"),
    ],
)
def test_no_cluster_is_told(tmp_path: Path, environ: dict[str, str], flag: str, complaint: str) -> None:
    """With what was looked at."""
    with pytest.raises(ConfigError, match=complaint):
        load({"HOME": str(tmp_path), **environ}, kubeconfig=flag)


async def test_in_a_pod(tmp_path: Path) -> None:
    """The service account's folder; an IPv6 address in brackets."""
    for name, text in {"token": "secret\n", "ca.crt": "ca", "namespace": "genkan-system"}.items():
        (tmp_path / name).write_text(text)
    environ = {"KUBERNETES_SERVICE_HOST": "2001:db8::1", "KUBERNETES_SERVICE_PORT": "6443"}
    made = in_cluster(environ, tmp_path)
    assert (made.server, made.ca, made.namespace) == ("https://[2001:db8::1]:6443", b"ca", "genkan-system")
    assert (await made.auth.grant()).token == "secret"


def test_a_pod_without_a_token_is_told(tmp_path: Path) -> None:
    """With the usual cause."""
    with pytest.raises(ConfigError, match="automountServiceAccountToken"):
        in_cluster({"KUBERNETES_SERVICE_HOST": "198.51.100.1"}, tmp_path)
