"""The traffic half of the intermediate representation: what one data plane shall do with requests.

Ours, frozen, proxy-neutral: no Kubernetes and no Envoy type inside. Order of routes is final, no renderer sorts. Every node
keeps its origin, which takes no part in equality or hashes. Endpoint sets stand apart, so that endpoint churn touches no
route. A cluster that no route names is allowed. What a new feature needs is a new optional field or a new kind of action.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from genkan.ir.origin import Origin


class PathKind(StrEnum):
    """How a path is compared; both are case-sensitive and leave the query out."""

    EXACT = "Exact"
    PREFIX = "Prefix"


@dataclass(frozen=True, slots=True)
class PathMatch:
    """A path without query. A PREFIX matches by element and has no trailing slash, except "/" itself, which matches all."""

    kind: PathKind
    value: str

    def matches(self, path: str) -> bool:
        """Tell whether a request's path (no query) matches, by the rules that every data plane must follow."""
        if self.kind is PathKind.EXACT:
            return path == self.value
        return self.value in {"/", path} or path.startswith(self.value + "/")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a request may be sent once more.

    Always safe, because the backend saw nothing: connection failed, stream refused, reset before the request was sent.
    `after_send` adds a reset after the request was sent, for idempotent methods (RFC 9110, 9.2.2) only.
    """

    attempts: int = 1
    after_send: bool = True


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """A cluster by name and its share of the requests."""

    cluster: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to one of the clusters. `timeout` seconds for the whole answer, None for no limit."""

    clusters: tuple[WeightedCluster, ...]
    timeout: float | None = None
    retry: RetryPolicy | None = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer at once, with plain text."""

    status: int
    body: str


Action = Forward | Respond


@dataclass(frozen=True, slots=True)
class Route:
    """One path of one host. `name` explains itself in a config dump and is unique within the data plane."""

    name: str
    match: PathMatch
    action: Action
    origin: Origin = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """The routes of one host, in the order in which they are tried.

    `host` is lower-case: an exact name, "*.suffix" for exactly one more label, or "*" for every host that no other virtual host
    matches. A request whose host matches never falls through to "*"; one that no route matches is answered 404.
    """

    host: str
    routes: tuple[Route, ...]
    origin: Origin = field(kw_only=True, compare=False, repr=False)


class BackendProtocol(StrEnum):
    """What is spoken to a backend."""

    HTTP1 = "http1"
    HTTP2 = "http2"


@dataclass(frozen=True, slots=True)
class BackendTls:
    """TLS to the backend; `verify` False accepts any certificate. `server_name` "" sends the request's host as SNI."""

    server_name: str = ""
    verify: bool = False


@dataclass(frozen=True, slots=True)
class DnsTarget:
    """A backend by DNS name (a Service of type ExternalName)."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """A backend and the policy for talking to it. `target` is the name of an endpoint set, or a DNS name.

    `name` explains itself and is unique within the data plane. Clusters whose policies differ may share an endpoint set.
    `connect_timeout` is in seconds.
    """

    name: str
    target: str | DnsTarget
    protocol: BackendProtocol = BackendProtocol.HTTP1
    tls: BackendTls | None = None
    connect_timeout: float = 5.0
    origin: Origin = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One address that serves; an IPv6 address has no brackets."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class EndpointSet:
    """The endpoints of one Service port, sorted, without repetition; empty when none can serve."""

    name: str
    endpoints: tuple[Endpoint, ...]
    origin: Origin = field(kw_only=True, compare=False, repr=False)


class PrivateBytes(bytes):
    """Bytes that show a digest of themselves instead of their content wherever they are printed."""

    def __repr__(self) -> str:
        """A digest: equal keys can be told from different ones, and nothing else."""
        return f"<private sha256:{hashlib.sha256(self).hexdigest()[:16]}>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Certificate:
    """A usable key pair: PEM chain, leaf first, and PEM key. `names` are the leaf's DNS names, lower-case, sorted."""

    name: str
    chain: bytes
    private_key: PrivateBytes
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    origin: Origin = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TlsChain:
    """The certificates (an RSA and an ECDSA one of one set, or one) offered for a set of names.

    `server_names` are exact or "*.suffix", claimed by no other chain; the empty tuple is the chain for all other names.
    """

    name: str
    server_names: tuple[str, ...]
    certificates: tuple[str, ...]
    origin: Origin = field(kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that takes requests for all virtual hosts; with TLS when there are chains (HTTP/2 and HTTP/1.1 by ALPN)."""

    name: str
    port: int
    tls: tuple[TlsChain, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """Everything one data plane does with requests. `ports` of listeners are what clients see: 80 and 443."""

    listeners: tuple[Listener, ...]
    virtual_hosts: tuple[VirtualHost, ...]
    clusters: tuple[Cluster, ...]
    certificates: tuple[Certificate, ...] = ()
