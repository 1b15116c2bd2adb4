"""One type of resource on one stream: what the client asked for, what it has, what is under way, what it refused.

Pure bookkeeping of the delta protocol (xDS, "Incremental xDS"); when something may be sent is decided in `stream`.
A name's version is the hash of its content, ABSENT where there is none, UNKNOWN where the client's answer left it open.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse, Resource

from genkan.dataplanes.envoy.xds.snapshot import TypeUrl, Versioned

ABSENT = ""
UNKNOWN = "?"
WILDCARD = "*"

WINDOW = 4
"""How many responses of one type may wait for their acknowledgement; what changes meanwhile is sent as one."""

_WILDCARD_BY_SILENCE = frozenset({TypeUrl.CLUSTER, TypeUrl.LISTENER})
"""Types for which a first request without names means all of them (xDS protocol, "Wildcard subscriptions")."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client said about one response: the names that it took, or the one that it refused, if that is known, in its words."""

    accepted: bool = False
    refused: bool = False
    names: tuple[str, ...] = ()
    message: str = ""


@dataclass(slots=True, eq=False)
class Subscription:
    """See the module. `pending` differs from what the client has, `owed` was asked for and is due whatever the client has.

    `unanswered`: a client that has nothing asked for everything. It waits for an answer also when there is nothing.
    """

    type_url: TypeUrl
    doubtful: frozenset[str] = frozenset()
    started: bool = False
    wildcard: bool = False
    names: set[str] = field(default_factory=set)
    target: Mapping[str, Versioned] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    unanswered: bool = False
    in_flight: dict[str, dict[str, str]] = field(default_factory=dict)
    _refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    _has: dict[str, str] = field(default_factory=dict)
    _suspects: list[list[str]] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether the client has answered for all that it asked for; a refusal is an answer."""
        return self.started and not (self.pending or self.owed or self.in_flight or self.unanswered)

    @property
    def refusals(self) -> Mapping[str, str]:
        """What the client refuses of the target, name to its words."""
        return {name: words for name, (version, words) in self._refused.items() if version == self._wanted(name)}

    @property
    def has_room(self) -> bool:
        """Whether another response may be under way."""
        return self.started and len(self.in_flight) < WINDOW

    @property
    def covered(self) -> AbstractSet[str]:
        """Every name of the target that the client asked for."""
        return self.target.keys() if self.wildcard else self.names

    def aim(self, target: Mapping[str, Versioned]) -> bool:
        """Make this what the client shall have; give whether it is new."""
        if target is self.target or target == self.target:
            return False
        self.target = target
        interesting = self.names | (self._has.keys() | target.keys() if self.wildcard else set())
        self.pending = {name for name in interesting if self._differs(name)}
        return True

    def subscribe(self, request: DeltaDiscoveryRequest, *, trust_versions: bool) -> None:
        """Take over what a request asks for and what it gives up.

        `trust_versions` False answers a first request in full, whatever versions the client says that it has.
        """
        names = set(request.resource_names_subscribe)
        silent = not self.started and not names and self.type_url in _WILDCARD_BY_SILENCE
        if not self.started:
            self.started = True
            # A client does not say that it has what it took of a refused response.
            self._has = dict(request.initial_resource_versions) | dict.fromkeys(self.doubtful, UNKNOWN)
            known = {name for name in names if trust_versions and name in self._has}
        else:
            known = set()
        if silent or WILDCARD in names:
            asked_again = self.wildcard
            self.wildcard = True
            self.unanswered = not asked_again and not self._has
            everything = self._has.keys() | self.target.keys()
            self.pending |= {name for name in everything if self._differs(name)}
            if asked_again:
                self.owed |= self.target.keys()
        names.discard(WILDCARD)
        self.names |= names
        self.pending |= {name for name in names if self._differs(name)}
        self.owed |= names - known
        self._unsubscribe(request.resource_names_unsubscribe)

    def answer(self, request: DeltaDiscoveryRequest) -> Outcome:
        """Take an acknowledgement or a refusal; a nonce that is not under way is stale and says nothing."""
        sent = self.in_flight.pop(request.response_nonce, None)
        if sent is None:
            return Outcome()
        if not request.HasField("error_detail"):
            for name, version in sent.items():
                if version == ABSENT and self._has.get(name) == ABSENT:
                    del self._has[name]
                    self._refused.pop(name, None)
                elif name in self._refused and self._refused[name][0] == version:
                    del self._refused[name]
            return Outcome(accepted=True, names=tuple(sent))
        wanted = {name: version for name, version in sent.items() if self.wildcard or name in self.names}
        culprit = tuple(wanted) if len(sent) == 1 else ()
        message = " ".join(request.error_detail.message.split())
        self._refused.update({name: (wanted[name], message) for name in culprit})
        self._doubt(wanted)
        return Outcome(refused=True, names=culprit, message=message)

    def forget_refusals(self) -> None:
        """Make what was refused due again."""
        refused = self.refusals.keys()
        self._refused = {name: why for name, why in self._refused.items() if name not in refused}
        self.pending |= {name for name in refused if self._differs(name)}

    def in_doubt(self) -> frozenset[str]:
        """Names of which nobody knows what the client has, if the stream ends now."""
        unknown = {name for name, version in self._has.items() if version == UNKNOWN}
        doubtful = self.doubtful if not self.started else frozenset()
        return doubtful.union(unknown, *self.in_flight.values())

    def unanswered_names(self) -> set[str]:
        """Names that something is due for or under way."""
        return self.pending.union(self.owed, *self.in_flight.values())

    def additions(self) -> set[str]:
        """What is due and exists, and what was asked for and does not: a client must not wait for it."""
        return {name for name in self.pending | self.owed if name in self.target or name in self.owed & self.names}

    def removals(self) -> set[str]:
        """What the client has to forget."""
        return {name for name in self.pending | self.owed if name not in self.target}

    def responses(self, names: set[str], nonces: Iterator[str]) -> list[DeltaDiscoveryResponse]:
        """Send these names: in one response, but those of a refused response apart from each other until the culprit is found."""
        if not names and self.unanswered:
            return [self._response([], next(nonces))]
        groups = []
        for suspects in self._suspects:
            groups.append([name for name in suspects if name in names])
            names = names.difference(suspects)
        ready = [group for group in [sorted(names), *groups] if group][: WINDOW - len(self.in_flight)]
        return [self._response(group, next(nonces)) for group in ready]

    def _response(self, names: list[str], nonce: str) -> DeltaDiscoveryResponse:
        versions = {name: self._wanted(name) for name in names}
        self.in_flight[nonce] = versions
        self.unanswered = False
        self._has.update(versions)
        self.pending.difference_update(names)
        self.owed.difference_update(names)
        self._suspects = [group for group in self._suspects if not versions.keys() & group]
        return DeltaDiscoveryResponse(
            type_url=self.type_url,
            nonce=nonce,
            resources=[
                Resource(name=name, version=version, resource=self.target[name].body)
                for name, version in versions.items()
                if version != ABSENT
            ],
            removed_resources=[name for name, version in versions.items() if version == ABSENT],
        )

    def _doubt(self, sent: Mapping[str, str]) -> None:
        """Treat all of a refused response as unknown: Envoy may have applied the good ones, or none.

        One resource is not sent again. Several are, in halves, until each refused one stands alone: Envoy decodes a response as
        a whole, so that one bad resource can keep all others out.
        """
        for name, version in sent.items():
            if self._has.get(name) == version:
                self._has[name] = UNKNOWN
        if len(sent) > 1:
            names = list(sent)
            self._suspects += [names[: len(names) // 2], names[len(names) // 2 :]]
        self.pending |= {name for name in sent if self._differs(name)}

    def _unsubscribe(self, names: Iterable[str]) -> None:
        for name in names:
            if name == WILDCARD:
                self.wildcard = False
            self.names.discard(name)
            if not self.wildcard:
                self.owed.discard(name)
                self.pending.discard(name)
                self._has.pop(name, None)
                self._refused.pop(name, None)
        if WILDCARD in names:
            self.pending &= self.names
            self.owed &= self.names
            self._has = {name: version for name, version in self._has.items() if name in self.names}

    def _wanted(self, name: str) -> str:
        resource = self.target.get(name)
        return resource.version if resource else ABSENT

    def _differs(self, name: str) -> bool:
        wanted = self._wanted(name)
        return self._has.get(name, ABSENT) != wanted and self._refused.get(name, (None,))[0] != wanted
