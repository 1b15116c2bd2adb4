"""Every address the cluster uses, from ranges kept for tests and documentation (RFC 2544, RFC 5737, RFC 3849).

Each range can be set by an environment variable, and only to another part of those ranges: a cluster of ours never
touches addresses that belong to somebody. Two documentation ranges, 192.0.2.0/24 and 203.0.113.0/24, are left out
because virtual machines are often given addresses from them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from tests.cluster.outcome import ClusterError

TEST_RANGES_4 = (IPv4Network("198.18.0.0/15"), IPv4Network("198.51.100.0/24"))
TEST_RANGES_6 = (IPv6Network("2001:db8::/32"),)
VARIABLE = "GENKAN_CLUSTER_"


DEFAULTS = {
    "pods4": "198.18.0.0/16",
    "pods6": "2001:db8:0:18::/64",
    "services4": "198.19.0.0/17",
    "services6": "2001:db8:0:19::/112",
    "balancers4": "198.19.200.0/24",
    "balancers6": "2001:db8:0:20::/112",
    "link4": "198.51.100.0/25",
    "link6": "2001:db8:0:51::/64",
}


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The ranges; pods and Services and load balancers and the client link, each for IPv4 and IPv6.

    The first address of the link is the node's, client machines follow from the eleventh on.
    """

    pods4: IPv4Network
    pods6: IPv6Network
    services4: IPv4Network
    services6: IPv6Network
    balancers4: IPv4Network
    balancers6: IPv6Network
    link4: IPv4Network
    link6: IPv6Network

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Addresses":
        """Read `GENKAN_CLUSTER_PODS4` and so on; refuse what is no test range or overlaps another of ours."""
        given = os.environ if environment is None else environment
        ranges: dict[str, Any] = {}
        for name, default in DEFAULTS.items():
            variable = VARIABLE + name.upper()
            ranges[name] = _range(variable, given.get(variable, default))
            if ranges[name].version != int(name[-1]):
                raise ClusterError(f"{variable}={ranges[name]} is not an IPv{name[-1]} range")
        _refuse_overlaps(ranges)
        return cls(**ranges)

    @property
    def node4(self) -> IPv4Address:
        """The node's IPv4 address on the link to the clients."""
        return self.link4[1]

    @property
    def node6(self) -> IPv6Address:
        """The node's IPv6 address on the link to the clients."""
        return self.link6[1]

    @property
    def api_service(self) -> IPv4Address:
        """The ClusterIP of the Service `kubernetes`: always the first of the range."""
        return self.services4[1]

    @property
    def dns_service(self) -> tuple[IPv4Address, IPv6Address]:
        """The ClusterIPs of cluster DNS."""
        return self.services4[10], self.services6[10]

    def client(self, number: int) -> tuple[IPv4Address, IPv6Address]:
        """The addresses of client machine `number`, from 1."""
        return self.link4[10 + number], self.link6[10 + number]

    @property
    def inside(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """What clients reach through the node: pods, Services, load balancers."""
        return self.pods4, self.services4, self.balancers4, self.pods6, self.services6, self.balancers6


def _range(variable: str, text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ClusterError(f"{variable}: {error}") from error
    if isinstance(network, IPv4Network):
        allowed = any(network.subnet_of(test) for test in TEST_RANGES_4)
    else:
        allowed = any(network.subnet_of(test) for test in TEST_RANGES_6)
    if not allowed:
        ranges = ", ".join(map(str, (*TEST_RANGES_4, *TEST_RANGES_6)))
        raise ClusterError(f"{variable}={text} lies outside the test ranges {ranges}")
    return network


def _refuse_overlaps(ranges: Mapping[str, IPv4Network | IPv6Network]) -> None:
    seen: list[tuple[str, IPv4Network | IPv6Network]] = []
    for name, network in ranges.items():
        for other, taken in seen:
            if network.version == taken.version and network.overlaps(taken):
                raise ClusterError(f"{VARIABLE}{name.upper()}={network} overlaps {other} ({taken})")
        seen.append((name, network))
