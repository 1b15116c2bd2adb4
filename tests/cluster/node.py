"""Tier three: a whole Kubernetes node in namespaces of its own. `up`, `down`, and what tests do in between.

Order of `up`: namespaces and wires, credentials, etcd, API server, containerd; while those come up the images are
loaded; then controllers, kubelet, kube-proxy, MetalLB and DNS; done when the Node is Ready.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster import addons, components, machine, network, node_config, sysctls
from tests.cluster.addresses import Addresses
from tests.cluster.cache import cache_folder, state_folder
from tests.cluster.cgroups import Cgroups
from tests.cluster.components import Place
from tests.cluster.identity import NODE_NAME, Identity, with_server
from tests.cluster.kubectl import Kubectl
from tests.cluster.namespaces import HERE, Namespaces, remove_tree
from tests.cluster.outcome import ClusterError, say, wait_until
from tests.cluster.programs import Programs
from tests.cluster.store import ImageStore

LOCAL_API = "127.0.0.1:6443"


class Node:
    """The one node of this machine, running or not."""

    def __init__(self, addresses: Addresses | None = None) -> None:
        """Look at the state folder; start nothing."""
        self.folder = state_folder()
        self.addresses = addresses or Addresses.from_environment()
        self.programs = Programs()
        self.namespaces = Namespaces(self.folder)

    @property
    def running(self) -> bool:
        """Whether the node's first process lives and `up` came to its end."""
        return self.namespaces.pid is not None and self.kubeconfig.is_file()

    @property
    def kubeconfig(self) -> Path:
        """For programs of the machine itself; written last, when everything serves."""
        return self.folder / "kubeconfig"

    @property
    def client_kubeconfig(self) -> Path:
        """For programs on a client machine, or on the node."""
        return self.folder / "admin.kubeconfig"

    @property
    def kubectl(self) -> Kubectl:
        """Kubectl on the node: the shortest way to the API server, whatever happens to the others."""
        return self._kubectl_of("admin")

    def _kubectl_of(self, user: str) -> Kubectl:
        prefix = ("nsenter", f"--target={self.namespaces.pid}", "--net", "--")
        return Kubectl(self.programs["kubectl"], self.folder / f"{user}.kubeconfig", prefix)

    def up(self, images: Sequence[Path], *, apiserver: Sequence[str] = ()) -> None:
        """Start everything, with these image archives loaded and further API server flags.

        Raises `ClusterError` with the reason; then nothing is left running, and the logs are in the reports folder.
        """
        with _one_at_a_time():
            machine.refuse_unfit()
            machine.install_packages()
            if self.folder.exists():
                say("removing what an earlier cluster left")
                self._remove()
            machine.refuse_taken(self.addresses, network.CLIENTS)
            try:
                self._start(images, apiserver)
            except BaseException:
                self._keep_logs()
                self._remove()
                raise

    def down(self) -> bool:
        """End everything and remove every trace; give whether there was anything."""
        with _one_at_a_time():
            existed = self.folder.exists()
            if existed:
                self._remove()
            return existed

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start a process on the node, its output going to logs/NAME.log."""
        self.namespaces.ask("start", name, argv=list(argv), env=dict(env or {}))

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a component."""
        self.namespaces.ask("signal", name, signal=int(number))

    def stop(self, name: str) -> None:
        """Kill a component; it stays dead until it is restarted."""
        self.namespaces.ask("stop", name)

    def restart(self, name: str) -> None:
        """Start a component again as it was started, killing it first if it runs."""
        self.namespaces.ask("restart", name)

    def components(self) -> dict[str, int]:
        """The running components: name to resident memory in KiB."""
        memory = {}
        for name, pid in self.namespaces.ask("list").items():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                status = Path(f"/proc/{self.namespaces.pid}/root/proc/{pid}/status").read_text()
                lines = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
                memory[name] = int(lines[0]) if lines else 0
        return memory

    def load_images(self, archives: Sequence[Path]) -> None:
        """Put OCI archives into the node's containerd."""
        ctr = ("ctr", f"--address={node_config.CONTAINERD_SOCKET}", "--namespace=k8s.io", "images", "import")
        for archive in archives:
            self.namespaces.run(*ctr, "--snapshotter=overlayfs", str(archive), seconds=300)

    def _start(self, images: Sequence[Path], apiserver: Sequence[str]) -> None:
        self.folder.mkdir(parents=True)
        sysctls.remember(self.folder / "sysctls.json")
        self._remember_netns()
        groups = Cgroups.detect()
        groups.create()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.namespaces.start(listener)
            port = listener.getsockname()[1]
            descriptor = listener.fileno()
        pid = self.namespaces.pid
        if pid is None:
            raise ClusterError(f"the node's first process ended; see {self.folder}/logs/init.log")
        groups.adopt(pid)
        network.connect(pid, self.addresses)
        place = self._place()
        say("namespaces, wires and credentials are there")
        self.start("etcd", components.etcd(place))
        self.start("kube-apiserver", components.apiserver(place, *apiserver))
        forward = [sys.executable, str(HERE / "forward.py"), f"fd:{descriptor}", LOCAL_API]
        self.start("api-forward", forward)
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(self._load, images)
            wait_until("the API server", lambda: self.kubectl.run("get", "--raw", "/readyz") == "ok", seconds=90)
            say("the API server is ready")
            self.start("kube-controller-manager", components.controller_manager(place))
            self.start("kube-scheduler", components.scheduler(place))
            loading.result()
        say(f"{len(images)} images are loaded")
        self.start("kubelet", components.kubelet(place))
        self.start("kube-proxy", components.kube_proxy(place))
        self._install_metallb(place)
        wait_until("cluster DNS to be accepted", self._apply_dns, seconds=60)
        wait_until("the Node to be Ready", self._ready, seconds=120)
        wait_until(
            "the first service account", lambda: self.kubectl.run("get", "serviceaccount", "default"), seconds=60
        )
        with_server(self.kubeconfig, self.client_kubeconfig, f"https://127.0.0.1:{port}")
        say("the Node is Ready")

    def _place(self) -> Place:
        server = f"https://{self.addresses.node4}:6443"
        identity = Identity.create(self.folder, server, self.addresses)
        plugins = machine.cni_folder()
        if plugins is None:
            raise ClusterError(f"the CNI plugins are missing: install {machine.CNI_PACKAGE}")
        node_config.write_all(
            self.folder, identity.pki, identity.kubeconfig("kube-proxy"), plugins, self.addresses
        )  # fmt: skip
        return Place(
            folder=self.folder, programs=self.programs, identity=identity, addresses=self.addresses, bind="0.0.0.0",
            advertise=str(self.addresses.node4),
        )  # fmt: skip

    def _load(self, images: Sequence[Path]) -> None:
        """Start containerd with all images: from the store of an earlier cluster, or made into one for the next."""
        version = subprocess.run(["containerd", "--version"], check=True, capture_output=True, text=True).stdout
        store = ImageStore(images, version)
        missing = store.clone(self.folder / "containerd")
        self.start("containerd", components.containerd(self.folder))
        self._wait_for_containerd()
        self.load_images(missing)
        if not store.exists:
            self.stop("containerd")
            store.keep(self.folder / "containerd")
            self.restart("containerd")
            self._wait_for_containerd()

    def _wait_for_containerd(self) -> None:
        argv = ("ctr", f"--address={node_config.CONTAINERD_SOCKET}", "version")
        wait_until("containerd", lambda: self.namespaces.run(*argv), seconds=60)

    def _install_metallb(self, place: Place) -> None:
        """MetalLB's types, its pool, and its controller; its stand-in Pod waits for a controller's work."""
        self.kubectl.run("apply", "--server-side", f"--filename={self.programs.assets('metallb', 'crds')}")
        # A type is served a moment after it is accepted.
        objects = (addons.namespace(), addons.full_pool(self.addresses))
        wait_until("MetalLB's types to be served", lambda: self.kubectl.apply(*objects), seconds=60)
        # Pods need the service account that a controller makes for each namespace.
        wait_until("MetalLB's Pod to be accepted", lambda: self.kubectl.apply(addons.stand_in()), seconds=60)
        kubeconfig = {"KUBECONFIG": str(place.identity.kubeconfig("metallb"))}
        self.start("metallb", components.metallb(place), kubeconfig)

    def _apply_dns(self) -> str:
        return self.kubectl.apply(*addons.dns(self.addresses))

    def _ready(self) -> bool:
        path = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}'
        return self.kubectl.run("get", "node", NODE_NAME, path) == "True"

    def _remember_netns(self) -> None:
        if not os.path.ismount(network.NETNS):
            (self.folder / "netns-is-ours").touch()

    def _remove(self) -> None:
        self.namespaces.end()
        network.disconnect(unmount=(self.folder / "netns-is-ours").exists())
        Cgroups.detect().remove()
        sysctls.put_back(self.folder / "sysctls.json")
        remove_tree(self.folder)

    def _keep_logs(self) -> None:
        """Save the logs of a cluster that did not start."""
        if (self.folder / "logs").is_dir():
            target = cache_folder() / "reports" / time.strftime("up-%Y%m%d-%H%M%S")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "--recursive", str(self.folder / "logs"), str(target)], check=False)
            say(f"the logs of what did not start are in {target}")


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold off a second `up` or `down` while one is at work."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "node.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ClusterError("another `up` or `down` is at work on this machine's cluster") from error
        yield
