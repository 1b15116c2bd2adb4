"""Pods: names, tokens, security, rolling updates, many at once."""

import json
import subprocess
import time

import pytest

from tests.cluster import workloads
from tests.cluster.images import CONTROLLER
from tests.cluster.kubectl import Kubectl, KubectlError
from tests.cluster.outcome import wait_until
from tests.e2e.client import answering, balancer_addresses

pytestmark = pytest.mark.smoke

RESOLVE = """
import json, socket, sys
print(json.dumps(sorted({info[4][0] for name in sys.argv[1:] for info in socket.getaddrinfo(name, 80)})))
"""
LIST_PODS = """
import json, os, ssl, urllib.request
folder = "/var/run/secrets/kubernetes.io/serviceaccount"
url = f"https://kubernetes.default.svc/api/v1/namespaces/{os.environ['NAMESPACE']}/pods"
request = urllib.request.Request(url, headers={"Authorization": "Bearer " + open(folder + "/token").read()})
context = ssl.create_default_context(cafile=folder + "/ca.crt")
with urllib.request.urlopen(request, context=context, timeout=10) as answer:
    print(json.dumps([pod["metadata"]["name"] for pod in json.load(answer)["items"]]))
"""


def run_to_the_end(kubectl: Kubectl, namespace: str, name: str, spec: workloads.Object) -> str:
    """Run a pod once; give its output, after it ended well."""
    kubectl.apply(workloads.pod(name, spec), namespace=namespace)
    done = kubectl.wait_for("pod", name, namespace, lambda pod: pod["status"]["phase"] in ("Succeeded", "Failed"))
    output = kubectl.run("logs", name, f"--namespace={namespace}")
    assert done["status"]["phase"] == "Succeeded", output
    return output


def python(code: str, *arguments: str, service_account: str | None = None) -> workloads.Object:
    """A pod that runs Python code in the controller's image."""
    command = ["/usr/bin/python3", "-c", code, *arguments]
    return workloads.pod_spec(
        workloads.container("python", CONTROLLER, command=command), service_account=service_account
    )


def test_names_resolve_inside_pods(kubectl: Kubectl, namespace: str) -> None:
    """A pod finds a Service by its short and its full name, over both IP versions."""
    service = workloads.balancer("web", 80, families="PreferDualStack")
    service["spec"]["type"] = "ClusterIP"
    del service["spec"]["externalTrafficPolicy"]
    kubectl.apply(service, namespace=namespace)
    wanted = kubectl.get("service", "web", namespace)["spec"]["clusterIPs"]
    names = ["web", f"web.{namespace}.svc.cluster.local"]
    output = run_to_the_end(kubectl, namespace, "resolver", python(RESOLVE, *names))
    assert json.loads(output) == sorted(wanted)


def test_pod_calls_the_api_with_its_token(kubectl: Kubectl, namespace: str) -> None:
    """A service account's mounted token is accepted, and means what its RoleBinding grants."""
    account = {"kind": "ServiceAccount", "name": "reader", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    kubectl.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader"}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "reader"},
            "roleRef": role,
            "subjects": [account],
        },
        namespace=namespace,
    )
    output = run_to_the_end(kubectl, namespace, "lister", python(LIST_PODS, service_account="reader"))
    assert json.loads(output) == ["lister"]


def test_the_controllers_image_runs(kubectl: Kubectl, namespace: str) -> None:
    """The image made from the locked packages and the checkout starts the command, hardened as in production."""
    spec = workloads.pod_spec(workloads.container("genkan", CONTROLLER))
    spec["containers"][0]["args"] = ["--help"]
    assert "Usage: genkan" in run_to_the_end(kubectl, namespace, "genkan", spec)


