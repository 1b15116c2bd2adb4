"""Intermediate representation in, xDS snapshot out. Pure; work is done only for what differs from the rendering before.

A resource is named as its node: a cluster, an endpoint set and a certificate by their own names, a listener by "http" or "https", all
routes together "ingress". Endpoint sets that no cluster uses are left out, one that is missing is rendered empty: Envoy waits
for every set that a cluster names.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from genkan.dataplanes.envoy import clusters, endpoints, listeners, routes, secrets
from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl, Versioned, versioned
from genkan.ir import Binding, EndpointSet, Origin, Traffic
from genkan.settings import Settings


@dataclass(frozen=True, slots=True)
class Rendering:
    """A snapshot and, for each of its resources, the nodes that it was made from."""

    sources: Mapping[TypeUrl, Mapping[str, Any]]
    snapshot: Snapshot


NOTHING = Rendering({}, Snapshot({}))
"""What was rendered before the first time."""

_NOWHERE = Origin("", "", "")


def render(
    traffic: Traffic, sets: tuple[EndpointSet, ...], binding: Binding, settings: Settings, before: Rendering = NOTHING
) -> Rendering:
    """Render everything; `before` is the same data plane's last rendering, whose equal parts are taken over."""
    offered = {name for listener in traffic.listeners for chain in listener.tls for name in chain.certificates}
    sources: dict[TypeUrl, Mapping[str, Any]] = {
        TypeUrl.CLUSTER: {one.name: one for one in traffic.clusters},
        TypeUrl.ENDPOINTS: _used(sets, {one.target for one in traffic.clusters if isinstance(one.target, str)}),
        TypeUrl.LISTENER: {
            one.name: (one, binding.address, binding.ports[one.port], settings) for one in traffic.listeners
        },
        TypeUrl.ROUTES: {routes.NAME: (traffic.virtual_hosts, settings)},
        TypeUrl.SECRET: {one.name: one for one in traffic.certificates if one.name in offered},
    }
    makers: dict[TypeUrl, Callable[[Any], Message]] = {
        TypeUrl.CLUSTER: clusters.cluster,
        TypeUrl.ENDPOINTS: endpoints.load_assignment,
        TypeUrl.LISTENER: lambda source: listeners.listener(*source),
        TypeUrl.ROUTES: lambda source: routes.route_configuration(*source),
        TypeUrl.SECRET: secrets.secret,
    }
    return Rendering(sources, Snapshot({kind: _part(kind, sources[kind], makers[kind], before) for kind in sources}))


def render_endpoints(sets: tuple[EndpointSet, ...], before: Rendering) -> Rendering:
    """Replace the endpoint sets of a rendering; every other part is the same object as before."""
    kind = TypeUrl.ENDPOINTS
    used = _used(sets, before.sources[kind].keys())
    part = _part(kind, used, endpoints.load_assignment, before)
    return Rendering({**before.sources, kind: used}, Snapshot({**before.snapshot.resources, kind: part}))


def _used(sets: tuple[EndpointSet, ...], names: Collection[str]) -> Mapping[str, EndpointSet]:
    known = {one.name: one for one in sets}
    return {name: known.get(name) or EndpointSet(name, (), origin=_NOWHERE) for name in names}


def _part(
    kind: TypeUrl, sources: Mapping[str, Any], make: Callable[[Any], Message], before: Rendering
) -> Mapping[str, Versioned]:
    old_sources, old = before.sources.get(kind, {}), before.snapshot.of(kind)
    if sources == old_sources:
        return old
    return {
        name: old[name] if name in old and old_sources[name] == source else versioned(make(source))
        for name, source in sources.items()
    }
