"""An Envoy of the protocol's size: it subscribes, warms, acknowledges and refuses as Envoy does, and asserts what must never happen.

Never a route to a cluster that is neither warm nor refused; never the removal of a cluster that a route uses, of an endpoint set
that a cluster uses, of a secret that a listener uses; never the same resource again without a reason (`Model.sent` is bounded).
"""

from collections import deque
from collections.abc import Iterable, Mapping

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from google.protobuf.any_pb2 import Any

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl, Versioned, versioned
from genkan.dataplanes.envoy.xds.stream import Stream

BAD = "bad"
"""A resource of this variant is refused."""

ROUTES = "ingress"


def cluster(name: str, variant: str = "", uses: str | None = None) -> Versioned:
    """An EDS cluster; variants differ."""
    message = Cluster(name=name, alt_stat_name=variant, type=Cluster.EDS)
    message.eds_cluster_config.service_name = uses or name
    return versioned(message)


def endpoints(name: str, variant: str = "") -> Versioned:
    """An endpoint set; variants differ."""
    message = ClusterLoadAssignment(cluster_name=name)
    message.endpoints.add().locality.zone = variant
    return versioned(message)


def routes(*clusters: str, variant: str = "") -> Versioned:
    """A route to each of these clusters."""
    host = VirtualHost(name=f"host {variant}", domains=["*"])
    for name in clusters:
        host.routes.add().route.cluster = name
    return versioned(RouteConfiguration(name=ROUTES, virtual_hosts=[host]))


def listener(name: str, *secrets: str, variant: str = "") -> Versioned:
    """A listener with a filter chain for each of these secrets."""
    message = Listener(name=name, stat_prefix=variant)
    for secret_name in secrets:
        message.filter_chains.add(name=secret_name)
    return versioned(message)


def secret(name: str, variant: str = "") -> Versioned:
    """A secret; variants differ."""
    message = Secret(name=name)
    message.generic_secret.secret.inline_string = variant
    return versioned(message)


def snapshot(
    clusters: Mapping[str, Versioned] | None = None,
    *,
    sets: Mapping[str, Versioned] | None = None,
    route: Versioned | None = None,
    listeners: Mapping[str, Versioned] | None = None,
    secrets: Mapping[str, Versioned] | None = None,
) -> Snapshot:
    """Put a snapshot together; each cluster has an endpoint set of its name, routes go to all, unless said otherwise."""
    clusters = clusters or {}
    return Snapshot(
        {
            TypeUrl.CLUSTER: clusters,
            TypeUrl.ENDPOINTS: {name: endpoints(name) for name in clusters} if sets is None else sets,
            TypeUrl.ROUTES: {ROUTES: route or routes(*sorted(clusters))},
            TypeUrl.LISTENER: {"http": listener("http")} if listeners is None else listeners,
            TypeUrl.SECRET: secrets or {},
        }
    )


def variant_of(body: Any) -> str:
    """The variant that a resource was made with."""
    match body.type_url:
        case TypeUrl.CLUSTER:
            return str(Cluster.FromString(body.value).alt_stat_name)
        case TypeUrl.ENDPOINTS:
            return str(ClusterLoadAssignment.FromString(body.value).endpoints[0].locality.zone)
        case TypeUrl.ROUTES:
            return str(RouteConfiguration.FromString(body.value).virtual_hosts[0].name).removeprefix("host ")
        case TypeUrl.LISTENER:
            return str(Listener.FromString(body.value).stat_prefix)
        case _:
            return str(Secret.FromString(body.value).generic_secret.secret.inline_string)


