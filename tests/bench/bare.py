"""The same Envoy program with the least configuration that does the work, written by hand: what Genkan's is compared with."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from genkan.dataplanes.envoy.workload import find_program
from tests.support.client import Target
from tests.support.processes import end
from tests.support.waiting import free_port, until

_ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}


def _listener(port: int, route: dict[str, Any]) -> dict[str, Any]:
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, **route}]}]
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "http",
        "route_config": {"name": "all", "virtual_hosts": hosts},
        "http_filters": [_ROUTER],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {"name": "http", "address": _socket("127.0.0.1", port), "filter_chains": [{"filters": [network]}]}


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def proxy(port: int, backend: str) -> dict[str, Any]:
    """Everything on the port goes to the backend, HOST:PORT."""
    host, _, number = backend.rpartition(":")
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _socket(host, int(number))}}]}]
    cluster = {
        "name": "backend",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "backend", "endpoints": endpoints},
    }
    return {
        "static_resources": {"listeners": [_listener(port, {"route": {"cluster": "backend"}})], "clusters": [cluster]}
    }


def responder(port: int) -> dict[str, Any]:
    """Everything on the port is answered with 200 and a short body: a backend at the speed of C++."""
    answer = {"direct_response": {"status": 200, "body": {"inline_string": "ok\n" * 20}}}
    return {"static_resources": {"listeners": [_listener(port, answer)]}}


@contextlib.asynccontextmanager
async def envoy(folder: Path, name: str, config: dict[str, Any], port: int) -> AsyncIterator[tuple[int, Target]]:
    """Run it with one worker, as a data plane does; gives its process id and where it listens."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps(config))
    with (folder / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(find_program(), "--config-path", str(file), "--concurrency", "1", "--disable-hot-restart"),
            *("--log-level", "warning"),
            stdout=log,
            stderr=log,
        )
    try:
        await until(lambda: listens(port), 30, what=f"{name} to listen")
        yield process.pid, Target("127.0.0.1", port)
    finally:
        await end(process, deadline=30)


async def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()
    return True


@contextlib.asynccontextmanager
async def bare_proxy(folder: Path, backend: str) -> AsyncIterator[tuple[int, Target]]:
    """The bare Envoy in front of the backend."""
    port = free_port()
    async with envoy(folder, "bare", proxy(port, backend), port) as running:
        yield running


@contextlib.asynccontextmanager
async def fast_backend(folder: Path) -> AsyncIterator[tuple[int, str]]:
    """A backend that is never the bottleneck; gives its process id and HOST:PORT."""
    port = free_port()
    async with envoy(folder, "backend", responder(port), port) as (pid, _):
        yield pid, f"127.0.0.1:{port}"
