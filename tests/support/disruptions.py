"""Everything that may happen to an Ingress under load without costing a request, once for feature tests and bench.

A round of an operation changes something and changes it back, and waits each time until the wire shows the change: a change
that was never made would lose nothing either.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Pair, self_signed
from tests.support.client import Answer, request
from tests.support.load import Load, Tally, from_backends, under_load
from tests.support.manifests import backend, ingress, path, rule, workload
from tests.support.processes import echo_program
from tests.support.serve import Front, Serve, serving
from tests.support.waiting import until

HOST = "shop.test"
OLD, NEW = ("old-1", "old-2"), ("new-1", "new-2")


@dataclass
class Stage:
    """One Ingress `shop` that serves HTTP and HTTPS, another one, and backends to swap."""

    serve: Serve
    addresses: dict[str, str]
    pairs: tuple[Pair, Pair]
    front: Front

    def write_ingress(self, *extra: str, secrets: tuple[str, ...] = ("shop-tls",)) -> None:
        """The Ingress under load: "/" and further paths."""
        paths = [path("/", "web"), *(path(each, "web") for each in extra)]
        self.serve.write("shop.yaml", ingress("shop", rule(HOST, *paths), tls=secrets))

    def write_service(self, backends: tuple[str, ...] = OLD, app_protocol: str = "http") -> None:
        """The Service that answers."""
        addresses = [self.addresses[name] for name in backends]
        self.serve.write("web.yaml", *workload("web", *addresses, app_protocol=app_protocol))

    def write_other(self) -> None:
        """The Ingress that has nothing to do with it."""
        self.serve.write("other.yaml", ingress("other", default=backend("web")))

    async def shows(
        self, what: str, look: Callable[[Answer], bool], *, asked: str = "/", host: str = HOST, tls: bool = False
    ) -> None:
        """Wait until an answer has what is looked for."""
        target = self.front.tls(host) if tls else self.front.plain

        async def holds() -> bool:
            return look(await request(target, asked, host=host))

        await until(holds, 15, what=what)


Look = Callable[[Answer], bool]


def status(code: int) -> Look:
    """The answer has this status."""
    return lambda answer: answer.status == code


def certificate(leaf: bytes) -> Look:
    """The server showed this certificate."""
    return lambda answer: answer.certificate == leaf


def protocol(name: str) -> Look:
    """The backend was spoken to in this protocol."""
    return lambda answer: answer.received.proto == name


def backend_in(names: tuple[str, ...]) -> Look:
    """One of these backends answered."""
    return lambda answer: answer.received.name in names


async def routes(stage: Stage) -> None:
    """Paths come and go, with a Service that exists and one that does not."""
    stage.serve.write(
        "shop.yaml", ingress("shop", rule(HOST, path("/", "web"), path("/extra", "nobody")), tls=["shop-tls"])
    )
    await stage.shows("503 of a path without a Service", status(503), asked="/extra")
    stage.write_ingress("/extra", "/more")
    await stage.shows("the path at the Service", status(200), asked="/extra")
    stage.write_ingress()


async def policy(stage: Stage) -> None:
    """What is spoken to the backend changes: HTTP/1.1, HTTP/2, and back."""
    for app_protocol, proto in (("kubernetes.io/h2c", "HTTP/2.0"), ("http", "HTTP/1.1")):
        stage.write_service(app_protocol=app_protocol)
        await stage.shows(f"{proto} at the backend", protocol(proto))


async def endpoints(stage: Stage) -> None:
    """All endpoints are replaced by others, and back."""
    for backends in (NEW, OLD):
        stage.write_service(backends)
        await stage.shows("an answer of a new endpoint", backend_in(backends))


async def certificates(stage: Stage) -> None:
    """The certificate is rotated; then a second Secret is added and removed."""
    for pair in reversed(stage.pairs):
        stage.serve.write("tls.yaml", pair.secret("shop-tls"))
        await stage.shows("the rotated certificate", certificate(pair.leaf), tls=True)
    added = self_signed("added.test")
    stage.serve.write("added.yaml", added.secret("added-tls"))
    for secrets, leaf in ((("shop-tls", "added-tls"), added.leaf), (("shop-tls",), stage.pairs[0].leaf)):
        stage.write_ingress(secrets=secrets)
        await stage.shows(
            "the certificate of the second Secret coming and going",
            certificate(leaf),
            host="added.test",
            tls=True,
        )


async def restart(stage: Stage) -> None:
    """`genkan serve` is killed and started again; it has taken over when an edit is applied."""
    planes = stage.serve.data_planes()
    await stage.serve.kill()
    await stage.serve.start()
    for extra, code in (("nobody", 503), ("web", 200)):
        stage.serve.write(
            "shop.yaml", ingress("shop", rule(HOST, path("/", "web"), path("/gone", extra)), tls=["shop-tls"])
        )
        await stage.shows(f"{code} after the restart", status(code), asked="/gone")
    assert stage.serve.data_planes() == planes, "a data plane was replaced instead of taken over"


async def neighbour(stage: Stage) -> None:
    """The file of another Ingress is broken, which is told, and repaired, which is applied."""
    stage.serve.write_text("other.yaml", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: other\n")
    stage.serve.write("mark.yaml", ingress("mark", rule("mark.test", path("/", "web"))))
    await stage.serve.front("mark")
    assert stage.serve.find("other"), "a file that does not parse keeps its last objects"
    stage.serve.remove("mark.yaml")
    stage.write_other()
    await until(lambda: stage.serve.find("mark") is None, 15, what="the removal of the Ingress that marked the time")


@dataclass(frozen=True)
class Disruption:
    """One operation; `tls` puts the load on HTTPS."""

    name: str
    run: Callable[[Stage], Awaitable[None]]
    tls: bool = False


DISRUPTIONS = (
    Disruption("routes added and removed", routes),
    Disruption("cluster policy changed", policy),
    Disruption("all endpoints swapped", endpoints),
    Disruption("certificates rotated and added", certificates, tls=True),
    Disruption("serve killed and started", restart),
    Disruption("another file broken and repaired", neighbour),
)


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Everything in place and serving."""
    async with echo_program(*OLD) as old, echo_program(*NEW) as new, serving(folder) as serve:
        pairs = self_signed(HOST), self_signed(HOST)
        serve.write("tls.yaml", pairs[0].secret("shop-tls"))
        stage = Stage(serve, old | new, pairs, Front("", 0, None))
        stage.write_service()
        stage.write_other()
        stage.write_ingress()
        stage.front = await serve.front("shop", tls=True)
        await stage.shows("the first answer", status(200))
        yield stage


async def disrupt(stage: Stage, disruption: Disruption, *, requests: int, rates: tuple[float, float]) -> list[Tally]:
    """Repeat the operation under keep-alive and new-connection load at these rates, until each has sent so many requests."""
    target = stage.front.tls(HOST) if disruption.tls else stage.front.plain
    check = from_backends({*OLD, *NEW})
    loads = [
        Load(f"{disruption.name}, {kind}", target, check, host=HOST, rate=rate, keep_alive=kind == "keep-alive")
        for kind, rate in zip(("keep-alive", "new connections"), rates, strict=True)
    ]
    limit = 60 + 3 * requests / min(rates)
    return await under_load(loads, lambda: disruption.run(stage), at_least=requests, limit=limit)
