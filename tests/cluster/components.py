"""The command line of each component: takes where things are, gives the argument vector, does nothing else.

Kubernetes' own scripts (hack/local-up-cluster.sh) and the reference pages of each program are the sources.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.addresses import Addresses
from tests.cluster.identity import NODE_NAME, Identity
from tests.cluster.programs import Programs

Argv = list[str]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a control plane runs: its folder, its ports, and the address under which pods find the API server."""

    folder: Path
    programs: Programs
    identity: Identity
    addresses: Addresses
    bind: str
    advertise: str
    api_port: int = 6443
    etcd_port: int = 2379
    etcd_peer_port: int = 2380

    @property
    def etcd_url(self) -> str:
        """The URL for etcd's clients."""
        return f"http://127.0.0.1:{self.etcd_port}"


def etcd(place: Place) -> Argv:
    """One member, without waiting for the disk: the data need not outlive the machine."""
    peer = f"http://127.0.0.1:{place.etcd_peer_port}"
    return [
        str(place.programs["etcd"]),
        "--name=genkan",
        f"--data-dir={place.folder / 'etcd'}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={place.etcd_url}",
        f"--advertise-client-urls={place.etcd_url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=genkan={peer}",
        "--log-level=warn",
        "--quota-backend-bytes=4294967296",
    ]


def apiserver(place: Place, *more: str) -> Argv:
    """The API server with the authorization and admission of a production cluster; `more` flags come last and win."""
    pki = place.identity.pki
    return [
        str(place.programs["kube-apiserver"]),
        f"--etcd-servers={place.etcd_url}",
        f"--service-cluster-ip-range={place.addresses.services4},{place.addresses.services6}",
        f"--bind-address={place.bind}",
        f"--secure-port={place.api_port}",
        f"--advertise-address={place.advertise}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--token-auth-file={place.identity.tokens}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/service-accounts.pub",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
        f"--kubelet-client-certificate={pki}/kubelet-client.crt",
        f"--kubelet-client-key={pki}/kubelet-client.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        # Without these the controller manager asks for a ConfigMap that never comes.
        f"--requestheader-client-ca-file={pki}/ca.crt",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        *more,
    ]


def _with_kubeconfig(place: Place, name: str, port: int) -> Argv:
    own = place.identity.kubeconfig(name)
    return [
        str(place.programs[name]),
        f"--kubeconfig={own}",
        f"--authentication-kubeconfig={own}",
        f"--authorization-kubeconfig={own}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
    ]


# For thousands of simulated objects: by default the controllers may make only twenty calls a second each.
UNTHROTTLED = ("--kube-api-qps=1000", "--kube-api-burst=2000")
MORE_WORKERS = tuple(f"--concurrent-{kind}-syncs=20" for kind in ("deployment", "replicaset", "service-endpoint", "gc"))


def controller_manager(place: Place, *more: str, port: int = 10257) -> Argv:
    """All controllers; the API server must be ready, else it exits (it reads a ConfigMap at start)."""
    pki = place.identity.pki
    return [
        *_with_kubeconfig(place, "kube-controller-manager", port),
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/service-accounts.key",
        "--use-service-account-credentials=true",
        f"--cluster-cidr={place.addresses.pods4},{place.addresses.pods6}",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        *more,
    ]


def scheduler(place: Place, *more: str, port: int = 10259) -> Argv:
    """The scheduler as it comes."""
    return [*_with_kubeconfig(place, "kube-scheduler", port), *more]


def kubelet(place: Place) -> Argv:
    """The kubelet; its settings are in `kubelet.json` (node_config.py)."""
    return [
        str(place.programs["kubelet"]),
        f"--config={place.folder / 'kubelet.json'}",
        f"--kubeconfig={place.identity.kubeconfig('kubelet')}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={place.addresses.node4},{place.addresses.node6}",
    ]


def kube_proxy(place: Place) -> Argv:
    """kube-proxy; its settings are in `kube-proxy.json` (node_config.py)."""
    return [str(place.programs["kube-proxy"]), f"--config={place.folder / 'kube-proxy.json'}"]


def containerd(folder: Path) -> Argv:
    """The distribution's containerd; its settings are in `containerd.toml` (node_config.py)."""
    return ["containerd", "--config", str(folder / "containerd.toml")]


def metallb(place: Place) -> Argv:
    """MetalLB's controller as a process of the node: it hands out addresses; nothing needs to announce them here.

    Without --ml-secret-name and --deployment it does not look for its own Deployment.
    """
    return [
        str(place.programs["metallb"]),
        "--namespace=metallb-system",
        "--pod-name=controller",
        "--webhook-mode=disabled",
        "--disable-cert-rotation",
        "--port=0",
        "--health-probe-port=17473",
        "--log-level=info",
    ]


def kwok(place: Place, stages: Path) -> Argv:
    """The kubelet of every Node that carries kwok's annotation; `stages` says how its objects live."""
    return [
        str(place.programs["kwok"]),
        f"--kubeconfig={place.identity.kubeconfig('kwok')}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--cidr={place.addresses.pods4}",
        f"--node-ip={place.addresses.node4}",
        "--node-lease-duration-seconds=40",
        *(f"--config={file}" for file in sorted(stages.glob("*.yaml"))),
    ]
