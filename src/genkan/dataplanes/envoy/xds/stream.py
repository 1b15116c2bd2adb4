"""One Envoy's stream: what it is told, and when. Pure: requests and snapshots in, responses out, no clock, no I/O.

Make before break:
 1. New and changed clusters, and with them the endpoint sets they use, again even if unchanged: a changed cluster is warm only
    after its endpoints arrived, and Envoy acknowledges clusters only when all are warm. Changed endpoints and secrets at any time.
 2. The barrier: listeners and routes wait until all clusters and endpoints that go before them are answered.
 3. Clusters, endpoints and secrets are removed when all listeners and routes were acknowledged, so that nothing uses them.

A refusal (NACK) passes the barrier: other routes go on, and a path whose cluster Envoy never took is answered 503, as is every path
with a broken backend. It does not allow removals: while listeners or routes are refused, the old ones run and need what they use.
What was refused is sent again when its content changes, or on a new stream; listeners also when the server says that it is time,
for they alone are refused for what their content does not show: an address that is taken may be free later.

The latest snapshot wins: what is due is computed when there is room to send, never queued.
"""

from collections.abc import Mapping
from itertools import count

from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from genkan.dataplanes import DriverState, Rejection
from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl, Versioned, endpoint_set
from genkan.dataplanes.envoy.xds.subscription import Outcome, Subscription

MAX_NAMES = 100_000
"""How many names a client may ask for, per type; one that asks for more is no Envoy of ours."""

_WORDS = {
    TypeUrl.CLUSTER: "cluster",
    TypeUrl.ENDPOINTS: "endpoints",
    TypeUrl.LISTENER: "listener",
    TypeUrl.ROUTES: "routes",
    TypeUrl.SECRET: "secret",
}

Rejections = dict[tuple[TypeUrl, str], str]
"""What was refused, by type and name, in the client's own words."""


class ProtocolError(Exception):
    """The client asked for something that no data plane of ours asks for; its stream ends with this text."""


