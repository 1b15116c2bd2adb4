"""`--backend [NS/]SERVICE[:PORT]=HOST:PORT`: serve a Service from an address instead of from EndpointSlices.

`parse_backend` reads the flag and refuses what it cannot mean (ConfigError). `Backends` stands between a source and the stores: it
holds back the EndpointSlices of such a Service and puts its own there, and makes the Service itself when no manifest has it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from genkan.errors import ConfigError
from genkan.model import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Ingress,
    IngressBackend,
    Object,
    ObjectKey,
    ObjectMeta,
    ObjectRef,
    Service,
    ServiceBackendPort,
    ServicePort,
    ServiceSpec,
)

FORM = "[NS/]SERVICE[:PORT]=HOST:PORT"
SERVICE_LABEL = "kubernetes.io/service-name"

Sink = Callable[[ObjectRef, Object | None], None]


@dataclass(frozen=True, slots=True)
class Backend:
    """One flag. `service_port` is a number or a name of the Service's port; "" means every port. `address` is an IP address."""

    service: ObjectKey
    service_port: str
    address: str
    port: int


def parse_backend(text: str) -> Backend:
    """Read one flag; the namespace is `default` when none is written."""
    left, equals, right = text.partition("=")
    if not equals:
        raise ConfigError(f"--backend {text}: expected {FORM}")
    namespace, slash, rest = left.rpartition("/")
    name, colon, service_port = rest.partition(":")
    if not name or (slash and not namespace) or "/" in namespace or (colon and not service_port):
        raise ConfigError(f"--backend {text}: {left!r} is no Service; expected {FORM}")
    host, colon, port = right.rpartition(":")
    if not colon or not host:
        raise ConfigError(f"--backend {text}: {right!r} has no port; expected {FORM}")
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise ConfigError(f"--backend {text}: {port!r} is no port between 1 and 65535")
    return Backend(ObjectKey(namespace or "default", name), service_port, parse_host(text, host), int(port))


def parse_host(text: str, host: str) -> str:
    """Return the IP address that a host means; names other than localhost are refused, because they may change."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]") if host.startswith("[") else host))
    except ValueError:
        raise ConfigError(
            f"--backend {text}: {host!r} is no IP address; for a name write a Service of type ExternalName"
        ) from None


class Backends:
    """The flags of one run, between a source and the stores."""

    def __init__(self, flags: Iterable[Backend], sink: Sink) -> None:
        self._sink = sink
        self._flags: dict[ObjectKey, list[Backend]] = {}
        for flag in flags:
            self._flags.setdefault(flag.service, []).append(flag)
        self._services: dict[ObjectKey, Service] = {}
        self._wanted: dict[ObjectKey, dict[ObjectRef, frozenset[ServiceBackendPort]]] = {key: {} for key in self._flags}
        for key in self._flags:
            self._renew(key)

    def put(self, ref: ObjectRef, value: Object | None) -> None:
        """Take one change of the source."""
        if not self._flags:
            self._sink(ref, value)
        elif ref.kind == "Service" and ref.key in self._flags:
            self._services.pop(ref.key, None)
            if isinstance(value, Service):
                self._services[ref.key] = value
            self._renew(ref.key)
        elif isinstance(value, EndpointSlice) and self._is_replaced(value):
            self._sink(ref, None)
        else:
            self._sink(ref, value)
            if ref.kind == "Ingress":
                self._note_ports(ref, value if isinstance(value, Ingress) else None)

    def _is_replaced(self, value: EndpointSlice) -> bool:
        return ObjectKey(value.metadata.namespace, value.service_name) in self._flags

    def _note_ports(self, ref: ObjectRef, ingress: Ingress | None) -> None:
        """Remember which ports an Ingress asks for: a Service that nobody wrote has those."""
        for key, wanted in self._wanted.items():
            if key.namespace != ref.namespace:
                continue
            ports = frozenset(ports_of(ingress, key.name)) if ingress is not None else frozenset()
            if wanted.get(ref, frozenset()) == ports:
                continue
            wanted.pop(ref, None)
            if ports:
                wanted[ref] = ports
            self._renew(key)

    def _renew(self, key: ObjectKey) -> None:
        """Write the Service and the slices of one flagged Service."""
        service = self._services.get(key) or self._made_up(key)
        self._sink(service.ref, service)
        for index, flag in enumerate(self._flags[key]):
            made = slice_of(flag, service, index)
            self._sink(made.ref, made)

    def _made_up(self, key: ObjectKey) -> Service:
        ports = {flag.service_port for flag in self._flags[key] if flag.service_port}
        asked = {port for each in self._wanted[key].values() for port in each}
        numbers = {int(port) for port in ports if port.isdecimal()} | {port.number for port in asked if port.number}
        names = {port for port in ports if not port.isdecimal()} | {port.name for port in asked if port.name}
        made = [ServicePort(port=number, name=f"port-{number}") for number in sorted(numbers)]
        free = (number for number in range(1, 65536) if number not in numbers)
        made += [ServicePort(port=next(free), name=name) for name in sorted(names)]
        return Service(metadata=ObjectMeta(name=key.name, namespace=key.namespace), spec=ServiceSpec(ports=tuple(made)))


def ports_of(ingress: Ingress, service: str) -> Iterator[ServiceBackendPort]:
    """Give the ports of a Service that an Ingress names."""
    backends: list[IngressBackend | None] = [ingress.spec.default_backend]
    backends += [path.backend for rule in ingress.spec.rules if rule.http for path in rule.http.paths]
    for backend in backends:
        if backend is not None and backend.service is not None and backend.service.name == service:
            yield backend.service.port


def slice_of(flag: Backend, service: Service, index: int) -> EndpointSlice:
    """Make the EndpointSlice of one flag: one endpoint, with the ports of the Service that the flag means."""
    meant = [port for port in service.spec.ports if flag.service_port in {"", str(port.port), port.name}]
    return EndpointSlice(
        metadata=ObjectMeta(
            name=f"{flag.service.name}-backend-{index}",
            namespace=flag.service.namespace,
            labels={SERVICE_LABEL: flag.service.name},
        ),
        address_type=f"IPv{ip_address(flag.address).version}",
        endpoints=(Endpoint(addresses=(flag.address,)),),
        ports=tuple(EndpointPort(name=port.name, port=flag.port, app_protocol=port.app_protocol) for port in meant),
    )
