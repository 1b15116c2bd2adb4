"""The report of a failed test holds what one would ask for next."""

import json
from pathlib import Path

from tests.cluster import workloads
from tests.cluster.kubectl import Kubectl
from tests.cluster.node import Node
from tests.cluster.report import write_report
from tests.e2e.client import answering, balancer_addresses


def test_report_is_complete(kubectl: Kubectl, node: Node, namespace: str, tmp_path: Path) -> None:
    """Objects, Events, logs of every component and pod, and the configuration of every Envoy, in one folder."""
    first, second = workloads.envoy_answering("by socket"), workloads.envoy_answering("by loopback")
    second["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9901}}}
    for name, config in (("first", first), ("second", second)):
        kubectl.apply(workloads.deployment(name, workloads.envoy_pod(config)), namespace=namespace)
        kubectl.apply(workloads.balancer(name, workloads.ENVOY_PORT), namespace=namespace)
    for name in ("first", "second"):
        answering(balancer_addresses(kubectl, namespace, name)[0])
    write_report(tmp_path, "it failed", kubectl, node)
    assert (tmp_path / "failure.txt").read_text() == "it failed"
    assert "genkan-node" in (tmp_path / "objects" / "nodes.json").read_text()
    assert f"{namespace} " in (tmp_path / "events.txt").read_text()
    assert "service/first" in (tmp_path / "overview.txt").read_text()
    logs = {path.stem for path in (tmp_path / "components").iterdir()}
    assert {"etcd", "kube-apiserver", "kubelet", "containerd", "kube-proxy", "metallb"} <= logs
    pods = [path.name for path in (tmp_path / "pods").iterdir()]
    assert any(name.startswith(f"{namespace}_first-") for name in pods)
    dumps = {
        path.name.partition("-")[0]: json.loads(path.read_text()) for path in (tmp_path / "envoys").glob("*-*.json")
    }
    assert "by socket" in json.dumps(dumps["first"])
    assert "by loopback" in json.dumps(dumps["second"])