class Stream:
    """See the module. `before` is the unit's last stream: what was refused is remembered until the new one learns it again.

    What was under way or in doubt when that stream ended is sent again: Envoy does not count what it took of a refused response.
    """

    def __init__(self, snapshot: Snapshot | None = None, before: "Stream | None" = None) -> None:
        doubts = before.in_doubt() if before else {}
        self._types = {kind: Subscription(kind, doubtful=doubts.get(kind, frozenset())) for kind in TypeUrl}
        self._clusters = self._types[TypeUrl.CLUSTER]
        self._endpoints = self._types[TypeUrl.ENDPOINTS]
        self._listeners = self._types[TypeUrl.LISTENER]
        self._routes = self._types[TypeUrl.ROUTES]
        self._secrets = self._types[TypeUrl.SECRET]
        self._nonces = map(str, count(1))
        self._snapshot: Snapshot | None = None
        self._uses: dict[str, tuple[Versioned, str | None]] = {}
        self._follow: set[str | None] = set()
        self._barrier: set[str] | None = None
        self._patience_lost = False
        self.rejections: Rejections = dict(before.rejections) if before else {}
        if snapshot is not None:
            self.on_snapshot(snapshot)

    def on_snapshot(self, snapshot: Snapshot) -> None:
        """Aim at this snapshot; whatever of an earlier one was not yet sent is forgotten."""
        self._snapshot = snapshot
        new = {type_url for type_url, subscription in self._types.items() if subscription.aim(snapshot.of(type_url))}
        if TypeUrl.CLUSTER in new:
            self._uses = {name: self._use(name, one) for name, one in snapshot.of(TypeUrl.CLUSTER).items()}
        for type_url in new:
            self._review(self._types[type_url])
        if new - {TypeUrl.ENDPOINTS}:
            # Endpoints that change all the time must not hold back routes: they alone raise no new barrier.
            self._barrier = None
            self._patience_lost = False

    def on_request(self, request: DeltaDiscoveryRequest) -> Outcome:
        """Take a request: subscriptions, and the answer to a response. Types that are not served are ignored."""
        if request.type_url not in self._types:
            return Outcome()
        type_url = TypeUrl(request.type_url)
        subscription = self._types[type_url]
        outcome = subscription.answer(request)
        if outcome.refused and type_url in {TypeUrl.CLUSTER, TypeUrl.ENDPOINTS}:
            self._barrier = None
        # An Envoy that comes back in the middle of warming clusters holds its question for clusters back, and says of the
        # endpoints they wait for that it has them: it would wait for ever.
        warming = subscription is self._endpoints and not self._clusters.started
        subscription.subscribe(request, trust_versions=not warming)
        self._follow_up()
        if len(subscription.names) > MAX_NAMES:
            raise ProtocolError(f"more than {MAX_NAMES} names of {_WORDS[type_url]} on one stream")
        self._review(subscription)
        return outcome

    def on_patience_lost(self) -> None:
        """Open the barrier once: clusters that take so long to warm must not hold back routes to all others for ever."""
        self._patience_lost = True

    def on_retry(self) -> None:
        """Offer refused listeners once more."""
        self._listeners.forget_refusals()

    @property
    def wants_retry(self) -> bool:
        """Whether listeners are refused."""
        return bool(self._listeners.refusals)

    @property
    def waiting(self) -> bool:
        """Whether listeners or routes wait at the barrier."""
        held_back = any(one.has_room and (one.pending or one.owed) for one in (self._listeners, self._routes))
        return self._snapshot is not None and held_back and not self._barrier_open()

    def due(self) -> list[DeltaDiscoveryResponse]:
        """Give all that may be sent now, in order; it counts as sent."""
        if self._snapshot is None:
            # Nothing is known of this data plane yet (we have just started): silence, it keeps what it has.
            return []
        out = self._make()
        for subscription in (self._endpoints, self._secrets):
            out += self._send(subscription, subscription.additions())
        if self._barrier_open():
            for subscription in (self._listeners, self._routes):
                out += self._send(subscription, subscription.additions() | subscription.removals())
        if self._nothing_old_is_used():
            out += self._send(self._clusters, self._clusters.removals())
            out += self._send(self._secrets, self._secrets.removals())
            if self._clusters.settled and not self._clusters.refusals:
                out += self._send(self._endpoints, self._endpoints.removals())
        return out

    def in_doubt(self) -> Mapping[TypeUrl, frozenset[str]]:
        """Names of which nobody would know what the client has, if the stream ended now."""
        return {kind: subscription.in_doubt() for kind, subscription in self._types.items()}

    @property
    def state(self) -> DriverState:
        """What this stream's Envoy has acknowledged and refused."""
        refusals = sorted(
            Rejection(f"{_WORDS[kind]} {name}", text)
            for (kind, name), text in self.rejections.items()
            if name in self._types[kind].target and name in self._types[kind].covered
        )
        return DriverState(
            connected=True,
            acknowledged=self._acknowledged(),
            settled=self._settled(),
            rejections=tuple(refusals),
        )

    def _make(self) -> list[DeltaDiscoveryResponse]:
        """Send clusters only where their endpoints can follow at once."""
        additions = self._clusters.additions()
        if (
            not (additions or self._clusters.unanswered)
            or not self._clusters.has_room
            or (self._endpoints.started and not self._endpoints.has_room)
        ):
            return []
        out = self._send(self._clusters, additions)
        self._follow |= {self._uses[resource.name][1] for response in out for resource in response.resources}
        self._follow_up()
        return out

    def _follow_up(self) -> None:
        """Owe the endpoint sets of clusters just sent, as far as the client had asked for them: for new ones it will ask by itself."""
        if self._endpoints.started:
            self._endpoints.owed |= {name for name in self._follow if name in self._endpoints.names}
            self._follow.clear()

    def _send(self, subscription: Subscription, names: set[str]) -> list[DeltaDiscoveryResponse]:
        if not (names or subscription.unanswered) or not subscription.has_room:
            return []
        return subscription.responses(names, self._nonces)

    def _barrier_open(self) -> bool:
        """Whether every cluster and endpoint set that was sent before now is answered; see the module, 2."""
        if self._patience_lost:
            return True
        under_way = self._clusters.in_flight.keys() | self._endpoints.in_flight.keys()
        if self._uses and not self._clusters.started:
            return False
        if self._barrier is None:
            if self._clusters.additions() or self._endpoints.additions():
                return False
            self._barrier = set(under_way)
        self._barrier &= under_way
        return not self._barrier and self._used_endpoints() <= self._endpoints.names

    def _nothing_old_is_used(self) -> bool:
        """Whether the listeners and routes that run are those of the snapshot; without listeners there are no routes to wait for."""
        fronts = [self._listeners, self._routes] if self._listeners.target else [self._listeners]
        return all(one.settled and not one.refusals and one.target.keys() <= one.covered for one in fronts)

    def _used_endpoints(self) -> set[str]:
        """Every endpoint set that the client must have asked for: those of clusters that it took."""
        refused = self._clusters.refusals
        return {used for name, (_, used) in self._uses.items() if used is not None and name not in refused}

    def _acknowledged(self) -> bool:
        if not self._settled():
            return False
        wanted = [one for kind, one in self._types.items() if one.target and kind not in self._unused()]
        return all(not one.refusals and one.target.keys() <= one.covered for one in wanted)

    def _settled(self) -> bool:
        """Whether the client has answered for all that it could ask for: what hangs on a refused resource it never asks for."""
        if self._snapshot is None:
            return False
        never_asked = self._unused() | ({TypeUrl.SECRET, TypeUrl.ROUTES} if self._listeners.refusals else set())
        for kind, one in self._types.items():
            if not one.settled and (one.started or (one.target and kind not in never_asked)):
                return False
        return self._used_endpoints() <= self._endpoints.names

    def _unused(self) -> set[TypeUrl]:
        """Without listeners nobody asks for routes or secrets."""
        return set() if self._listeners.target else {TypeUrl.ROUTES, TypeUrl.SECRET}

    def _use(self, name: str, cluster: Versioned) -> tuple[Versioned, str | None]:
        known = self._uses.get(name)
        return known if known and known[0] == cluster else (cluster, endpoint_set(cluster))

    def _review(self, subscription: Subscription) -> None:
        """Tell what is refused now; what was refused before stays told until the client has answered for that name again."""
        if self._snapshot is None or not subscription.started:
            return
        kind, open_names = subscription.type_url, subscription.unanswered_names()
        kept = {key: text for key, text in self.rejections.items() if key[0] is not kind or key[1] in open_names}
        self.rejections = kept | {(kind, name): text for name, text in subscription.refusals.items()}
