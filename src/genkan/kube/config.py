"""Where the API server is and how to be let in. Takes flags and the environment, gives a `Connection`, refuses with ConfigError.

The order is controller-runtime's: a kubeconfig that was named, `$KUBECONFIG`, the pod's service account, `~/.kube/config`.
"""

from collections.abc import Mapping
from pathlib import Path

from genkan.errors import ConfigError
from genkan.kube.auth import FileAuth
from genkan.kube.connection import Connection
from genkan.kube.kubeconfig import connection

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its token, the CA and its namespace (kubernetes.io, "Accessing the Kubernetes API from a Pod")."""


def load(environ: Mapping[str, str], *, kubeconfig: str = "", context: str = "") -> Connection:
    """Find the cluster: by `kubeconfig` (a path) and `context` if given, else as the module says."""
    if kubeconfig:
        return connection([Path(kubeconfig)], context=context)
    if named := [Path(path) for path in environ.get("KUBECONFIG", "").split(":") if path]:
        present = [path for path in named if path.exists()]
        if not present:
            raise ConfigError(f"KUBECONFIG names {named[0]}, which does not exist")
        return connection(present, context=context)
    if environ.get("KUBERNETES_SERVICE_HOST") and not context:
        return in_cluster(environ)
    home = Path(environ.get("HOME") or "/") / ".kube" / "config"
    if home.exists():
        return connection([home], context=context)
    raise ConfigError(f"no cluster: this is no pod, KUBECONFIG is not set, and there is no {home}")


def in_cluster(environ: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Connection:
    """Use the service account of the pod that this runs in."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise ConfigError("KUBERNETES_SERVICE_HOST is not set: this is no pod")
    token, namespace = folder / "token", folder / "namespace"
    if not token.exists():
        raise ConfigError(f"{token} is missing: does the pod set automountServiceAccountToken to false?")
    try:
        ca = (folder / "ca.crt").read_bytes()
        own = namespace.read_text().strip() if namespace.exists() else ""
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error
    address = f"[{host}]" if ":" in host else host
    return Connection(server=f"https://{address}:{port}", auth=FileAuth(token=token), ca=ca, namespace=own or "default")
