"""kubectl for tests: objects as Python data in and out, refusals as errors that quote it."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.outcome import ClusterError, wait_until

Object = Mapping[str, Any]


class KubectlError(ClusterError):
    """kubectl ended with an error; the text is what it said."""


@dataclass(frozen=True)
class Kubectl:
    """One kubectl with one kubeconfig; `prefix` runs it elsewhere, such as in another network namespace."""

    program: Path
    kubeconfig: Path
    prefix: tuple[str, ...] = field(default=())

    def argv(self, *arguments: str) -> list[str]:
        """The whole command line."""
        return [*self.prefix, str(self.program), f"--kubeconfig={self.kubeconfig}", *arguments]

    def run(self, *arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
        """Run it and give its output; raise what it complained about."""
        try:
            done = subprocess.run(
                self.argv(*arguments), check=False, capture_output=True, text=True, input=stdin, timeout=seconds
            )
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"kubectl {' '.join(arguments)}: no answer in {seconds:g} s") from error
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def apply(self, *objects: Object, namespace: str | None = None) -> str:
        """Apply objects on the server's side; a field somebody else owns is taken over."""
        where = ["--namespace", namespace] if namespace else []
        text = "\n".join(json.dumps(one) for one in objects)
        return self.run("apply", "--server-side", "--force-conflicts", "--filename=-", *where, stdin=text)

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """Read one object."""
        where = ["--namespace", namespace] if namespace else []
        read: dict[str, Any] = json.loads(self.run("get", kind, name, "--output=json", *where))
        return read

    def items(self, kind: str, namespace: str | None = None, selector: str = "") -> list[dict[str, Any]]:
        """Read all objects of a kind, in one namespace or all."""
        where = ["--namespace", namespace] if namespace else ["--all-namespaces"]
        selected = [f"--selector={selector}"] if selector else []
        read: list[dict[str, Any]] = json.loads(self.run("get", kind, "--output=json", *where, *selected))["items"]
        return read

    def wait_for(
        self, kind: str, name: str, namespace: str, holds: Callable[[dict[str, Any]], object], *, seconds: float = 60
    ) -> dict[str, Any]:
        """Poll one object until `holds` is true of it; give it."""
        seen: dict[str, Any] = {}

        def check() -> bool:
            seen.clear()
            seen.update(self.get(kind, name, namespace))
            return bool(holds(seen))

        try:
            wait_until(f"{kind} {namespace}/{name}", check, seconds=seconds, interval=0.2)
        except ClusterError as error:
            raise ClusterError(f"{error}; last seen: {json.dumps(seen.get('status', {}))}") from error
        return seen

    def rolled_out(self, namespace: str, deployment: str, *, seconds: float = 120) -> None:
        """Wait until a Deployment runs what its template says, all of it ready."""
        where = f"--namespace={namespace}"
        self.run(
            "rollout", "status", where, f"--timeout={seconds:g}s", f"deployment/{deployment}", seconds=seconds + 10
        )
