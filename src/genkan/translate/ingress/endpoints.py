"""Endpoints: EndpointSlices to one set of addresses for each Service port that a cluster sends to.

Takes what was gathered and the clusters of the traffic that was translated before; gives endpoint sets and the conditions that follow from
slices alone, so that a pod coming or going re-translates no route. The rules:

- All slices of a Service together, IPv4 and IPv6; a slice's port is found by the *name* of the Service's port, as kube-proxy does, so a
  named targetPort may have another number in each slice.
- Ready endpoints serve. When none is ready, those that are terminating but still serving do (KEP-1669); an unknown condition counts as
  discovery.k8s.io/v1 says.
- Of an endpoint's addresses the first is used, as consumers of the API agreed.
- Refused and reported: names as addresses, addresses that lead into the data plane's own machine or to many (loopback unless the settings
  allow it, link-local, unspecified, multicast, broadcast), and ports without a number.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from genkan.ir import Cluster, Condition, Endpoint, EndpointSet, Origin, Reason, Traffic
from genkan.model import Endpoint as Pod
from genkan.model import EndpointSlice, Inputs, Service, ServicePort
from genkan.settings import Settings
from genkan.translate.ingress.naming import port_name

_VERSIONS = {"IPv4": 4, "IPv6": 6}
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
_QUOTED = 3
_REMEMBERED = 65536


@dataclass(slots=True)
class _Candidates:
    """Endpoints by what their conditions allow, and what was refused: one sentence an address."""

    ready: set[Endpoint] = field(default_factory=set)
    draining: set[Endpoint] = field(default_factory=set)
    conditions: list[Condition] = field(default_factory=list)


def translate_endpoints(
    inputs: Inputs, traffic: Traffic, settings: Settings
) -> tuple[tuple[EndpointSet, ...], tuple[Condition, ...]]:
    """Give the endpoint sets that the traffic's clusters name, sorted, and the conditions about them, sorted."""
    ports = {
        port_name(service.key, port.port): (service, port)
        for service in inputs.services.values()
        for port in reversed(service.spec.ports)
        if port.protocol == "TCP"
    }
    sets: dict[str, EndpointSet] = {}
    conditions: set[Condition] = set()
    for cluster in traffic.clusters:
        target = cluster.target
        if not isinstance(target, str) or target in sets:
            continue
        if target not in ports:
            sets[target] = EndpointSet(target, (), origin=cluster.origin)
            continue
        service, port = ports[target]
        slices = inputs.slices.get(service.key, ())
        found = _collect(slices, port, settings)
        serving = found.ready or found.draining
        sets[target] = EndpointSet(target, tuple(sorted(serving)), origin=_origin(service, port))
        conditions.update(found.conditions)
        if not serving:
            conditions.add(_none_ready(cluster, service, port, slices))
    return tuple(sets[name] for name in sorted(sets)), tuple(sorted(conditions))


def _origin(service: Service, port: ServicePort) -> Origin:
    return Origin("Service", *service.key).at(f"spec.ports[{service.spec.ports.index(port)}]")


def _collect(slices: Iterable[EndpointSlice], port: ServicePort, settings: Settings) -> _Candidates:
    found = _Candidates()
    for endpoint_slice in slices:
        origin = Origin("EndpointSlice", *endpoint_slice.key)
        matching = [p for p in endpoint_slice.ports if p.name == port.name and p.protocol == "TCP"]
        if not matching:
            continue
        if endpoint_slice.address_type not in _VERSIONS:
            message = f'addressType "{endpoint_slice.address_type}" is not supported; use IPv4 or IPv6, or a Service of type ExternalName'
            found.conditions.append(Condition(origin.at("addressType"), Reason.ENDPOINT_INVALID, message))
            continue
        refused: list[str] = []
        for slice_port in matching:
            if slice_port.port is None or not 0 < slice_port.port < 65536:
                refused.append(f"port {slice_port.port} is no port number")
                continue
            _sort_in(endpoint_slice, slice_port.port, settings, found, refused)
        if refused:
            found.conditions.append(Condition(origin, Reason.ENDPOINT_INVALID, _left_out(refused)))
    return found


def _sort_in(
    endpoint_slice: EndpointSlice, number: int, settings: Settings, found: _Candidates, refused: list[str]
) -> None:
    version = _VERSIONS[endpoint_slice.address_type]
    for index, pod in enumerate(endpoint_slice.endpoints):
        ready, draining = _state(pod)
        if not (ready or draining):
            continue
        text = next(iter(pod.addresses), "")
        address, fault = _address(text, version, allow_loopback=settings.allow_loopback_endpoints)
        if fault:
            refused.append(f"endpoints[{index}] {fault}")
        else:
            (found.ready if ready else found.draining).add(Endpoint(address, number))


def _state(pod: Pod) -> tuple[bool, bool]:
    """Tell (ready, terminating but serving), by the meaning that discovery.k8s.io/v1 gives to unknown conditions."""
    conditions = pod.conditions
    ready = conditions.ready is not False
    serving = ready if conditions.serving is None else conditions.serving
    return ready, bool(serving and conditions.terminating)


@lru_cache(maxsize=_REMEMBERED)
def _address(text: str, version: int, *, allow_loopback: bool) -> tuple[str, str]:
    """Give (the address in its canonical form, why it is refused). Remembered: slices repeat all their addresses at every change."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "", f'address "{text}" is no IP address'
    if address.version != version:
        return "", f"address {text} is not of the slice's addressType"
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback and not allow_loopback:
        return "", f"address {text} is a loopback address"
    if plain.is_link_local or plain.is_unspecified or plain.is_multicast or plain == _BROADCAST:
        return "", f"address {text} is link-local, unspecified, multicast or broadcast"
    return str(address), ""


def _left_out(refused: list[str]) -> str:
    more = f" and {len(refused) - _QUOTED} more" if len(refused) > _QUOTED else ""
    return f"left out: {'; '.join(refused[:_QUOTED])}{more}"


def _none_ready(cluster: Cluster, service: Service, port: ServicePort, slices: tuple[EndpointSlice, ...]) -> Condition:
    where = f"Service {service.key} port {port.port}"
    names = sorted(set(_port_names(slices)))
    if not any(endpoint_slice.endpoints for endpoint_slice in slices):
        why = "its selector matches no pod, or its EndpointSlices are not there yet"
    elif port.name not in names:
        wanted = f'"{port.name}"' if port.name else "without a name"
        there = ", ".join(f'"{name}"' for name in names) or "none"
        why = f"the port is {wanted}, the ports of its EndpointSlices: {there}; the names have to be equal"
    else:
        why = "none of its endpoints is ready and usable"
    return Condition(cluster.origin, Reason.NO_ENDPOINTS, f"{where} has no ready endpoint: {why}; its paths answer 503")


def _port_names(slices: tuple[EndpointSlice, ...]) -> Iterator[str]:
    return (port.name for endpoint_slice in slices for port in endpoint_slice.ports)
