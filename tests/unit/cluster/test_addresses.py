"""Addresses of the test cluster: test ranges only, none twice."""

import pytest

from tests.cluster.addresses import Addresses
from tests.cluster.outcome import ClusterError


def test_defaults() -> None:
    """Without settings everything lies in the test ranges, and nothing overlaps."""
    addresses = Addresses.from_environment({})
    assert str(addresses.node4) == "198.51.100.1"
    assert [str(one) for one in addresses.client(2)] == ["198.51.100.12", "2001:db8:0:51::c"]
    assert addresses.api_service in addresses.services4


def test_a_range_can_be_set() -> None:
    """An environment variable moves a range within the test ranges."""
    addresses = Addresses.from_environment({"GENKAN_CLUSTER_PODS4": "198.19.128.0/18"})
    assert str(addresses.pods4) == "198.19.128.0/18"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        pytest.param("PODS4", "10.0.0.0/16", "outside the test ranges", id="private"),
        pytest.param("PODS4", "192.0.2.0/24", "outside the test ranges", id="often-used-by-machines"),
        pytest.param("BALANCERS6", "fd00::/112", "outside the test ranges", id="unique-local"),
        pytest.param("PODS4", "198.19.0.0/18", "overlaps pods4", id="overlap"),
        pytest.param("PODS4", "2001:db8:7::/64", "not an IPv4 range", id="version"),
        pytest.param("LINK4", "198.51.100.7/25", "has host bits set", id="host-bits"),
        pytest.param("LINK4", "nonsense", "does not appear to be", id="nonsense"),
    ],
)
def test_what_is_refused(variable: str, value: str, message: str) -> None:
    """The error names the variable and the reason."""
    with pytest.raises(ClusterError, match=message) as raised:
        Addresses.from_environment({f"GENKAN_CLUSTER_{variable}": value})
    assert "GENKAN_CLUSTER_" in str(raised.value)
