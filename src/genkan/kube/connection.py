"""Where an API server is, and who we are to it: what a transport is made from."""

from dataclasses import dataclass

from genkan.kube.auth import Auth


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Everything that a transport needs.

    `server` is a URL, with a path prefix if a proxy wants one; `ca` is PEM, None for the machine's roots; `proxy` is the URL of
    an HTTP proxy or empty (the environment's HTTPS_PROXY is not looked at); `namespace` is the context's, or the pod's own.
    """

    server: str
    auth: Auth
    ca: bytes | None = None
    verify: bool = True
    tls_server_name: str = ""
    proxy: str = ""
    compression: bool = True
    namespace: str = "default"
