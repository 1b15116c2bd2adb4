"""The settings files of the node's components: takes addresses and paths, gives texts."""

import json
from pathlib import Path
from typing import Any

from tests.cluster.addresses import Addresses
from tests.cluster.cgroups import GROUP
from tests.cluster.identity import NODE_NAME

MAX_PODS = 250
# A first part with a dot: else containerd takes the name for one of the public hub's and tries to pull it.
PAUSE_IMAGE = "genkan.test/pause:1"
CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")
UNUSED_PLUGINS = (
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.tracing.processor.v1.otlp",
)


def containerd(root: Path, plugins: Path) -> str:
    """containerd.toml, in the form that containerd 1.6 to 2.x read.

    Scores below zero for the out-of-memory killer need a right that virtual machines may withhold. Unprivileged pods
    may listen on ports 80 and 443, as with every engine since 2020.
    """
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{root}"
state = "/run/containerd"
disabled_plugins = {json.dumps(UNUSED_PLUGINS)}
[grpc]
  address = "{CONTAINERD_SOCKET}"
[{cri}]
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  sandbox_image = "{PAUSE_IMAGE}"
  [{cri}.cni]
    bin_dir = "{plugins}"
    conf_dir = "/etc/cni/net.d"
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [{cri}.containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def cni(addresses: Addresses) -> dict[str, Any]:
    """The pod network: one bridge, an IPv4 and an IPv6 address for each pod."""
    ranges = [[{"subnet": str(addresses.pods4)}], [{"subnet": str(addresses.pods6)}]]
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "isDefaultGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "ipam": {"type": "host-local", "ranges": ranges, "dataDir": "/var/lib/cni/networks"},
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True}
    return {"cniVersion": "0.4.0", "name": "genkan", "plugins": [bridge, portmap]}


def kubelet(folder: Path, pki: Path, addresses: Addresses) -> dict[str, Any]:
    """KubeletConfiguration: never throw an image away (none could be pulled again), ask for nothing we may not have."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{GROUP}",
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": ["pods"],
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "oomScoreAdj": 0,
        "maxOpenFiles": 20000,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet.key",
        "clusterDNS": [str(addresses.dns_service[0])],
        "clusterDomain": "cluster.local",
        "resolvConf": str(folder / "resolv.conf"),
        "maxPods": MAX_PODS,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "makeIPTablesUtilChains": False,
        "failSwapOn": False,
        "nodeStatusUpdateFrequency": "4s",
        "nodeStatusReportFrequency": "1m",
        "serializeImagePulls": False,
        "eventRecordQPS": 0,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "syncFrequency": "10s",
    }


def kube_proxy(kubeconfig: Path, addresses: Addresses) -> dict[str, Any]:
    """KubeProxyConfiguration: nftables, both IP versions, no setting of the machine touched."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": f"{addresses.pods4},{addresses.pods6}",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": NODE_NAME,
        "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


def write_all(folder: Path, pki: Path, kubeconfig: Path, plugins: Path, addresses: Addresses) -> None:
    """Write every settings file into the state folder; `kubeconfig` is kube-proxy's, `plugins` the CNI programs."""
    (folder / "containerd.toml").write_text(containerd(folder / "containerd", plugins))
    network = folder / "cni-config" / "net.d"
    network.mkdir(parents=True)
    (network / "10-genkan.conflist").write_text(json.dumps(cni(addresses)))
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (folder / "kubelet.json").write_text(json.dumps(kubelet(folder, pki, addresses)))
    (folder / "kube-proxy.json").write_text(json.dumps(kube_proxy(kubeconfig, addresses)))
