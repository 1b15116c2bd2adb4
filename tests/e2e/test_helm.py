"""Helm, built like the rest, installs, upgrades and removes a chart."""

import os
import subprocess
from pathlib import Path

from tests.cluster.kubectl import Kubectl
from tests.cluster.node import Node

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
    "values.yaml": "word: one\n",
    "templates/config.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata: {word: {{ .Values.word | quote }}}\n"
    ),
}


def test_install_upgrade_uninstall(kubectl: Kubectl, node: Node, namespace: str, tmp_path: Path) -> None:
    """A release comes, changes with its values, and goes with its objects."""
    for name, text in CHART.items():
        (tmp_path / "demo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "demo" / name).write_text(text)
    folders = {f"HELM_{name}_HOME": str(tmp_path / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
    environment = {**os.environ, **folders, "KUBECONFIG": str(node.client_kubeconfig)}

    def helm(*arguments: str) -> None:
        argv = [str(node.programs["helm"]), *arguments, f"--namespace={namespace}"]
        done = subprocess.run(argv, check=False, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    helm("install", "demo", str(tmp_path / "demo"), "--wait")
    assert kubectl.get("configmap", "demo", namespace)["data"] == {"word": "one"}
    helm("upgrade", "demo", str(tmp_path / "demo"), "--set=word=two", "--wait")
    assert kubectl.get("configmap", "demo", namespace)["data"] == {"word": "two"}
    helm("uninstall", "demo", "--wait")
    assert "demo" not in {one["metadata"]["name"] for one in kubectl.items("configmaps", namespace)}
