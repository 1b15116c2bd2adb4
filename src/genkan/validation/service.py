"""What an API server refuses in a Service or an EndpointSlice, as far as an Ingress can meet it.

Source: the validation of v1 Service and discovery.k8s.io/v1 EndpointSlice in Kubernetes 1.35, on create.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from genkan.manifests.names import label, port_name, port_number, qualified, service_name, subdomain
from genkan.model import Endpoint, EndpointSlice, Service, ServicePort
from genkan.validation.metadata import metadata_mistakes
from genkan.validation.mistake import Manifest, Mistake, if_wrong, one_of, required, written

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
PROTOCOLS = ("TCP", "UDP", "SCTP")
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")
MOST_ENDPOINTS, MOST_ADDRESSES, MOST_PORTS = 1000, 100, 20000
LINK_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))


def service_mistakes(manifest: Manifest, service: Service) -> Iterator[Mistake]:
    """Check a Service."""
    spec = service.spec
    yield from metadata_mistakes(service, service_name)
    yield from one_of("spec.type", spec.type, TYPES)
    if spec.type == "ExternalName":
        name = spec.external_name.removesuffix(".")
        yield from if_wrong("spec.externalName", subdomain(name) if name else "is required for type ExternalName")
        if spec.cluster_ip:
            yield Mistake("spec.clusterIP", "must not be set for type ExternalName")
    elif not spec.ports and spec.cluster_ip != "None":
        yield required("spec.ports")
    if spec.type in {"NodePort", "LoadBalancer"} and spec.cluster_ip == "None":
        yield Mistake("spec.clusterIP", f'must not be "None" for type {spec.type}')
    names: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    for index, port in enumerate(spec.ports):
        at = f"spec.ports[{index}]"
        if len(spec.ports) > 1 and not port.name:
            yield Mistake(f"{at}.name", "is required when there are several ports")
        if port.name and port.name in names:
            yield Mistake(f"{at}.name", f'"{port.name}" is the name of another port too')
        if (port.protocol, port.port) in numbers:
            yield Mistake(f"{at}.port", f"{port.port}/{port.protocol} stands twice")
        names.add(port.name)
        numbers.add((port.protocol, port.port))
        yield from service_port_mistakes(port, at)
        node_port = written(manifest, "spec", "ports", index, "nodePort")
        if isinstance(node_port, int) and node_port and spec.type == "ClusterIP":
            yield Mistake(f"{at}.nodePort", "must not be set for type ClusterIP")


def service_port_mistakes(port: ServicePort, at: str) -> Iterator[Mistake]:
    """Check one port by itself."""
    if port.name:
        yield from if_wrong(f"{at}.name", label(port.name))
    yield from if_wrong(f"{at}.port", port_number(port.port))
    yield from one_of(f"{at}.protocol", port.protocol, PROTOCOLS)
    if isinstance(port.target_port, int):
        yield from if_wrong(f"{at}.targetPort", port_number(port.target_port))
    elif port.target_port is not None:
        yield from if_wrong(f"{at}.targetPort", port_name(port.target_port))
    if port.app_protocol:
        yield from if_wrong(f"{at}.appProtocol", qualified(port.app_protocol))


def slice_mistakes(manifest: Manifest, value: EndpointSlice) -> Iterator[Mistake]:
    """Check an EndpointSlice."""
    yield from metadata_mistakes(value, subdomain)
    if written(manifest, "addressType") is None:
        yield required("addressType")
    else:
        yield from one_of("addressType", value.address_type, ADDRESS_TYPES)
    for name, count, most in (
        ("endpoints", len(value.endpoints), MOST_ENDPOINTS),
        ("ports", len(value.ports), MOST_PORTS),
    ):
        if count > most:
            yield Mistake(name, f"{count} are too many: at most {most}, more go into another EndpointSlice")
    names: set[str] = set()
    for index, port in enumerate(value.ports):
        at = f"ports[{index}]"
        if port.name:
            yield from if_wrong(f"{at}.name", label(port.name))
        if port.name in names:
            yield Mistake(f"{at}.name", f'"{port.name}" is the name of another port too')
        names.add(port.name)
        yield from one_of(f"{at}.protocol", port.protocol, PROTOCOLS)
        if port.app_protocol:
            yield from if_wrong(f"{at}.appProtocol", qualified(port.app_protocol))
    for index, endpoint in enumerate(value.endpoints):
        yield from endpoint_mistakes(endpoint, value.address_type, f"endpoints[{index}].addresses")


def endpoint_mistakes(endpoint: Endpoint, address_type: str, at: str) -> Iterator[Mistake]:
    """Check the addresses of one endpoint."""
    if not endpoint.addresses:
        yield Mistake(at, "needs an address")
    if len(endpoint.addresses) > MOST_ADDRESSES:
        yield Mistake(at, f"{len(endpoint.addresses)} are too many: at most {MOST_ADDRESSES}")
    for index, address in enumerate(endpoint.addresses):
        yield from if_wrong(f"{at}[{index}]", address_mistake(address, address_type))


def address_mistake(text: str, address_type: str) -> str | None:
    """Say what is wrong with one address."""
    if address_type == "FQDN":
        return subdomain(text.removesuffix(".")) or (None if "." in text else "must have at least two parts")
    if address_type not in {"IPv4", "IPv6"}:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return f"must be an {address_type} address"
    return f"must be an {address_type} address" if f"IPv{address.version}" != address_type else special(address)


def special(address: IPv4Address | IPv6Address) -> str | None:
    """Say why an address cannot be that of an endpoint in a cluster."""
    if address.is_unspecified:
        return "must not be the unspecified address"
    if address.is_loopback:
        return "must not be a loopback address: in a cluster that is the data plane's own pod"
    if address.is_link_local:
        return "must not be a link-local address"
    if any(address in network for network in LINK_LOCAL_MULTICAST):
        return "must not be a link-local multicast address"
    return None
