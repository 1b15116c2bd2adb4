"""`python -m tests.cluster`: the test cluster from the command line. `make cluster` and its like call this."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster import images, machine, workloads
from tests.cluster.cache import PROJECT
from tests.cluster.network import CLIENTS, client_prefix
from tests.cluster.node import Node
from tests.cluster.outcome import ClusterError, say
from tests.cluster.programs import Programs
from tests.cluster.traces import Traces


def up(arguments: argparse.Namespace) -> int:
    """Start the cluster, and say how to use it."""
    node = Node()
    if node.running:
        say("the cluster is running already")
    else:
        start(node, arguments.apiserver)
    sys.stdout.write(
        f"export KUBECONFIG={node.kubeconfig}\n"
        f"export PATH={node.programs['kubectl'].parent}:$PATH\n"
        f"# A client machine, with routes to pods, Services and load balancers:\n"
        f"#   sudo ip netns exec {CLIENTS[0]} curl http://ADDRESS/\n"
    )
    return 0


def start(node: Node, apiserver: list[str]) -> None:
    """Make what is missing, then start the node."""
    machine.refuse_unfit()
    machine.install_packages()
    node.programs.build()
    node.up(images.archives(node.programs), apiserver=apiserver)


def down(_: argparse.Namespace) -> int:
    """End the cluster."""
    say("the cluster is down" if Node().down() else "no cluster is running")
    return 0


def make_images(arguments: argparse.Namespace) -> int:
    """Write the image archives, print where they are, and load them if the cluster runs."""
    programs = Programs()
    programs.build()
    written = images.archives(programs)
    for image in images.all_images(programs):
        sys.stdout.write(f"{image.reference:56} {image.archive}\n")
    node = Node()
    if arguments.load and node.running:
        node.load_images(written)
        say("loaded into the running cluster")
    return 0


def processes(_: argparse.Namespace) -> int:
    """List the running components with their memory."""
    for name, kilobytes in sorted(Node().components().items()):
        sys.stdout.write(f"{name:26} {kilobytes // 1024:5} MiB\n")
    return 0


def client(arguments: argparse.Namespace) -> int:
    """Run a command on a client machine."""
    node = Node()
    if not node.running:
        raise ClusterError("no cluster is running: start one with `make cluster`")
    return on_client(node, arguments.argv)


def on_client(node: Node, argv: list[str], folder: Path | None = None) -> int:
    """Run a command on the first client machine, with kubectl on its PATH; give its exit code."""
    environment = {
        **os.environ,
        "KUBECONFIG": str(node.client_kubeconfig),
        "PATH": f"{node.programs.search_path}:{os.environ.get('PATH', '')}",
    }
    return subprocess.run([*client_prefix(CLIENTS[0]), *argv], check=False, env=environment, cwd=folder).returncode


def e2e(arguments: argparse.Namespace) -> int:
    """Run the end-to-end tests: against $KUBECONFIG if it is set, else against a cluster made for the run."""
    chosen = [one for one in arguments.argv if (PROJECT / one.partition("::")[0]).exists()]
    pytest = [sys.executable, "-m", "pytest", *([] if chosen else ["tests/e2e"]), *arguments.argv]
    given = os.environ.get("KUBECONFIG", "")
    node = Node()
    if given and Path(given) not in (node.kubeconfig, node.client_kubeconfig):
        say(f"testing against {given}")
        return subprocess.run(pytest, check=False, cwd=PROJECT).returncode
    if node.running:
        say("the cluster is running already, and is left running")
        return on_client(node, pytest, PROJECT)
    before = Traces.take()
    start(node, [])
    try:
        code = on_client(node, pytest, PROJECT)
    finally:
        node.down()
        say("the cluster is down")
    return code or _report_left_over(before)


def endure(arguments: argparse.Namespace) -> int:
    """Start and end the cluster many times, with pods and an address each time, and look for what is left."""
    node = Node()
    if node.running:
        raise ClusterError("a cluster is running: end it first with `make cluster-down`")
    before = Traces.take()
    ups, downs = [], []
    for number in range(1, arguments.times + 1):
        ups.append(_seconds(lambda: start(node, [])))
        manifests = [workloads.namespace("endure"), workloads.deployment("echo", workloads.echo_pod(), replicas=2)]
        node.kubectl.apply(manifests[0])
        node.kubectl.apply(manifests[1], workloads.balancer("echo", workloads.ECHO_PORT), namespace="endure")
        node.kubectl.rolled_out("endure", "echo")
        node.kubectl.wait_for("service", "echo", "endure", lambda seen: seen["status"]["loadBalancer"])
        downs.append(_seconds(node.down))
        if _report_left_over(before):
            return 1
        say(f"{number}/{arguments.times}: up {ups[-1]:.1f} s, down {downs[-1]:.1f} s, nothing left")
    sys.stdout.write(
        f"{len(ups)} times up and down without a failure or a leak: up {min(ups):.1f} to {max(ups):.1f} s "
        f"(median {statistics.median(ups):.1f}), down {min(downs):.1f} to {max(downs):.1f} s "
        f"(median {statistics.median(downs):.1f})\n"
    )
    return 0


def _seconds(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def _report_left_over(before: Traces) -> int:
    """Name what a cluster left on the machine: that is a failure of its own."""
    left = before.left_over(Traces.take())
    for one in left:
        say(f"left over: {one}")
    return 1 if left else 0


def parser() -> argparse.ArgumentParser:
    """Give the command line's grammar."""
    top = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for name, action in (("up", up), ("down", down), ("images", make_images), ("processes", processes)):
        command = commands.add_parser(name, help=(action.__doc__ or "").rstrip("."))
        command.set_defaults(action=action)
        if name == "up":
            command.add_argument("--apiserver", action="append", default=[], help="one more flag of the API server")
        if name == "images":
            command.add_argument("--load", action="store_true", help="load them into the running cluster too")
    command = commands.add_parser("endure", help=(endure.__doc__ or "").rstrip("."))
    command.set_defaults(action=endure)
    command.add_argument("--times", type=int, default=20)
    for name, action in (("client", client), ("e2e", e2e)):
        command = commands.add_parser(name, help=(action.__doc__ or "").rstrip("."))
        command.set_defaults(action=action)
        command.add_argument("argv", nargs=argparse.REMAINDER)
    return top


def main() -> int:
    """Do what the command line says; an error that people can act on is one message, without a trace."""
    arguments = parser().parse_args()
    # A login without root's own PATH does not see where distributions keep ip, nft and the like.
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    if getattr(arguments, "argv", [])[:1] == ["--"]:
        del arguments.argv[0]
    try:
        code: int = arguments.action(arguments)
    except ClusterError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return code


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
