"""The faults do what they say, and the cluster's traffic survives those that a cluster must survive."""

import json
import time

import pytest

from tests.cluster import workloads
from tests.cluster.images import CONTROLLER
from tests.cluster.kubectl import Kubectl, KubectlError
from tests.cluster.load import KEPT, NEW, Load, Spec
from tests.cluster.losses import Expectation
from tests.cluster.network import CLIENTS, client_prefix
from tests.cluster.node import Node
from tests.cluster.outcome import ClusterError, wait_until
from tests.cluster.weather import Weather
from tests.e2e.client import answering, balancer_addresses, url

CONTROL_PLANE = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "containerd", "kube-proxy",
    "metallb",
)  # fmt: skip

# Asks the API server once a second on a new connection and says how it went.
ASKING = """
import ssl, time, urllib.request
folder = "/var/run/secrets/kubernetes.io/serviceaccount"
context = ssl.create_default_context(cafile=folder + "/ca.crt")
while True:
    began = time.monotonic()
    try:
        urllib.request.urlopen("https://kubernetes.default.svc/readyz", context=context, timeout=3).read()
        print(f"yes {time.monotonic() - began:.2f}", flush=True)
    except OSError as error:
        print(f"no {time.monotonic() - began:.2f} {error}", flush=True)
    time.sleep(0.2)
"""


@pytest.fixture(scope="module")
def address(kubectl: Kubectl, shared_namespace: str) -> str:
    """The address of two echo pods."""
    kubectl.apply(
        workloads.deployment("echo", workloads.echo_pod(), replicas=2),
        workloads.balancer("echo", workloads.ECHO_PORT, policy="Local"),
        namespace=shared_namespace,
    )
    kubectl.rolled_out(shared_namespace, "echo")
    (given,) = balancer_addresses(kubectl, shared_namespace, "echo")
    answering(given)
    return given


@pytest.fixture
def asking(kubectl: Kubectl, namespace: str) -> tuple[str, str]:
    """A pod that keeps asking the API server; gives its namespace and its address."""
    command = ["/usr/bin/python3", "-c", ASKING]
    spec = workloads.pod_spec(workloads.container("asking", CONTROLLER, command=command), service_account="default")
    kubectl.apply(workloads.pod("asking", spec), namespace=namespace)
    wait_until("its first answer", lambda: last_words(kubectl, namespace).startswith("yes"), seconds=30)
    return namespace, str(kubectl.get("pod", "asking", namespace)["status"]["podIP"])


def last_words(kubectl: Kubectl, namespace: str) -> str:
    """The last line that the asking pod printed."""
    return kubectl.run("logs", "asking", f"--namespace={namespace}", "--tail=1").strip()


@pytest.mark.timeout(400)
def test_restarting_every_component_loses_no_request(weather: Weather, address: str) -> None:
    """Kill -9 and restart of each component, one after the other: data in flight does not notice."""
    spec = Spec(url=url(address), keep_alive=50, new_connections=50, expect=Expectation(echoes=True))
    with Load(spec) as load:
        for component in CONTROL_PLANE:
            weather.restart(component)
    assert not load.tally.losses, str(load.tally)
    assert load.tally.unaccounted == 0
    print(load.tally)  # noqa: T201


def test_a_loss_shows(weather: Weather, node: Node, kubectl: Kubectl, address: str, shared_namespace: str) -> None:
    """Packets dropped between the client and one of two pods are losses, of both kinds, with their reason."""
    client = str(node.addresses.client(1)[0])
    pods = [str(pod["status"]["podIP"]) for pod in kubectl.items("pods", shared_namespace, "app=echo")]
    expect = Expectation(echoes=True)
    spec = Spec(url=url(address), keep_alive=20, new_connections=20, seconds=3, timeout=1, expect=expect)
    with Load(spec) as load, weather.dropped(client, pods[0]):
        load.finish()
    assert set(load.tally.reasons()) == {"no answer in 1 s"}
    assert {loss.kind for loss in load.tally.losses} == {KEPT, NEW}
    assert 0 < len(load.tally.losses) < load.tally.sent.total() == 120
    assert load.tally.unaccounted == 0


@pytest.mark.parametrize("component", ["kube-apiserver", "etcd"])
def test_a_frozen_component_answers_no_one(weather: Weather, kubectl: Kubectl, component: str) -> None:
    """While a component is stopped the API does not serve; afterwards it does."""
    with weather.stopped(component), pytest.raises(ClusterError, match=r"no answer|timed out|Timeout|timeout|failed"):
        kubectl.run("get", "configmaps", "--all-namespaces", "--request-timeout=3s", seconds=8)
    weather.recovered()


@pytest.mark.smoke
def test_a_killed_component_stays_away_until_the_end(weather: Weather, node: Node, namespace: str) -> None:
    """Without the controller manager a Deployment makes no pods; with it back, it does."""
    with weather.killed("kube-controller-manager"):
        assert "kube-controller-manager" not in node.components()
        node.kubectl.apply(workloads.deployment("echo", workloads.echo_pod()), namespace=namespace)
        assert node.kubectl.items("pods", namespace) == []
    node.kubectl.rolled_out(namespace, "echo")


