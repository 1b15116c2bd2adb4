"""Backends: where a path's requests go.

Takes `backend` fields and the Services; gives actions, collects the clusters they need and what there is to tell. The rules:

- A Service port by number or by name; one Service port is one cluster, however many paths name it and in whichever way.
- What is missing or cannot be served answers 503 with a text that says so, and is told once for each Service port, not for each path.
- A Service of type ExternalName is reached by DNS, at its numeric targetPort if it has one, else at the port itself; TLS to it sends its own
  name as SNI. Addresses and (unless loopback is allowed) localhost are refused: they lead into the data plane's own network.
- What is spoken follows `appProtocol` (`protocols`). TLS to a backend accepts any certificate, and that is said.
"""

import ipaddress

from genkan.ir import (
    Action,
    BackendProtocol,
    BackendTls,
    Capabilities,
    Cluster,
    Condition,
    DnsTarget,
    Forward,
    Level,
    Origin,
    Reason,
    Respond,
    WeightedCluster,
)
from genkan.model import IngressBackend, IngressServiceBackend, Inputs, ObjectKey, Service, ServicePort
from genkan.settings import Settings
from genkan.translate.ingress.hosts import host_fault
from genkan.translate.ingress.naming import port_name
from genkan.translate.ingress.protocols import APP_PROTOCOLS, DEFAULT, AppProtocol, app_protocol

UNAVAILABLE = Respond(503, "503: the backend of this path does not exist or cannot be used\n")
"""The answer in place of a backend; it names nothing of the cluster's inside, because any client may read it."""

_Key = tuple[str, int, str]


class Backends:
    """The backends of one Ingress. `clusters` and `conditions` are complete once every path has been asked for."""

    def __init__(self, inputs: Inputs, settings: Settings, capabilities: Capabilities) -> None:
        self._inputs = inputs
        self._settings = settings
        self._capabilities = capabilities
        self._actions: dict[_Key, Action] = {}
        self._clusters: dict[str, Cluster] = {}
        self._conditions: dict[tuple[object, ...], Condition] = {}

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Every cluster asked for, sorted by name."""
        return tuple(self._clusters[name] for name in sorted(self._clusters))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What there is to tell, at the first field that asked."""
        return tuple(self._conditions.values())

    def action(self, backend: IngressBackend, origin: Origin) -> Action:
        """Give what to do with requests for this backend, written at this field."""
        service = backend.service
        if backend.resource is not None:
            return self._refuse_resource(backend, origin)
        if service is None or not service.name:
            self._tell(
                (str(origin),), origin, Reason.BACKEND_INVALID, "names no Service; set service.name and service.port"
            )
            return UNAVAILABLE
        key = (service.name, service.port.number, service.port.name)
        action = self._actions.get(key)
        if action is None:
            action = self._actions[key] = self._service(service, origin.at("service"))
        return action

    def _refuse_resource(self, backend: IngressBackend, origin: Origin) -> Action:
        resource = backend.resource
        assert resource is not None  # noqa: S101 - asked by the only caller
        group = f".{resource.api_group}" if resource.api_group else ""
        text = f'{resource.kind}{group} "{resource.name}": resource backends are not supported, its path answers 503; name a Service'
        self._tell(("resource", resource), origin.at("resource"), Reason.RESOURCE_BACKEND, text)
        return UNAVAILABLE

    def _service(self, wanted: IngressServiceBackend, origin: Origin) -> Action:
        key = ObjectKey(self._inputs.ingress.metadata.namespace, wanted.name)
        if bool(wanted.port.number) == bool(wanted.port.name):
            self._tell((key, wanted.port), origin.at("port"), Reason.BACKEND_INVALID, _one_port(wanted))
            return UNAVAILABLE
        service = self._inputs.services.get(key)
        if service is None:
            text = f"Service {key} does not exist; its paths answer 503"
            self._tell((key,), origin.at("name"), Reason.SERVICE_NOT_FOUND, text)
            return UNAVAILABLE
        external = service.spec.type == "ExternalName"
        port = _find_port(service, wanted, external=external)
        if isinstance(port, tuple):
            self._tell((key, wanted.port), origin.at("port"), *port)
            return UNAVAILABLE
        name = port_name(key, port.port)
        if name not in self._clusters and not self._cluster(name, service, port, origin, external=external):
            return UNAVAILABLE
        return Forward((WeightedCluster(name),))

    def _cluster(self, name: str, service: Service, port: ServicePort, origin: Origin, *, external: bool) -> bool:
        """Add the cluster; False, told why, when it cannot be."""
        target: str | DnsTarget = name
        if external:
            number = port.target_port if isinstance(port.target_port, int) and port.target_port else port.port
            fault = self._external_fault(service, number)
            if fault:
                text = f"Service {service.key}: {fault}; its paths answer 503"
                self._tell((name, "external"), origin.at("name"), Reason.BACKEND_INVALID, text)
                return False
            target = DnsTarget(_external_name(service), number)
        spoken = self._spoken(name, service, port)
        missing = self._missing(spoken, target)
        if missing:
            text = f"Service {service.key} port {port.port}: this data plane has no {missing}; its paths answer 503"
            self._tell((name, "capability"), origin, Reason.UNSUPPORTED, text)
            return False
        tls = None
        if spoken.tls:
            tls = BackendTls(target.host if isinstance(target, DnsTarget) else "")
            text = (
                f"Service {service.key} port {port.port} is reached by TLS; the backend's certificate is not verified"
            )
            self._tell((name, "tls"), _port_origin(service, port), Reason.BACKEND_TLS_UNVERIFIED, text, Level.NORMAL)
        self._clusters[name] = Cluster(name, target, spoken.protocol, tls, origin=origin)
        return True

    def _spoken(self, name: str, service: Service, port: ServicePort) -> AppProtocol:
        spoken = app_protocol(port.app_protocol)
        if spoken is None:
            text = f'appProtocol "{port.app_protocol}" is not known, HTTP/1.1 is spoken; known are {", ".join(APP_PROTOCOLS)}'
            self._tell((name, "protocol"), _port_origin(service, port), Reason.PROTOCOL_UNSUPPORTED, text)
            return DEFAULT
        return spoken

    def _missing(self, spoken: AppProtocol, target: str | DnsTarget) -> str:
        if spoken.protocol is BackendProtocol.HTTP2 and not self._capabilities.http2_backends:
            return "HTTP/2 to backends"
        if spoken.tls and not self._capabilities.tls_backends:
            return "TLS to backends"
        if isinstance(target, DnsTarget) and not self._capabilities.dns_backends:
            return "backends by DNS name (type ExternalName)"
        return ""

    def _external_fault(self, service: Service, number: int) -> str:
        name = _external_name(service)
        if not 0 < number < 65536:
            return f"port {number} is no port number"
        if not name:
            return "externalName is empty"
        if name == "localhost" or name.endswith(".localhost"):
            return "" if self._settings.allow_loopback_endpoints else f'externalName "{name}" is this machine itself'
        if _is_numeric(name):
            return f'externalName "{name}" is an address; use a Service without selector and an EndpointSlice'
        if "*" in name or host_fault(name.replace("_", "a")):
            return f'externalName "{name}" is no DNS name'
        return ""

    def _tell(
        self, once: tuple[object, ...], origin: Origin, reason: Reason, message: str, level: Level = Level.WARNING
    ) -> None:
        self._conditions.setdefault((reason, *once), Condition(origin, reason, message, level))


