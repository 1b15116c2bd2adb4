"""Versions are content."""

import pytest
from envoy.config.cluster.v3.cluster_pb2 import Cluster

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl, endpoint_set, versioned


def test_equal_content_has_an_equal_version_and_a_type() -> None:
    """Map fields are serialized in order: neither the order of writing nor the process matters."""
    one, two = Cluster(name="a"), Cluster(name="a")
    for message, names in ((one, "xyz"), (two, "zyx")):
        for name in names:
            message.metadata.filter_metadata[name].update({"k": name})
    assert versioned(one) == versioned(two)
    assert versioned(one).body.type_url == TypeUrl.CLUSTER
    assert versioned(one) != versioned(Cluster(name="b"))


def test_a_body_is_not_printed() -> None:
    """It may be a private key."""
    assert "secret name" not in repr(versioned(Cluster(name="secret name")))


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        (Cluster(name="a", type=Cluster.EDS), "a"),
        (Cluster(name="a", type=Cluster.EDS, eds_cluster_config={"service_name": "s"}), "s"),
        (Cluster(name="a", type=Cluster.STRICT_DNS), None),
    ],
    ids=["by its own name", "by service name", "none"],
)
def test_the_endpoint_set_of_a_cluster(cluster: Cluster, expected: str | None) -> None:
    assert endpoint_set(versioned(cluster)) == expected


def test_a_type_without_resources_is_empty() -> None:
    assert Snapshot({}).of(TypeUrl.SECRET) == {}
