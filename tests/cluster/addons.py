"""What a cluster has and a bare API server lacks, as objects: an address pool for load balancers, and cluster DNS."""

from typing import Any

from tests.cluster.addresses import Addresses
from tests.cluster.node_config import PAUSE_IMAGE

POOL = "genkan"
METALLB_NAMESPACE = "metallb-system"
DNS_IMAGE = "genkan.test/coredns:1"
COREFILE = """.:53 {
    errors
    health {
        lameduck 1s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
    cache 5
    reload
}
"""


def namespace() -> dict[str, Any]:
    """MetalLB's namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": METALLB_NAMESPACE}}


def stand_in() -> dict[str, Any]:
    """The Pod that MetalLB's controller, a process of the node, reads as "its own": it stays Pending and costs nothing."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "controller", "namespace": METALLB_NAMESPACE},
        "spec": {"schedulerName": "none", "containers": [{"name": "none", "image": PAUSE_IMAGE}]},
    }


def pool(*ranges: str) -> dict[str, Any]:
    """The addresses that MetalLB hands out, as `10.0.0.1-10.0.0.9` or as a network."""
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": {"name": POOL, "namespace": METALLB_NAMESPACE},
        "spec": {"addresses": list(ranges)},
    }


def full_pool(addresses: Addresses) -> dict[str, Any]:
    """The pool with all addresses of both ranges, but for the first and the last of each, which have other meanings."""
    return pool(*(f"{network[1]}-{network[-2]}" for network in (addresses.balancers4, addresses.balancers6)))


def dns(addresses: Addresses) -> list[dict[str, Any]]:
    """CoreDNS as a Deployment with what it may read, behind the Service `kube-dns`."""
    where = {"name": "coredns", "namespace": "kube-system"}
    role = "system:coredns"
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    ports = [{"name": f"dns-{name.lower()}", "port": 53, "protocol": name} for name in ("UDP", "TCP")]
    service = {
        "clusterIP": str(addresses.dns_service[0]),
        "clusterIPs": [str(one) for one in addresses.dns_service],
        "ipFamilyPolicy": "RequireDualStack",
        "selector": {"k8s-app": "kube-dns"},
        "ports": ports,
    }
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": where},
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", **where}],
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": where, "data": {"Corefile": COREFILE}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": where, "spec": _dns_deployment()},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
            "spec": service,
        },
    ]


def _dns_deployment() -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": DNS_IMAGE,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 2,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    labels = {"k8s-app": "kube-dns"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
