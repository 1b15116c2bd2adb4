"""v1 Service and discovery.k8s.io/v1 EndpointSlice."""

import msgspec

from genkan.model.meta import Object, Struct


class ServicePort(Struct, frozen=True):
    """One port. `target_port` None means the same number; a name is a container port's name."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    app_protocol: str = ""


class ServiceSpec(Struct, frozen=True):
    """What is used of a Service; `cluster_ip` "None" is a headless one."""

    type: str = "ClusterIP"
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_name: str = ""


class Service(Object, frozen=True):
    """v1 Service."""

    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(Struct, frozen=True):
    """As discovery.k8s.io/v1 says: unknown (None) counts as ready; unknown `serving` as `ready`; unknown `terminating` as no."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Struct, frozen=True):
    """One pod: only its first address is used, as consumers of the API agreed."""

    addresses: tuple[str, ...]
    conditions: EndpointConditions = EndpointConditions()
    zone: str = ""


class EndpointPort(Struct, frozen=True):
    """A port of every endpoint of a slice; `name` is the Service port's name."""

    name: str = ""
    port: int | None = None
    protocol: str = "TCP"
    app_protocol: str = ""


class EndpointSlice(Object, frozen=True):
    """discovery.k8s.io/v1 EndpointSlice."""

    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()

    @property
    def service_name(self) -> str:
        """The Service it belongs to ("" when it belongs to none), by the label that the API defines for it."""
        return self.metadata.labels.get("kubernetes.io/service-name", "")