def test_a_pod_is_cut_off_alone(weather: Weather, kubectl: Kubectl, asking: tuple[str, str]) -> None:
    """The pod that is cut off hears nothing from the API server, everybody else does; then it hears again."""
    namespace, pod_ip = asking
    with weather.cut_off(pod_ip):
        wait_until("silence", lambda: "timed out" in last_words(kubectl, namespace), seconds=15)
    wait_until("an answer", lambda: last_words(kubectl, namespace).startswith("yes"), seconds=15)


def test_the_api_is_slow_for_one_pod(weather: Weather, kubectl: Kubectl, asking: tuple[str, str]) -> None:
    """Each exchange with the API server takes the delay longer, for that pod alone; stalled, it takes for ever."""
    namespace, pod_ip = asking
    with weather.slow_api(pod_ip, delay=0.3) as api:
        wait_until("a slow answer", lambda: _yes_after(kubectl, namespace) > 0.6, seconds=15)
        began = time.monotonic()
        kubectl.run("get", "--raw", "/readyz")
        assert time.monotonic() - began < 2
        api.set(stall=True)
        wait_until("silence", lambda: "timed out" in last_words(kubectl, namespace), seconds=15)
    wait_until("a fast answer", lambda: 0 < _yes_after(kubectl, namespace) < 0.3, seconds=15)


def test_a_process_on_a_client_machine_is_cut_off_and_slowed_down(weather: Weather, node: Node) -> None:
    """What holds for pods holds for a process outside the cluster: a client machine is cut off, or served late."""
    there = Kubectl(node.programs["kubectl"], node.client_kubeconfig, client_prefix(CLIENTS[1]))
    mine = str(node.addresses.client(2)[0])
    assert there.run("get", "--raw", "/readyz") == "ok"
    with weather.cut_off(mine), pytest.raises(KubectlError, match=r"timeout|no answer"):
        there.run("get", "--raw", "/readyz", "--request-timeout=2s", seconds=8)
    with weather.slow_api(mine, delay=0.3):
        began = time.monotonic()
        assert there.run("get", "--raw", "/readyz") == "ok"
        assert time.monotonic() - began > 0.9
    assert there.run("get", "--raw", "/readyz") == "ok"


def _yes_after(kubectl: Kubectl, namespace: str) -> float:
    word, seconds, *_ = last_words(kubectl, namespace).split()
    return float(seconds) if word == "yes" else 0.0


def test_a_small_pool_leaves_services_pending(
    weather: Weather, node: Node, kubectl: Kubectl, address: str, namespace: str
) -> None:
    """A Service for which no address is left waits, with an Event; it gets one when there is one again."""
    one = str(node.addresses.balancers4[-2])
    with weather.address_pool(f"{address}/32", f"{one}/32"):
        kubectl.apply(workloads.balancer("first", 80), namespace=namespace)
        assert balancer_addresses(kubectl, namespace, "first") == [one]
        kubectl.apply(workloads.balancer("second", 80), namespace=namespace)
        reason = "AllocationFailed"
        wait_until(reason, lambda: reason in json.dumps(kubectl.items("events", namespace)), seconds=20)
        assert kubectl.get("service", "second", namespace)["status"]["loadBalancer"] == {}
    assert balancer_addresses(kubectl, namespace, "second")


def test_an_address_taken_from_the_pool_is_lost(
    weather: Weather, kubectl: Kubectl, address: str, namespace: str
) -> None:
    """A Service whose address leaves the pool loses it, and gets one again when there is one; others keep theirs."""
    kubectl.apply(workloads.balancer("web", 80), namespace=namespace)
    assert balancer_addresses(kubectl, namespace, "web")
    with weather.address_pool(f"{address}/32"):
        kubectl.wait_for("service", "web", namespace, lambda seen: seen["status"]["loadBalancer"] == {}, seconds=20)
    assert balancer_addresses(kubectl, namespace, "web")
    answering(address)


def test_a_compacted_etcd_forgets_the_past(weather: Weather, kubectl: Kubectl) -> None:
    """A list that continues from before the compaction is told to start anew, by an API server with an empty memory."""
    first = json.loads(kubectl.run("get", "--raw", "/api/v1/namespaces?limit=1"))
    old = first["metadata"]["resourceVersion"]
    kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "later", "namespace": "default"}})
    kubectl.run("delete", "configmap", "later", "--namespace=default")
    assert weather.compact_etcd() > int(old)
    weather.restart("kube-apiserver")
    token = first["metadata"]["continue"]
    with pytest.raises(ClusterError, match=r"Expired|too old|Gone|expired"):
        kubectl.run("get", "--raw", f"/api/v1/namespaces?limit=1&continue={token}")
