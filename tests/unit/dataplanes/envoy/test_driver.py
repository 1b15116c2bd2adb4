"""The driver: hands on what differs, and nothing else."""

import subprocess
import sys

from genkan.dataplanes import DriverState
from genkan.dataplanes.envoy.driver import EnvoyDriver
from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl
from genkan.settings import Settings
from tests.support.traffic import binding, cluster, endpoints, host, route, traffic

WANTED = traffic(host("*", route("/", "shop/web:80")), clusters=(cluster("shop/web:80"),))
SETS = (endpoints("shop/web:80", "198.51.100.1:80"),)


class Recorder:
    """An xDS server that notes what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, Snapshot | None]] = []

    def set_snapshot(self, unit: str, snapshot: Snapshot) -> None:
        """Note it."""
        self.given.append((unit, snapshot))

    def remove(self, unit: str) -> None:
        """Note it."""
        self.given.append((unit, None))

    def state(self, unit: str) -> DriverState:
        """Tell units apart."""
        return DriverState(connected=unit == "shop/web")


def driver() -> tuple[EnvoyDriver, Recorder]:
    recorder = Recorder()
    return EnvoyDriver(recorder, Settings(envoy="sh")), recorder


def test_equal_configuration_wakes_nobody() -> None:
    envoy, recorder = driver()
    for _ in range(3):
        envoy.publish("shop/web", WANTED, SETS, binding())
        envoy.publish_endpoints("shop/web", SETS)
    assert len(recorder.given) == 1


def test_endpoints_alone_share_the_rest() -> None:
    envoy, recorder = driver()
    envoy.publish("shop/web", WANTED, SETS, binding())
    envoy.publish_endpoints("shop/web", (endpoints("shop/web:80", "198.51.100.2:80"),))
    first, second = (snapshot for _, snapshot in recorder.given)
    assert first is not None
    assert second is not None
    assert first.of(TypeUrl.ROUTES) is second.of(TypeUrl.ROUTES)
    assert first.of(TypeUrl.ENDPOINTS) != second.of(TypeUrl.ENDPOINTS)


def test_endpoints_of_nothing_published_are_nothing_to_do() -> None:
    envoy, recorder = driver()
    envoy.publish_endpoints("shop/web", SETS)
    assert recorder.given == []


def test_a_withdrawn_unit_starts_anew() -> None:
    envoy, recorder = driver()
    envoy.publish("shop/web", WANTED, SETS, binding())
    envoy.withdraw("shop/web")
    envoy.publish("shop/web", WANTED, SETS, binding())
    assert [snapshot is None for _, snapshot in recorder.given] == [False, True, False]


def test_units_do_not_meet() -> None:
    envoy, recorder = driver()
    envoy.publish("shop/web", WANTED, SETS, binding())
    envoy.publish("shop/api", WANTED, SETS, binding())
    assert [unit for unit, _ in recorder.given] == ["shop/web", "shop/api"]


def test_state_is_the_servers() -> None:
    envoy, _ = driver()
    assert envoy.state("shop/web").connected
    assert not envoy.state("shop/api").connected


def test_no_edit_of_traffic_changes_the_process() -> None:
    envoy, _ = driver()
    assert envoy.workload("shop/web", WANTED, binding()) == envoy.workload("shop/web", traffic(), binding())


def test_importing_it_loads_no_protobuf() -> None:
    """`genkan get` has to stay quick."""
    program = "import sys, genkan.dataplanes.envoy.driver; sys.exit('google.protobuf' in sys.modules or 'grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
