"""What is spoken to a backend, by a Service port's `appProtocol`.

Takes the field's text, gives protocol and TLS. Names: those that Kubernetes defines (KEP-3726), the IANA names of the same protocols, and
the short forms that other controllers accept. Letter case is ignored. An unknown one is served as HTTP/1.1 and reported.
"""

from typing import NamedTuple

from genkan.ir import BackendProtocol


class AppProtocol(NamedTuple):
    """How a backend is spoken to."""

    protocol: BackendProtocol
    tls: bool = False


DEFAULT = AppProtocol(BackendProtocol.HTTP1)

APP_PROTOCOLS: dict[str, AppProtocol] = {
    "http": DEFAULT,
    "https": AppProtocol(BackendProtocol.HTTP1, tls=True),
    "kubernetes.io/h2c": AppProtocol(BackendProtocol.HTTP2),
    "h2c": AppProtocol(BackendProtocol.HTTP2),
    "http2": AppProtocol(BackendProtocol.HTTP2),
    "grpc": AppProtocol(BackendProtocol.HTTP2),
    "kubernetes.io/ws": DEFAULT,
    "ws": DEFAULT,
    "kubernetes.io/wss": AppProtocol(BackendProtocol.HTTP1, tls=True),
    "wss": AppProtocol(BackendProtocol.HTTP1, tls=True),
}
"""Every name that is understood."""


def app_protocol(name: str) -> AppProtocol | None:
    """Look a name up; "" is HTTP/1.1, None is unknown."""
    return APP_PROTOCOLS.get(name.lower()) if name else DEFAULT
