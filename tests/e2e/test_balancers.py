"""LoadBalancer Services: an address from MetalLB, reached from a client machine over IPv4 and IPv6."""

import ipaddress

import pytest

from tests.cluster import workloads
from tests.cluster.kubectl import Kubectl
from tests.cluster.network import CLIENTS
from tests.cluster.node import Node
from tests.cluster.outcome import wait_until
from tests.e2e.client import answering, balancer_addresses, get_from

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def echo(kubectl: Kubectl, shared_namespace: str) -> str:
    """Two echo pods behind one dual-stack LoadBalancer; gives the namespace."""
    kubectl.apply(
        workloads.deployment("echo", workloads.echo_pod(), replicas=2),
        workloads.balancer("echo", workloads.ECHO_PORT, families="PreferDualStack"),
        namespace=shared_namespace,
    )
    kubectl.rolled_out(shared_namespace, "echo")
    return shared_namespace


def test_deployment_of_two_becomes_ready(kubectl: Kubectl, echo: str) -> None:
    """Both pods run, each with an address of its own."""
    status = kubectl.get("deployment", "echo", echo)["status"]
    assert status["readyReplicas"] == 2
    addresses = {pod["status"]["podIP"] for pod in kubectl.items("pods", echo, "app=echo")}
    assert len(addresses) == 2


def test_addresses_come_from_the_pool(kubectl: Kubectl, node: Node, echo: str) -> None:
    """MetalLB gives one address of each IP version, from the ranges of the cluster."""
    v4, v6 = balancer_addresses(kubectl, echo, "echo", count=2)
    assert ipaddress.ip_address(v4) in node.addresses.balancers4
    assert ipaddress.ip_address(v6) in node.addresses.balancers6


@pytest.mark.parametrize("version", [4, 6])
def test_client_reaches_the_pods(kubectl: Kubectl, node: Node, echo: str, version: int) -> None:
    """A client machine gets answers from the pods over either IP version."""
    assert node.running
    addresses = balancer_addresses(kubectl, echo, "echo", count=2)
    (address,) = [one for one in addresses if ipaddress.ip_address(one).version == version]
    answer = answering(address).json
    assert answer["namespace"] == echo
    assert answer["pod"].startswith("echo-")


def test_both_pods_answer(kubectl: Kubectl, echo: str) -> None:
    """New connections are spread over the pods, once kube-proxy, which looks once a second, knows of both."""
    address = balancer_addresses(kubectl, echo, "echo")[0]

    def pods() -> set[str]:
        return {answering(address).json["pod"] for _ in range(40)}

    wait_until("both pods answer", lambda: len(pods()) == 2, seconds=20)


def test_local_policy_keeps_the_clients_address(kubectl: Kubectl, node: Node, namespace: str) -> None:
    """`externalTrafficPolicy: Local` shows the pod who the client is, for each client; `Cluster` hides it."""
    pod = workloads.envoy_pod(workloads.envoy_answering("here"))
    hidden = workloads.balancer("envoy", workloads.ENVOY_PORT, policy="Cluster")
    hidden["metadata"]["name"] = "hidden"
    shown = workloads.balancer("envoy", workloads.ENVOY_PORT, policy="Local", families="RequireDualStack")
    kubectl.apply(workloads.deployment("envoy", pod), shown, hidden, namespace=namespace)
    kubectl.rolled_out(namespace, "envoy")
    addresses = balancer_addresses(kubectl, namespace, "envoy", count=2)
    for address in addresses:
        assert answering(address).body == "here"
        for number, client in enumerate(CLIENTS, start=1):
            mine = {str(one) for one in node.addresses.client(number)}
            assert get_from(client, address).headers["x-client"] in mine
    (concealed,) = balancer_addresses(kubectl, namespace, "hidden")
    assert answering(concealed).headers["x-client"] not in {str(one) for one in node.addresses.client(1)}
