"""Whatever is published, in whatever order messages cross, streams break and servers restart: it ends with the last snapshot."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl
from genkan.dataplanes.envoy.xds.stream import Stream
from tests.unit.dataplanes.envoy.xds import model

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
VARIANTS = st.sampled_from(["", "1", "2", model.BAD])


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """As a renderer makes them: all that is named is there; what is refused is refused for its content."""
    chosen = draw(st.dictionaries(NAMES, st.tuples(VARIANTS, NAMES)))
    clusters = {name: model.cluster(name, variant, uses) for name, (variant, uses) in chosen.items()}
    sets = {uses: model.endpoints(uses, draw(VARIANTS)) for _, uses in chosen.values()}
    routed = draw(st.lists(st.sampled_from(sorted(clusters)), unique=True)) if clusters else []
    chains = draw(st.dictionaries(st.sampled_from(["x", "y"]), VARIANTS))
    listeners = {"http": model.listener("http", variant=draw(VARIANTS))}
    if chains:
        listeners["https"] = model.listener("https", *sorted(chains), variant=draw(VARIANTS))
    return model.snapshot(
        clusters,
        sets=sets,
        route=model.routes(*routed, variant=draw(VARIANTS)),
        listeners=listeners,
        secrets={name: model.secret(name, variant) for name, variant in chains.items()},
    )


class Life(RuleBasedStateMachine):
    """An Envoy and its server, with everything that can come between them."""

    @initialize(first=st.none() | snapshots())
    def begin(self, first: Snapshot | None) -> None:
        self.envoy = model.Model()
        self.snapshot = first
        self.stream = Stream(first)
        self.envoy.connect(self.stream)

    @rule(snapshot=snapshots())
    def publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.stream.on_snapshot(snapshot)

    @rule(times=st.integers(1, 6))
    def read(self, times: int) -> None:
        for _ in range(times):
            self.envoy.read()

    @rule(times=st.integers(1, 6))
    def answer(self, times: int) -> None:
        for _ in range(times):
            self.envoy.answer()

    @rule()
    def offer_refused_listeners_again(self) -> None:
        self.stream.on_retry()

    @rule()
    def break_the_stream(self) -> None:
        self.stream = Stream(self.snapshot, before=self.stream)
        self.envoy.connect(self.stream)

    @rule(known=st.booleans())
    def restart_the_server(self, known: bool) -> None:
        """Not while anything is in doubt: what Envoy took of a refused response, only the server that sent it can know."""
        self.envoy.run()
        if any(self.stream.in_doubt().values()):
            return
        self.stream = Stream(self.snapshot if known else None)
        self.snapshot = self.snapshot if known else None
        self.envoy.connect(self.stream)

    @rule()
    def settle(self) -> None:
        self.envoy.run()
        if self.snapshot is not None:
            self._check(self.snapshot)

    def teardown(self) -> None:
        """In the end all is as published last, and the state tells the truth."""
        if hasattr(self, "envoy"):
            self.settle()

    def _check(self, wanted: Snapshot) -> None:
        bad = {(kind, name) for kind in TypeUrl for name, one in wanted.of(kind).items() if _is_bad(one.body)}
        fronts_refused = any(kind in {TypeUrl.LISTENER, TypeUrl.ROUTES} for kind, _ in bad)
        for kind in TypeUrl:
            has = self.envoy.bodies[kind]
            for name, one in wanted.of(kind).items():
                if (kind, name) not in bad and (kind not in self.envoy.asked or name in self.envoy.asked[kind]):
                    assert has.get(name) == one.body, f"{kind} {name} is not as published"
            if not bad:
                assert has.keys() == wanted.of(kind).keys()
        state = self.stream.state
        told = {one.resource.split()[1] for one in state.rejections}
        seen = {name for kind, name in bad if kind not in self.envoy.asked or name in self.envoy.asked[kind]}
        assert told == seen
        assert state.acknowledged == (not bad)
        if not fronts_refused:
            assert self.envoy.bodies[TypeUrl.CLUSTER].keys() <= wanted.of(TypeUrl.CLUSTER).keys()


def _is_bad(body: Any) -> bool:
    return model.variant_of(body) == model.BAD


def test_every_life_ends_with_the_last_snapshot() -> None:
    """See the module; what must never happen on the way is asserted by the model."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=150,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