def test_restricted_namespace_refuses_a_privileged_pod(kubectl: Kubectl, namespace: str) -> None:
    """PodSecurity `restricted` names what it refuses; a hardened pod is let in."""
    kubectl.apply(workloads.pod("hardened", workloads.echo_pod()), namespace=namespace)
    spec = workloads.echo_pod()
    spec["containers"][0]["securityContext"] = {"privileged": True}
    with pytest.raises(KubectlError, match=r'violates PodSecurity "restricted.*privileged'):
        kubectl.apply(workloads.pod("privileged", spec), namespace=namespace)


def test_owned_objects_go_with_their_owner(kubectl: Kubectl, namespace: str) -> None:
    """Deleting an owner deletes what refers to it: a Deployment with its pods, and a Service."""
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}}
    kubectl.apply(config, namespace=namespace)
    uid = kubectl.get("configmap", "owner", namespace)["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    service = workloads.balancer("owned", workloads.ECHO_PORT)
    service["metadata"]["ownerReferences"] = [owner]
    deployment = workloads.deployment("owned", workloads.echo_pod(), owner=owner)
    kubectl.apply(deployment, service, namespace=namespace)
    kubectl.rolled_out(namespace, "owned")
    kubectl.run("delete", "configmap", "owner", f"--namespace={namespace}")

    def gone() -> bool:
        return not any(kubectl.items(kind, namespace, "") for kind in ("deployments", "pods", "services"))

    wait_until("owned objects to be gone", gone, seconds=60, interval=0.3)


def test_rolling_update_replaces_the_pods(kubectl: Kubectl, namespace: str) -> None:
    """A changed template reaches all pods, and the address serves the new ones."""
    kubectl.apply(workloads.balancer("web", workloads.ENVOY_PORT), namespace=namespace)
    (address,) = balancer_addresses(kubectl, namespace, "web")
    for text in ("first", "second"):
        pod = workloads.envoy_pod(workloads.envoy_answering(text))
        kubectl.apply(workloads.deployment("web", pod, replicas=2), namespace=namespace)
        kubectl.rolled_out(namespace, "web")
        wait_until(f"{text} answer", lambda text=text: answering(address).body == text, seconds=20)  # type: ignore[misc]


def test_logs_exec_and_port_forward(kubectl: Kubectl, namespace: str) -> None:
    """The API server reaches the kubelet, and through it the containers."""
    spec = python("import http.server as h; print('up', flush=True); h.test(port=8080)")
    kubectl.apply(workloads.pod("server", spec), namespace=namespace)
    where = f"--namespace={namespace}"
    kubectl.run("wait", "--for=condition=Ready", "pod/server", where, "--timeout=30s")
    wait_until("its first line", lambda: "up" in kubectl.run("logs", "server", where), seconds=10)
    assert kubectl.run("exec", "server", where, "--", "/usr/bin/python3", "-c", "print(6 * 7)") == "42\n"
    argv = kubectl.argv("port-forward", "pod/server", where, ":8080")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as forward:
        try:
            assert forward.stdout is not None
            assert forward.stdout.readline().startswith("Forwarding from 127.0.0.1:")
        finally:
            forward.terminate()


@pytest.mark.timeout(300)
def test_sixty_envoys_at_once(kubectl: Kubectl, namespace: str) -> None:
    """Sixty data planes, each with its own Deployment and address, come up together and each answers for itself."""
    names = [f"envoy-{number}" for number in range(60)]
    objects = []
    for name in names:
        pod = workloads.envoy_pod(workloads.envoy_answering(name))
        objects += [workloads.deployment(name, pod), workloads.balancer(name, workloads.ENVOY_PORT, policy="Local")]
    began = time.monotonic()
    kubectl.apply({"apiVersion": "v1", "kind": "List", "items": objects}, namespace=namespace)

    def ready() -> bool:
        deployments = kubectl.items("deployments", namespace)
        return all(one["status"].get("readyReplicas") for one in deployments)

    wait_until("sixty Envoys to be ready", ready, seconds=200, interval=1)
    for name in names:
        (address,) = balancer_addresses(kubectl, namespace, name)
        assert answering(address).body == name
    print(f"sixty Envoys answered {time.monotonic() - began:.1f} s after they were asked for")  # noqa: T201