def _external_name(service: Service) -> str:
    return service.spec.external_name.lower().removesuffix(".")


def _is_numeric(name: str) -> bool:
    """Tell whether a name is an address in any notation that resolvers take (`127.1`, `0x7f.1`): its last label begins with a digit."""
    if name.rpartition(".")[2][:1].isdigit():
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _one_port(wanted: IngressServiceBackend) -> str:
    if wanted.port.name:
        return f'has both number {wanted.port.number} and name "{wanted.port.name}"; keep one of them'
    return "names no port; set number or name"


def _find_port(service: Service, wanted: IngressServiceBackend, *, external: bool) -> ServicePort | tuple[Reason, str]:
    number, name = wanted.port.number, wanted.port.name
    found = [port for port in service.spec.ports if (port.name == name if name else port.port == number)]
    for port in found:
        if port.protocol == "TCP":
            return port
    if found:
        text = f"port {found[0].port} of Service {service.key} is {found[0].protocol} only; HTTP needs a TCP port; its paths answer 503"
        return Reason.BACKEND_INVALID, text
    if external and number and not service.spec.ports:
        return ServicePort(port=number)
    asked = f'named "{name}"' if name else str(number)
    there = ", ".join(f"{port.port} ({port.name})" if port.name else str(port.port) for port in service.spec.ports)
    return (
        Reason.PORT_NOT_FOUND,
        f"Service {service.key} has no port {asked}; it has {there or 'none'}; its paths answer 503",
    )


def _port_origin(service: Service, port: ServicePort) -> Origin:
    ports = service.spec.ports
    field = f"spec.ports[{ports.index(port)}]" if port in ports else "spec"
    return Origin("Service", *service.key, field)
