"""What a failed test leaves: one folder with all that tells what the cluster was doing."""

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster.cache import cache_folder
from tests.cluster.envoys import envoys
from tests.cluster.kubectl import Kubectl
from tests.cluster.node import Node
from tests.cluster.outcome import ClusterError

KINDS = (
    "nodes", "namespaces", "pods", "services", "endpointslices", "deployments", "replicasets", "ingresses",
    "ingressclasses", "configmaps", "leases", "poddisruptionbudgets", "serviceaccounts",
)  # fmt: skip


def report_folder(test: str) -> Path:
    """Give a new folder for the report of a test."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-")[-100:]
    folder = cache_folder() / "reports" / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_report(folder: Path, text: str, kubectl: Kubectl, node: Node | None) -> None:
    """Write the test's own words, objects, Events, logs of components and pods, and Envoy configurations.

    What cannot be had is noted in place of what was wanted: a report never fails.
    """
    (folder / "failure.txt").write_text(text)
    for kind in KINDS:
        _save(folder / "objects" / f"{kind}.json", lambda kind=kind: _dump(kubectl, kind))  # type: ignore[misc]
    events = ("get", "events.v1.events.k8s.io", "--all-namespaces", "--sort-by=.metadata.creationTimestamp")
    _save(folder / "events.txt", lambda: kubectl.run(*events, "--output=wide"))
    _save(folder / "overview.txt", lambda: kubectl.run("get", "all,ingress", "--all-namespaces", "--output=wide"))
    if node:
        shutil.copytree(node.folder / "logs", folder / "components")
        for envoy in envoys():
            _save(folder / "envoys" / f"{envoy.pod}.json", envoy.config_dump)
    try:
        pods = kubectl.items("pods")
    except ClusterError:
        return
    for pod in pods:
        _save_pod(folder, kubectl, pod["metadata"]["namespace"], pod["metadata"]["name"], pod)


def _dump(kubectl: Kubectl, kind: str) -> str:
    """All objects of a kind, without what only machines read."""
    items = kubectl.items(kind)
    for item in items:
        item["metadata"].pop("managedFields", None)
    return json.dumps(items, indent=1)


def _save_pod(folder: Path, kubectl: Kubectl, namespace: str, name: str, pod: dict[str, object]) -> None:
    where = folder / "pods" / f"{namespace}_{name}"
    one = (f"--namespace={namespace}", name)
    _save(where.with_suffix(".log"), lambda: kubectl.run("logs", *one, "--all-containers", "--tail=2000", seconds=10))
    previous = ("logs", *one, "--all-containers", "--previous", "--tail=500")
    if '"restartCount": 0' not in json.dumps(pod):
        _save(where.with_suffix(".previous.log"), lambda: kubectl.run(*previous, seconds=10))


def _save(file: Path, content: Callable[[], str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.write_text(content())
    except (ClusterError, OSError, ValueError) as error:
        file.write_text(f"could not be had: {error}\n")
