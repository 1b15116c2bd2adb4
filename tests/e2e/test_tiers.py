"""The smaller clusters: an API server alone, and one whose Nodes and Pods are only entries."""

import json
import time

import pytest

from tests.cluster import workloads
from tests.cluster.kubectl import KubectlError
from tests.cluster.local import LocalCluster
from tests.cluster.outcome import wait_until

MANY = 500


def test_api_server_alone_keeps_objects(api_server: LocalCluster) -> None:
    """Tier 1 stores, checks and serves objects; no controller acts on them."""
    kubectl = api_server.kubectl
    kubectl.apply(workloads.deployment("web", workloads.echo_pod()), namespace="default")
    assert kubectl.get("deployment", "web", "default").get("status", {}) == {}
    with pytest.raises(KubectlError, match=r"spec\.ports: Required value"):
        kubectl.apply(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {}}, namespace="default"
        )


def test_api_server_watches(api_server: LocalCluster) -> None:
    """Tier 1 tells watchers what changes; flags of the API server can be chosen (`LocalCluster(1, apiserver=…)`)."""
    kubectl = api_server.kubectl
    version = json.loads(kubectl.run("get", "--raw", "/api/v1/namespaces/default/configmaps"))["metadata"][
        "resourceVersion"
    ]
    kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}}, namespace="default")
    path = f"/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion={version}"
    events = [json.loads(line) for line in kubectl.run("get", "--raw", path).splitlines()]
    assert ("ADDED", "new") in {(event["type"], event["object"]["metadata"]["name"]) for event in events}


@pytest.mark.timeout(300)
def test_simulated_nodes_run_many_pods(simulated_cluster: LocalCluster) -> None:
    """Tier 2 brings hundreds of Deployments to ready, with endpoints, and collects what its owner leaves."""
    kubectl = simulated_cluster.kubectl
    simulated_cluster.add_nodes(3)
    kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}}, namespace="default")
    uid = kubectl.get("configmap", "owner", "default")["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    names = [f"web-{number}" for number in range(MANY)]
    items = []
    for name in names:
        service = workloads.balancer(name, 80)
        items += [workloads.deployment(name, workloads.echo_pod(), owner=owner), service]
    began = time.monotonic()
    kubectl.apply({"apiVersion": "v1", "kind": "List", "items": items}, namespace="default")

    def all_ready() -> bool:
        found = [one for one in kubectl.items("deployments", "default") if one["metadata"]["name"] in names]
        return len(found) == MANY and all(one["status"].get("readyReplicas") for one in found)

    wait_until(f"{MANY} Deployments to be ready", all_ready, seconds=150, interval=1)
    print(f"{MANY} simulated Deployments were ready after {time.monotonic() - began:.1f} s")  # noqa: T201
    slices = kubectl.items("endpointslices", "default", "kubernetes.io/service-name=web-7")
    assert slices[0]["endpoints"][0]["conditions"]["ready"]
    kubectl.run("delete", "configmap", "owner", "--namespace=default")
    wait_until("the pods to be gone", lambda: not kubectl.items("pods", "default"), seconds=120, interval=1)