class Model:
    """See the module. `read` takes one response from the wire, `answer` sends the oldest request; in between anything may happen."""

    def __init__(self) -> None:
        self.bodies: dict[TypeUrl, dict[str, Any]] = {kind: {} for kind in TypeUrl}
        self.versions: dict[TypeUrl, dict[str, str]] = {kind: {} for kind in TypeUrl}
        self.asked: dict[TypeUrl, set[str]] = {TypeUrl.ENDPOINTS: set(), TypeUrl.ROUTES: set(), TypeUrl.SECRET: set()}
        self.warming: set[str] = set()
        self.refused: set[tuple[TypeUrl, str]] = set()
        self.answered: set[TypeUrl] = set()
        # Asked for since it was quiet last: an answer that there is no such thing (any more) may cross it.
        self.waiting: set[tuple[TypeUrl, str]] = set()
        self.sent = 0
        self.stream = Stream()
        self._wire: deque[DeltaDiscoveryResponse] = deque()
        self._requests: deque[DeltaDiscoveryRequest] = deque()
        self._held_back: list[DeltaDiscoveryRequest] = []
        self._fresh: set[TypeUrl] = set()

    def connect(self, stream: Stream) -> None:
        """Open a stream as Envoy does: first clusters, unless some are warming, then all else that it uses."""
        self.stream = stream
        self._wire.clear()
        self._requests.clear()
        self._held_back.clear()
        self._fresh = set(TypeUrl)
        for kind in (TypeUrl.CLUSTER, TypeUrl.ENDPOINTS, TypeUrl.LISTENER, TypeUrl.ROUTES, TypeUrl.SECRET):
            if kind not in self.asked or self.asked[kind]:
                self._ask(kind, self.asked.get(kind, set()))

    @property
    def idle(self) -> bool:
        """Nothing under way in either direction."""
        return not self._wire and not self._requests and not self._pull()

    def run(self) -> None:
        """Until nothing happens any more."""
        for _ in range(3_000):
            if self.idle:
                self.waiting.clear()
                return
            self.read()
            self.answer()
        raise AssertionError("no end of messages")

    def answer(self) -> None:
        """Send the oldest request that waits."""
        if self._requests:
            self.stream.on_request(self._requests.popleft())
            self._pull()

    def read(self) -> None:
        """Take the oldest response from the wire, apply it, and acknowledge or refuse it."""
        self._pull()
        if not self._wire:
            return
        response = self._wire.popleft()
        kind = TypeUrl(response.type_url)
        names = [one.name for one in response.resources] + list(response.removed_resources)
        assert names or kind not in self.asked, "an empty response to a question for names"
        self.answered.add(kind)
        assert len(set(names)) == len(names), "one name twice in a response"
        bad = [one.name for one in response.resources if variant_of(one.resource) == BAD]
        before = len(self._requests)
        for one in response.resources:
            if one.name not in bad:
                self._apply(kind, one.name, one.resource)
                self.refused.discard((kind, one.name))
        for name in response.removed_resources:
            self._remove(kind, name)
        self.refused |= {(kind, name) for name in bad}
        if kind is TypeUrl.ENDPOINTS:
            # Envoy goes on with what it has: a cluster whose endpoints are refused counts as warm.
            self.warming -= {one for one in self.warming if self._set_of(one) in bad}
        answer = DeltaDiscoveryRequest(type_url=kind, response_nonce=response.nonce)
        if bad:
            answer.error_detail.message = f"bad: {', '.join(bad)}"
        else:
            # As Envoy: what it says that it has does not include what was good in a refused response.
            self.versions[kind].update({one.name: one.version for one in response.resources})
            for name in response.removed_resources:
                self.versions[kind].pop(name, None)
        if kind is TypeUrl.CLUSTER and self.warming:
            self._held_back.append(answer)
        else:
            # Answers go before the subscriptions that the response led to.
            self._requests.insert(before, answer)
        if not self.warming:
            self._requests.extend(self._held_back)
            self._held_back.clear()

    def _pull(self) -> bool:
        responses = self.stream.due()
        self.sent += len(responses)
        self._wire.extend(responses)
        return bool(self._wire)

    def _ask(self, kind: TypeUrl, names: Iterable[str]) -> None:
        self.waiting |= {(kind, name) for name in names}
        request = DeltaDiscoveryRequest(type_url=kind, resource_names_subscribe=sorted(names))
        if kind in self._fresh:
            self._fresh.discard(kind)
            request.initial_resource_versions.update(self.versions[kind])
        # Envoy says nothing of clusters while any of them warms.
        held_back = kind is TypeUrl.CLUSTER and self.warming
        (self._held_back if held_back else self._requests).append(request)

    def _subscribe(self, kind: TypeUrl, wanted: set[str]) -> None:
        more, less = wanted - self.asked[kind], self.asked[kind] - wanted
        self.asked[kind] = wanted
        for name in less:
            self.bodies[kind].pop(name, None)
            self.versions[kind].pop(name, None)
        if more or (less and kind not in self._fresh):
            self._ask(kind, more)
            self._requests[-1].resource_names_unsubscribe.extend(less)

    def _apply(self, kind: TypeUrl, name: str, body: Any) -> None:
        if kind in self.asked and name not in self.asked[kind]:
            return
        self.bodies[kind][name] = body
        match kind:
            case TypeUrl.CLUSTER:
                self.warming.add(name)
                self._use_sets()
            case TypeUrl.ENDPOINTS:
                self.warming -= {one for one in self.warming if self._set_of(one) == name}
            case TypeUrl.LISTENER:
                self._use_fronts()
            case TypeUrl.ROUTES:
                for one in self.routed():
                    known = one in self.bodies[TypeUrl.CLUSTER] and one not in self.warming
                    assert known or (TypeUrl.CLUSTER, one) in self.refused, f"a route to {one}, which is not warm"

    def _remove(self, kind: TypeUrl, name: str) -> None:
        held = self.bodies[kind].pop(name, None)
        match kind:
            case TypeUrl.CLUSTER:
                assert name not in self.routed(), f"{name} is gone and a route uses it"
                self.warming.discard(name)
                self._use_sets()
            case TypeUrl.ENDPOINTS:
                users = [one for one in self.bodies[TypeUrl.CLUSTER] if self._set_of(one) == name]
                assert not (held and users) or (kind, name) in self.waiting, (
                    f"endpoints {name} are gone and {users} use them"
                )
                self.warming.difference_update(users)
            case TypeUrl.SECRET:
                used = {one.name for each in self._listeners() for one in each.filter_chains}
                assert not (held and name in used) or (kind, name) in self.waiting, (
                    f"secret {name} is gone and a listener uses it"
                )
            case TypeUrl.LISTENER:
                self._use_fronts()

    def routed(self) -> set[str]:
        """Every cluster that a route names."""
        configurations = [RouteConfiguration.FromString(one.value) for one in self.bodies[TypeUrl.ROUTES].values()]
        return {str(each.route.cluster) for one in configurations for host in one.virtual_hosts for each in host.routes}

    def _set_of(self, name: str) -> str:
        body = self.bodies[TypeUrl.CLUSTER][name]
        return str(Cluster.FromString(body.value).eds_cluster_config.service_name)

    def _use_sets(self) -> None:
        self._subscribe(TypeUrl.ENDPOINTS, {self._set_of(name) for name in self.bodies[TypeUrl.CLUSTER]})

    def _listeners(self) -> list[Listener]:
        return [Listener.FromString(one.value) for one in self.bodies[TypeUrl.LISTENER].values()]

    def _use_fronts(self) -> None:
        self._subscribe(TypeUrl.SECRET, {one.name for each in self._listeners() for one in each.filter_chains})
        self._subscribe(TypeUrl.ROUTES, {ROUTES} if self.bodies[TypeUrl.LISTENER] else set())
