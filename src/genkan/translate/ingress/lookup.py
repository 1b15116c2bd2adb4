"""Lookup: which route answers a request, by the same rules as on the wire, and why.

Takes the traffic and a request's scheme, host and path; gives the virtual host, the route, the TLS chain, and the steps of the decision as
sentences. It is what `genkan explain` prints, and what tests compare the data plane with.
"""

from dataclasses import dataclass

from genkan.ir import Listener, Route, TlsChain, Traffic, VirtualHost
from genkan.translate.ingress.hosts import ANY, request_host, wildcard_of


@dataclass(frozen=True, slots=True)
class Lookup:
    """What answers: without a listener nothing does, without a route a 404. `tls` is set for https only."""

    listener: Listener | None
    tls: TlsChain | None
    virtual_host: VirtualHost | None
    route: Route | None
    steps: tuple[str, ...]


def find(traffic: Traffic, scheme: str, host: str, path: str) -> Lookup:
    """Find what answers a request; `host` may have a port, `path` a query. `scheme` is http or https."""
    secure = scheme == "https"
    listener = next((item for item in traffic.listeners if bool(item.tls) == secure), None)
    if listener is None:
        step = f"nothing listens for {scheme}"
        return Lookup(None, None, None, None, (f"{step}: there is no usable certificate" if secure else step,))
    steps = [f"listener {listener.name}, port {listener.port}"]
    name = request_host(host)
    chain = _chain(listener, name) if secure else None
    if chain is not None:
        why = "named by the certificate" if chain.server_names else "for names that no certificate covers"
        steps.append(f"certificate {' and '.join(chain.certificates)}, {why}")
    virtual_host = _virtual_host(traffic, name, steps)
    route = _route(virtual_host, path.partition("?")[0], steps) if virtual_host else None
    return Lookup(listener, chain, virtual_host, route, tuple(steps))


def _chain(listener: Listener, name: str) -> TlsChain | None:
    """Choose by SNI: exact, then the longest wildcard (of any depth: a client refuses the certificate either way), then the rest."""
    by_name = {server: chain for chain in listener.tls for server in chain.server_names or ("",)}
    labels = name.split(".")
    wildcards = (f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))
    return next((by_name[known] for known in (name, *wildcards, "") if known in by_name), None)


def _virtual_host(traffic: Traffic, name: str, steps: list[str]) -> VirtualHost | None:
    by_host = {item.host: item for item in traffic.virtual_hosts}
    for candidate, how in (
        (name, "named exactly"),
        (wildcard_of(name), "one label below the wildcard"),
        (ANY, "named by no rule, so the rules without host and the default backend answer"),
    ):
        found = by_host.get(candidate)
        if found is not None:
            steps.append(f"host {name}: {how} ({found.origin})")
            return found
    steps.append(f"host {name}: named by no rule, and there is neither a rule without host nor a default backend: 404")
    return None


def _route(virtual_host: VirtualHost, path: str, steps: list[str]) -> Route | None:
    for route in virtual_host.routes:
        if route.match.matches(path):
            steps.append(
                f"path {path}: {route.match.value} ({route.match.kind}) is the first that matches ({route.origin})"
            )
            return route
    steps.append(f"path {path}: matched by none of the host's {len(virtual_host.routes)} paths: 404")
    return None
