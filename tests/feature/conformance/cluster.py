"""What a scenario needs of the thing under test, and the thing as a directory: `genkan serve`.

The scenarios know only `ClusterUnderTest`, so the same test functions run against a cluster too: a folder of end-to-end tests
imports them beside a `cluster` fixture of its own.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.support.client import Answer
from tests.support.manifests import Manifest, workload
from tests.support.processes import echo_program
from tests.support.serve import Front, Serve, front_of
from tests.support.waiting import until


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service with so many pods behind it."""

    port: int = 8080
    port_name: str = ""
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Served:
    """Who answered a request."""

    service: str
    pod: str


class ClusterUnderTest(Protocol):
    """Takes manifests and backends, gives the address at which the Ingress answers."""

    async def deploy(
        self, ingress: Manifest, backends: Mapping[str, Backend], objects: Sequence[Manifest] = ()
    ) -> Front:
        """Apply the Ingress with its Services and other objects, and wait until the status shows an address."""

    async def scale(self, service: str, backend: Backend) -> None:
        """Give the Service so many pods, and wait until all of them may get traffic."""

    async def never_gets_an_address(self, ingress: Manifest, *, seconds: float) -> bool:
        """Apply the Ingress; tell whether its status stayed empty all that time."""

    def served_by(self, answer: Answer) -> Served:
        """Read Service and pod out of the backend's answer."""


class HostCluster:
    """`genkan serve` on a directory; pods are echo servers on loopback ports."""

    def __init__(self, serve: Serve, stack: contextlib.AsyncExitStack) -> None:
        self._serve = serve
        self._stack = stack

    async def deploy(
        self, ingress: Manifest, backends: Mapping[str, Backend], objects: Sequence[Manifest] = ()
    ) -> Front:
        """Write one file with everything in it."""
        name = ingress["metadata"]["name"]
        self._serve.write(f"{name}-objects.yaml", *objects)
        for service, backend in backends.items():
            await self._pods(service, backend)
        self._serve.write(f"{name}.yaml", ingress)
        return await self._serve.front(name, tls=bool(ingress["spec"].get("tls")))

    async def scale(self, service: str, backend: Backend) -> None:
        """Write the Service's file anew."""
        await self._pods(service, backend)

    async def never_gets_an_address(self, ingress: Manifest, *, seconds: float) -> bool:
        """Write the Ingress and one that is adopted after it; look until the time is over."""
        name = ingress["metadata"]["name"]
        self._serve.write(f"{name}.yaml", ingress)
        end = asyncio.get_running_loop().time() + seconds
        await until(
            lambda: front_of(self._serve.find(name)) or asyncio.get_running_loop().time() > end,
            seconds + 5,
            interval=0.1,
        )
        return front_of(self._serve.find(name)) is None

    def served_by(self, answer: Answer) -> Served:
        """An echo server's name is its pod's, which begins with its Service's."""
        pod = answer.received.name
        return Served(pod.rpartition("-")[0], pod)

    async def _pods(self, service: str, backend: Backend) -> None:
        pods = await self._stack.enter_async_context(
            echo_program(*(f"{service}-{number}" for number in range(backend.replicas)))
        )
        manifests = workload(service, *pods.values(), port=backend.port, port_name=backend.port_name)
        self._serve.write(f"service-{service}.yaml", *manifests)
