"""A driver and an infrastructure that only remember what they were told: for tests of what calls them."""

from genkan.infrastructure import Observation, Phase, Report
from genkan.ir import Binding, Capabilities, Certificate, DriverState, EndpointSet, Traffic, Workload
from genkan.model import ObjectKey


class FakeDriver:
    """Implements `genkan.dataplanes.Driver`; `states` is what it pretends to know."""

    name = "fake"
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.traffic: dict[str, Traffic] = {}
        self.endpoints: dict[str, tuple[EndpointSet, ...]] = {}
        self.states: dict[str, DriverState] = {}
        self.rendered = 0

    def workload(self, unit: str, traffic: Traffic, binding: Binding) -> Workload:
        del traffic, binding
        return Workload(kind="fake", command=("fake", unit))

    def publish(self, unit: str, traffic: Traffic, endpoints: tuple[EndpointSet, ...], binding: Binding) -> None:
        del binding
        self.rendered += 1
        self.traffic[unit] = traffic
        self.endpoints[unit] = endpoints

    def publish_endpoints(self, unit: str, endpoints: tuple[EndpointSet, ...]) -> None:
        self.endpoints[unit] = endpoints

    def withdraw(self, unit: str) -> None:
        self.traffic.pop(unit, None)
        self.endpoints.pop(unit, None)

    def state(self, unit: str) -> DriverState:
        return self.states.get(unit, DriverState())


class FakeInfrastructure:
    """Implements `genkan.infrastructure.Infrastructure`; `observations` is what it pretends to see."""

    def __init__(self) -> None:
        self.workloads: dict[ObjectKey, Workload] = {}
        self.reports: dict[ObjectKey, Report] = {}
        self.observations: dict[ObjectKey, Observation] = {}
        self.certificates: dict[ObjectKey, tuple[Certificate, ...]] = {}
        self.obstacle: Exception | None = None

    async def bind(self, key: ObjectKey) -> Binding:
        if self.obstacle is not None:
            raise self.obstacle
        folder = f"state/{key}"
        return Binding("127.0.0.2", {80: 80, 443: 443}, "xds", "admin", "ready", folder, "state")

    async def apply(self, key: ObjectKey, workload: Workload) -> None:
        self.workloads[key] = workload

    def observe(self, key: ObjectKey) -> Observation:
        return self.observations.get(key, Observation(Phase.STARTING))

    async def report(self, key: ObjectKey, report: Report) -> None:
        self.reports[key] = report

    async def keep(self, key: ObjectKey, served: tuple[Certificate, ...]) -> None:
        self.certificates[key] = served

    def kept(self, key: ObjectKey) -> tuple[Certificate, ...]:
        return self.certificates.get(key, ())

    async def delete(self, key: ObjectKey) -> None:
        self.workloads.pop(key, None)
        self.reports.pop(key, None)
        self.certificates.pop(key, None)

    def owned(self) -> frozenset[ObjectKey]:
        return frozenset(self.workloads)
