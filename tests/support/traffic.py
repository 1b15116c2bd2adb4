"""The intermediate representation, written by hand and short: what a test needs to say, defaults for the rest."""

from datetime import UTC, datetime

from genkan.ir import (
    Action,
    Binding,
    Certificate,
    Cluster,
    Endpoint,
    EndpointSet,
    Forward,
    Listener,
    Origin,
    PathKind,
    PathMatch,
    PrivateBytes,
    Respond,
    RetryPolicy,
    Route,
    TlsChain,
    Traffic,
    VirtualHost,
    WeightedCluster,
)

ORIGIN = Origin("Ingress", "shop", "web")
_ONCE = RetryPolicy()


def forward(*clusters: str, timeout: float | None = None, retry: RetryPolicy | None = _ONCE) -> Forward:
    """To these clusters, equal shares."""
    return Forward(tuple(WeightedCluster(name) for name in clusters), timeout, retry)


def route(path: str, action: Action | str, *, host: str = "*", exact: bool = False) -> Route:
    """One path; a string is the cluster to forward to."""
    kind = PathKind.EXACT if exact else PathKind.PREFIX
    to = forward(action) if isinstance(action, str) else action
    return Route(f"{host}{path} ({kind})", PathMatch(kind, path), to, origin=ORIGIN)


def host(name: str, *routes: Route) -> VirtualHost:
    """One virtual host."""
    return VirtualHost(name, routes, origin=ORIGIN)


def cluster(name: str = "shop/web:80", **fields: object) -> Cluster:
    """One cluster; its endpoint set has its name unless `target` says otherwise."""
    return Cluster(**{"name": name, "target": name, "origin": ORIGIN} | fields)  # type: ignore[arg-type]


def endpoints(name: str, *addresses: str) -> EndpointSet:
    """One endpoint set; addresses are HOST:PORT or [HOST]:PORT."""
    parts = (address.rpartition(":") for address in addresses)
    return EndpointSet(name, tuple(Endpoint(head.strip("[]"), int(port)) for head, _, port in parts), origin=ORIGIN)


def chain(name: str, *server_names: str, certificates: tuple[str, ...] = ()) -> TlsChain:
    """One TLS chain, with the certificate of its own name unless others are given."""
    return TlsChain(name, server_names, certificates or (name,), origin=ORIGIN)


def certificate(name: str, chain: bytes = b"chain", key: bytes = b"key", *names: str) -> Certificate:
    """One certificate; the dates are as wide as they may be."""
    return Certificate(
        name,
        chain,
        PrivateBytes(key),
        names,
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2100, 1, 1, tzinfo=UTC),
        origin=ORIGIN,
    )


def traffic(
    *hosts: VirtualHost,
    clusters: tuple[Cluster, ...] = (),
    chains: tuple[TlsChain, ...] = (),
    certificates: tuple[Certificate, ...] = (),
) -> Traffic:
    """All of it: port 80, and port 443 when there are TLS chains."""
    listeners = (Listener("http", 80), *([Listener("https", 443, chains)] if chains else []))
    return Traffic(listeners, hosts, clusters, certificates)


def binding(
    folder: str = "/run/genkan/shop-web", address: str = "127.7.7.7", http: int = 80, https: int = 443
) -> Binding:
    """Where a data plane listens; its sockets lie in `folder`."""
    return Binding(
        address=address,
        ports={80: http, 443: https},
        control_plane=f"{folder}/xds.sock",
        admin=f"{folder}/admin.sock",
        readiness=f"{folder}/ready.sock",
        config_dir=folder,
        state_dir=folder,
    )


def unavailable(path: str = "/") -> Route:
    """A path whose backend is missing."""
    return route(path, Respond(503, "503: the Service is missing\n"))
