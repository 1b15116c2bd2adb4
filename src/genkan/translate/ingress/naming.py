"""Names inside one data plane's configuration, so that a person reading a config dump knows what each thing is.

Takes keys and matches, gives names that are unique within the data plane.
"""

from genkan.ir import PathMatch
from genkan.model import ObjectKey


def port_name(service: ObjectKey, port: int | str) -> str:
    """Name a Service's port, its cluster and its endpoint set: `shop/web:80`."""
    return f"{service.namespace}/{service.name}:{port}"


def route_name(host: str, match: PathMatch) -> str:
    """Name a route: `*.foo.com/bar (Prefix)`."""
    return f"{host}{match.value} ({match.kind})"


def default_route_name(host: str) -> str:
    """Name the route that sends what no path of a host matches to the default backend."""
    return f"{host}/ (default backend)"


def secret_name(secret: ObjectKey) -> str:
    """Name a certificate and its TLS chain: `shop/web-tls`."""
    return f"{secret.namespace}/{secret.name}"


def default_chain_name(certificate: str) -> str:
    """Name the TLS chain for every name that no certificate covers."""
    return f"{certificate} (other names)"
