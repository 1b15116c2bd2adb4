"""Hosts of rules, of `spec.tls` and of requests: which are valid, which match.

Takes text as users and clients write it, gives lower-case names. The rules are those of networking.k8s.io/v1: an exact DNS name, or
`*.` before one, which stands for exactly one label. "*" alone is our name for "no host", which users write by leaving host out.
"""

import ipaddress
import re
from collections.abc import Callable

ANY = "*"
"""The virtual host for requests whose host no rule names."""

_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_HOST_MAX = 253


def host_fault(host: str) -> str:
    """Tell why a rule's host (lower-case, not empty) cannot be used: one sentence with what to do, or "" when it can.

    The rule is the API server's: RFC 1123 subdomain, optionally after `*.`, never an IP address.
    """
    if len(host) <= _HOST_MAX and _HOST.fullmatch(host) and not _is_address(host):
        return ""
    return next(message for is_fault, message in _FAULTS if is_fault(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


_FAULTS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda host: host == ANY, "leave host out to match every host"),
    (lambda host: "/" in host, "write the name alone, without scheme and path"),
    (_is_address, "an IP address cannot be a host; leave host out to match every host"),
    (lambda host: ":" in host, "leave the port out; any port in the request's Host matches"),
    (lambda host: "*" in host.removeprefix("*."), "a wildcard is one leading label: *.example.com"),
    (lambda host: host.endswith("."), "leave out the dot at the end"),
    (lambda host: len(host) > _HOST_MAX, f"a host has at most {_HOST_MAX} characters"),
    (lambda _: True, "a host consists of labels of letters, digits and inner hyphens, joined by dots"),
)
"""What people write instead of a host, the most telling first."""


def wildcard_of(host: str) -> str:
    """Give the only wildcard that matches a name: `a.foo.com` gives `*.foo.com`; a name of one label gives ""."""
    label, _, parent = host.partition(".")
    return f"*.{parent}" if label and parent else ""


def request_host(authority: str) -> str:
    """Give the lower-case host of a request's Host or :authority, without its port; an IPv6 address keeps its brackets."""
    host = authority.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
