"""pytest fixtures: each tier of the cluster, a namespace for a test, client machines, and a report of what failed.

A conftest imports the names it wants. `cluster` is whatever cluster the run has: the project's own node, or the one
that KUBECONFIG names; what only the own node can do is asked for by the fixture `node`.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import workloads
from tests.cluster.kubectl import Kubectl
from tests.cluster.local import LocalCluster
from tests.cluster.node import Node
from tests.cluster.outcome import ClusterError
from tests.cluster.programs import Programs
from tests.cluster.report import report_folder, write_report
from tests.cluster.weather import Weather

REPORTS = pytest.StashKey[str]()


@dataclass(frozen=True)
class Cluster:
    """The cluster of this run: `node` is the project's own, or nothing when the cluster is somebody's."""

    kubectl: Kubectl
    node: Node | None


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that `make e2e` started or was given; fails, with what to do, when there is none."""
    kubeconfig = os.environ.get("KUBECONFIG", "")
    if not kubeconfig:
        raise ClusterError("no cluster: run `make e2e`, or set KUBECONFIG")
    node = Node()
    if Path(kubeconfig) in (node.client_kubeconfig, node.kubeconfig):
        if not node.running:
            raise ClusterError("the project's own cluster is not running any more")
        return Cluster(node.kubectl, node)
    program = shutil.which("kubectl")
    return Cluster(Kubectl(Path(program) if program else Programs(["kubernetes"])["kubectl"], Path(kubeconfig)), None)


@pytest.fixture(scope="session")
def node(cluster: Cluster) -> Node:
    """The project's own node; a test that needs it cannot run against another cluster, and says so."""
    if cluster.node is None:
        pytest.skip("needs the project's own node: run it without KUBECONFIG")
    return cluster.node


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster) -> Kubectl:
    """Kubectl as administrator of the cluster."""
    return cluster.kubectl


@pytest.fixture(scope="session")
def weather(node: Node) -> Weather:
    """Faults for the project's own node."""
    return Weather(node)


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for one test, PodSecurity `restricted`; its deletion is not waited for."""
    yield from _namespace(kubectl, request.node.name)


@pytest.fixture(scope="module")
def shared_namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for the tests of one module."""
    yield from _namespace(kubectl, Path(request.node.name).stem)


def _namespace(kubectl: Kubectl, test: str) -> Iterator[str]:
    words = re.sub(r"[^a-z0-9]+", "-", test.lower().removeprefix("test_")).strip("-")[:40]
    name = f"{words}-{secrets.token_hex(2)}"
    kubectl.apply(workloads.namespace(name))
    yield name
    kubectl.run("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def api_server() -> Iterator[LocalCluster]:
    """Tier 1: etcd and an API server, no controllers; on loopback, without root."""
    with LocalCluster(1) as local:
        yield local


@pytest.fixture(scope="session")
def simulated_cluster() -> Iterator[LocalCluster]:
    """Tier 2: all controllers and the scheduler, with Nodes and Pods played by kwok; `add_nodes` first."""
    with LocalCluster(2) as local:
        yield local


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Leave a report when a test that used the cluster fails, and name its folder in the test's output."""
    outcome = yield
    result: pytest.TestReport = outcome.get_result()  # type: ignore[attr-defined]
    cluster = getattr(item, "funcargs", {}).get("cluster")
    if not result.failed or call.when == "teardown" or not isinstance(cluster, Cluster) or REPORTS in item.stash:
        return
    folder = report_folder(item.nodeid)
    item.stash[REPORTS] = str(folder)
    write_report(folder, result.longreprtext, cluster.kubectl, cluster.node)
    result.sections.append(("report", f"what the cluster was doing: {folder}"))
