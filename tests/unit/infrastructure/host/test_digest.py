"""Digests of workloads: any change that needs a new process shows, and nothing else."""

from dataclasses import replace

import pytest

from genkan.infrastructure.host.digest import digest
from genkan.ir import Drain, File, Port, Workload

WORKLOAD = Workload("envoy", ("envoy", "-c", "x"), (File("a", "1"), File("b", "2")), {"A": "1", "B": "2"})


@pytest.mark.parametrize(
    "other",
    [
        replace(WORKLOAD, kind="nginx"),
        replace(WORKLOAD, command=("envoy", "-c x")),
        replace(WORKLOAD, files=(File("a", "1"), File("b", "3"))),
        replace(WORKLOAD, files=(File("a", "1"), File("b", "2", private=True))),
        replace(WORKLOAD, env={"A": "1", "B": "3"}),
        replace(WORKLOAD, ports=(Port("http", 80, 10080),)),
        replace(WORKLOAD, drain=Drain(7)),
    ],
    ids=["kind", "command", "content", "mode", "env", "ports", "drain"],
)
def test_a_change_shows(other: Workload) -> None:
    """Each field of the contract."""
    assert digest(other) != digest(WORKLOAD)


@pytest.mark.parametrize(
    "other",
    [
        replace(WORKLOAD, replicas=3),
        replace(WORKLOAD, env={"B": "2", "A": "1"}),
        replace(WORKLOAD, files=(File("b", "2"), File("a", "1"))),
    ],
    ids=["replicas", "order of env", "order of files"],
)
def test_what_is_no_change_does_not(other: Workload) -> None:
    """A restart for nothing is a disruption."""
    assert digest(other) == digest(WORKLOAD)


def test_it_is_the_same_in_every_run() -> None:
    """Pinned: it is compared with what an earlier controller recorded."""
    assert digest(Workload("envoy", ("envoy",))) == "3663012dbb190a7bfac1f9b20696b8a3"
