"""A client machine's view: what a request to an address gets."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import httpx

from tests.cluster.kubectl import Kubectl
from tests.cluster.network import client_prefix
from tests.cluster.outcome import wait_until

# Runs on another client machine than the tests do, with nothing but the standard library.
FETCH = """
import json, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=5) as answer:
    print(json.dumps([answer.status, dict(answer.headers), answer.read().decode()]))
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def url(address: str, path: str = "/") -> str:
    """Give the URL of an address of either IP version."""
    return f"http://[{address}]{path}" if ":" in address else f"http://{address}{path}"


def get(address: str, path: str = "/") -> Answer:
    """Send one request on a connection of its own."""
    answer = httpx.get(url(address, path), timeout=5)
    return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.text)


def get_from(client: str, address: str, path: str = "/") -> Answer:
    """Send one request from another client machine."""
    argv = [*client_prefix(client), sys.executable, "-c", FETCH, url(address, path)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    status, headers, body = json.loads(done.stdout)
    return Answer(status, {k.lower(): v for k, v in headers.items()}, body)


def answering(address: str, *, seconds: float = 20) -> Answer:
    """Wait until an address answers 200 (kube-proxy needs a moment after an address appears); give that answer."""
    kept: list[Answer] = []

    def check() -> bool:
        try:
            kept[:] = [get(address)]
        except httpx.TransportError as error:
            raise ConnectionError(f"{address}: {error}") from error
        return kept[0].status == 200

    wait_until(f"{url(address)} to answer 200", check, seconds=seconds)
    return kept[0]


def balancer_addresses(kubectl: Kubectl, namespace: str, service: str, *, count: int = 1) -> list[str]:
    """Wait until a LoadBalancer Service has that many addresses; give them, IPv4 first."""

    def given(seen: dict[str, Any]) -> list[str]:
        entries = seen.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        return sorted((one["ip"] for one in entries), key=lambda ip: ":" in ip)

    return given(kubectl.wait_for("service", service, namespace, lambda seen: len(given(seen)) >= count))
