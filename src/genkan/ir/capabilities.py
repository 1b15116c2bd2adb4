"""What a driver can do: an input of translation, so that what it cannot is a condition and never silently different."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Each flag is one thing that an Ingress can ask for and that not every data plane can do."""

    http2_backends: bool = True
    tls_backends: bool = True
    dns_backends: bool = True
