"""Who is who in the cluster: certificates, tokens and the kubeconfig file of each component."""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.addresses import Addresses
from tests.cluster.pki import Authority

NODE_NAME = "genkan-node"

# Component -> user name and group, as the API server's own roles expect them.
USERS = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{NODE_NAME}", "system:nodes"),
    "kube-proxy": ("system:kube-proxy", ""),
    "metallb": ("metallb", "system:masters"),
    "kwok": ("kwok", "system:masters"),
}


@dataclass(frozen=True)
class Identity:
    """All credentials of one cluster, written below `folder`; `server` is the URL the components use."""

    folder: Path
    server: str

    @property
    def pki(self) -> Path:
        """The folder of certificates and keys."""
        return self.folder / "pki"

    @property
    def tokens(self) -> Path:
        """The API server's table of static tokens."""
        return self.folder / "tokens.csv"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of one of USERS."""
        return self.folder / f"{user}.kubeconfig"

    @classmethod
    def create(cls, folder: Path, server: str, addresses: Addresses) -> "Identity":
        """Make new credentials for everybody."""
        identity = cls(folder, server)
        authority = Authority(identity.pki)
        authority.issue("apiserver", "kube-apiserver", names=server_names(addresses))
        authority.issue(
            "kubelet", f"system:node:{NODE_NAME}", group="system:nodes", names=[NODE_NAME, str(addresses.node4)]
        )
        # Whom the kubelet obeys: group masters may read logs, run commands and forward ports.
        authority.issue("kubelet-client", "kube-apiserver-kubelet-client", group="system:masters")
        authority.signing_key("service-accounts")
        lines = []
        for component, (user, group) in USERS.items():
            token = secrets.token_hex(16)
            lines.append(f'{token},{user},{component},"{group}"\n')
            write_kubeconfig(identity.kubeconfig(component), server, token, authority.certificate)
        identity.tokens.write_text("".join(lines))
        identity.tokens.chmod(0o600)
        return identity


def server_names(addresses: Addresses) -> list[str]:
    """All names under which the API server is called."""
    service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    return [*service, "localhost", "127.0.0.1", str(addresses.api_service), str(addresses.node4)]


def write_kubeconfig(path: Path, server: str, token: str, authority: bytes) -> None:
    """Write a kubeconfig with one context."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "genkan", "cluster": cluster}],
        "users": [{"name": "genkan", "user": {"token": token}}],
        "contexts": [{"name": "genkan", "context": {"cluster": "genkan", "user": "genkan"}}],
        "current-context": "genkan",
    }
    path.write_text(json.dumps(config, indent=1) + "\n")
    path.chmod(0o600)


def with_server(path: Path, source: Path, server: str) -> None:
    """Copy a kubeconfig under another server URL."""
    config = json.loads(source.read_text())
    config["clusters"][0]["cluster"]["server"] = server
    path.write_text(json.dumps(config, indent=1) + "\n")
    path.chmod(0o600)
