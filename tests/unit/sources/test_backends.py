"""`--backend`: what the flag means, and what stands in the stores then."""

import pytest

from genkan.errors import ConfigError
from genkan.model import (
    EndpointSlice,
    HTTPIngressPath,
    HTTPIngressRuleValue,
    Ingress,
    IngressBackend,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    Object,
    ObjectKey,
    ObjectMeta,
    ObjectRef,
    Service,
    ServiceBackendPort,
    ServicePort,
    ServiceSpec,
)
from genkan.sources.backends import Backend, Backends, parse_backend


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        ("web=127.0.0.1:8080", Backend(ObjectKey("default", "web"), "", "127.0.0.1", 8080)),
        ("shop/web=localhost:80", Backend(ObjectKey("shop", "web"), "", "127.0.0.1", 80)),
        ("shop/web:http=10.0.0.1:80", Backend(ObjectKey("shop", "web"), "http", "10.0.0.1", 80)),
        ("web:443=[::1]:8443", Backend(ObjectKey("default", "web"), "443", "::1", 8443)),
    ],
)
def test_parse(text: str, backend: Backend) -> None:
    assert parse_backend(text) == backend


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web", r"expected \[NS/\]SERVICE\[:PORT\]=HOST:PORT"),
        ("=1.2.3.4:80", "is no Service"),
        ("/web=1.2.3.4:80", "is no Service"),
        ("a/b/c=1.2.3.4:80", "is no Service"),
        ("web:=1.2.3.4:80", "is no Service"),
        ("web=1.2.3.4", "has no port"),
        ("web=:80", "has no port"),
        ("web=1.2.3.4:0", "is no port between 1 and 65535"),
        ("web=1.2.3.4:http", "is no port between 1 and 65535"),
        ("web=1.2.3.4:70000", "is no port between 1 and 65535"),
        ("web=example.com:80", "ExternalName"),
        ("web=::1:80x", "is no port"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """One line that repeats the flag and says what was expected."""
    with pytest.raises(ConfigError, match=message) as caught:
        parse_backend(text)
    assert f"--backend {text}: " in str(caught.value)


def service(*ports: ServicePort) -> Service:
    return Service(metadata=ObjectMeta(name="web", namespace="default"), spec=ServiceSpec(ports=ports))


def endpoint_slice(name: str, of: str) -> EndpointSlice:
    return EndpointSlice(metadata=ObjectMeta(name=name, namespace="default", labels={"kubernetes.io/service-name": of}))


def ingress(name: str, *ports: ServiceBackendPort) -> Ingress:
    paths = tuple(HTTPIngressPath(IngressBackend(IngressServiceBackend("web", port))) for port in ports)
    metadata = ObjectMeta(name=name, namespace="default")
    return Ingress(metadata=metadata, spec=IngressSpec(rules=(IngressRule(http=HTTPIngressRuleValue(paths)),)))


class World:
    """Flags, and what stands behind them."""

    def __init__(self, *flags: str) -> None:
        self.objects: dict[ObjectRef, Object] = {}
        self.backends = Backends(map(parse_backend, flags), self._write)

    def _write(self, ref: ObjectRef, value: Object | None) -> None:
        if value is None:
            self.objects.pop(ref, None)
        else:
            self.objects[ref] = value

    def put(self, *values: Object) -> None:
        for value in values:
            self.backends.put(value.ref, value)

    @property
    def ports(self) -> list[tuple[int, str]]:
        """The Service's ports."""
        found = self.objects[ObjectRef("Service", "default", "web")]
        assert isinstance(found, Service)
        return [(port.port, port.name) for port in found.spec.ports]

    @property
    def endpoints(self) -> list[tuple[str, list[tuple[str, int | None]]]]:
        """Address and ports (by name) of every slice of the Service."""
        slices = [
            each for each in self.objects.values() if isinstance(each, EndpointSlice) and each.service_name == "web"
        ]
        return [
            (each.endpoints[0].addresses[0], [(p.name, p.port) for p in each.ports])
            for each in slices
            if each.endpoints
        ]


def test_the_slices_of_the_service_are_replaced() -> None:
    world = World("web=127.0.0.1:8080")
    other = endpoint_slice("other-1", "other")
    world.put(endpoint_slice("web-1", "web"), other, service(ServicePort(80, "http"), ServicePort(443, "https")))
    assert world.endpoints == [("127.0.0.1", [("http", 8080), ("https", 8080)])]
    assert other.ref in world.objects


def test_one_port_by_number_or_name_and_several_endpoints() -> None:
    world = World("web:80=127.0.0.1:1", "web:https=127.0.0.1:2", "web:80=127.0.0.1:3")
    world.put(service(ServicePort(80, "http"), ServicePort(443, "https")))
    assert world.endpoints == [
        ("127.0.0.1", [("http", 1)]),
        ("127.0.0.1", [("https", 2)]),
        ("127.0.0.1", [("http", 3)]),
    ]


def test_a_service_that_nobody_wrote_has_the_flags_port() -> None:
    world = World("web:8000=127.0.0.1:1", "web:metrics=127.0.0.1:2")
    assert world.ports == [(8000, "port-8000"), (1, "metrics")]


def test_a_service_that_nobody_wrote_has_the_ports_that_ingresses_name() -> None:
    world = World("web=[::1]:1")
    world.put(
        ingress("a", ServiceBackendPort(number=80)),
        ingress("b", ServiceBackendPort(name="http"), ServiceBackendPort(number=80)),
    )
    assert world.ports == [(80, "port-80"), (1, "http")]
    assert world.endpoints == [("::1", [("port-80", 1), ("http", 1)])]
    world.backends.put(ingress("b").ref, None)
    assert world.ports == [(80, "port-80")]
    world.put(ingress("a", ServiceBackendPort(number=81)))
    assert world.ports == [(81, "port-81")]


def test_a_service_written_later_and_deleted_again() -> None:
    world = World("web:80=127.0.0.1:1")
    world.put(service(ServicePort(80, "http")))
    assert world.ports == [(80, "http")]
    world.backends.put(service().ref, None)
    assert world.ports == [(80, "port-80")]


def test_without_flags_everything_passes() -> None:
    world = World()
    world.put(endpoint_slice("web-1", "web"), service())
    assert len(world.objects) == 2
