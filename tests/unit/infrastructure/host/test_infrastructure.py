"""Host infrastructure without processes: leases that never collide, reports that are written only when they say something new."""

import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from genkan.errors import ConfigError, TerminalError
from genkan.infrastructure import Phase, Report
from genkan.infrastructure.host import records
from genkan.infrastructure.host.addresses import Lease, Probe, Verdict
from genkan.infrastructure.host.infrastructure import HostInfrastructure
from genkan.infrastructure.host.state import holder
from genkan.ir import Condition, Level, Origin, Reason
from genkan.model import Ingress, ObjectKey, ObjectMeta

WEB = ObjectKey("shop", "web")

Make = Callable[..., HostInfrastructure]


def free(_address: str, _port: int) -> Verdict:
    return Verdict.FREE


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Make host infrastructures whose probe is the test's own."""
    made: list[HostInfrastructure] = []

    def new(probe: Probe = free, *, name: str = "state") -> HostInfrastructure:
        clock = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
        made.append(HostInfrastructure(tmp_path / name, on_change=lambda _key: None, probe=probe, clock=lambda: clock))
        return made[-1]

    yield new
    for infrastructure in made:
        await infrastructure.release()


def report(*conditions: Condition, addresses: tuple[str, ...] = ()) -> Report:
    ingress = Ingress(metadata=ObjectMeta(namespace="shop", name="web"))
    return Report(ingress, addresses, (80,) if addresses else (), conditions)


async def test_a_start_that_fails_lets_go_of_the_state_directory(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here for want of a place for sockets: once there is one, the next start begins as if nothing had been."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/proc")
    name = "d" * 100
    with pytest.raises(ConfigError, match="no folder for Unix sockets"):
        await make(name=name).start()
    assert holder(tmp_path / name) is None
    with tempfile.TemporaryDirectory() as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        infrastructure = make(name=name)
        await infrastructure.start()
        assert infrastructure.control_plane.startswith(f"{runtime}/")


async def test_what_holds_keys_is_private_whatever_the_state_directory(make: Make, tmp_path: Path) -> None:
    """The state directory may have been there, open to all readers, and so may what is in it."""
    folder = tmp_path / "state" / "dataplanes"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    infrastructure = make()
    await infrastructure.start()
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_a_thousand_leases_never_collide(make: Make) -> None:
    """Each its own address."""
    infrastructure = make()
    await infrastructure.start()
    found = {(await infrastructure.bind(ObjectKey("shop", f"web-{n}"))).address for n in range(1000)}
    assert len(found) == 1000


async def test_an_address_that_was_promised_is_nobody_elses(make: Make, tmp_path: Path) -> None:
    """A kept lease counts although nothing runs there yet."""
    infrastructure = make()
    await infrastructure.start()
    wanted = (await infrastructure.bind(WEB)).address
    await infrastructure.delete(WEB)
    other = ObjectKey("shop", "other")
    await infrastructure.bind(other)
    await infrastructure.release()
    kept = records.read_record(tmp_path / "state", other)
    assert kept is not None
    promised = msgspec.structs.replace(kept, lease=Lease(wanted, kept.lease.ports))
    records.write_record(tmp_path / "state", promised)
    again = make()
    await again.start()
    assert (await again.bind(WEB)).address != wanted
    assert (await again.bind(other)).address == wanted


async def test_two_state_directories_give_two_addresses(make: Make) -> None:
    """Salted by the real path."""
    first, second = make(), make(name="other")
    await first.start()
    await second.start()
    assert (await first.bind(WEB)).address != (await second.bind(WEB)).address


async def test_an_address_that_was_lost_moves_and_is_kept_from_then_on(make: Make) -> None:
    """Somebody else took it while nothing ran."""
    first = make()
    await first.start()
    lost = (await first.bind(WEB)).address
    await first.report(WEB, report(addresses=(lost,)))
    await first.release()
    second = make(lambda address, _port: Verdict.TAKEN if address == lost else Verdict.FREE)
    await second.start()
    moved = (await second.bind(WEB)).address
    assert moved != lost
    assert not second.observe(WEB).reported
    await second.release()
    third = make()
    await third.start()
    assert (await third.bind(WEB)).address == moved


async def test_a_record_that_cannot_be_read_costs_nothing(make: Make, tmp_path: Path) -> None:
    """The address is derived again."""
    first = make()
    await first.start()
    address = (await first.bind(WEB)).address
    await first.release()
    (records.folder(tmp_path / "state", WEB) / "record.json").write_text("{")
    second = make()
    await second.start()
    assert (await second.bind(WEB)).address == address


@pytest.mark.parametrize(
    ("verdict", "level", "words"),
    [
        (Verdict.FORBIDDEN, Level.NORMAL, "this user may not listen on port 80, so it is served on 8080"),
        (Verdict.TAKEN, Level.WARNING, "another program listens on port 80 of all addresses, so it is served on 8080"),
    ],
)
async def test_a_stand_in_is_told(make: Make, verdict: Verdict, level: Level, words: str) -> None:
    """With what to do; the real port is observed."""
    infrastructure = make(lambda _address, port: verdict if port == 80 else Verdict.FREE)
    await infrastructure.start()
    binding = await infrastructure.bind(WEB)
    assert binding.ports == {80: 8080, 443: 443}
    seen = infrastructure.observe(WEB)
    assert seen.ports == {80: 8080, 443: 443}
    (told,) = seen.conditions
    assert (told.reason, told.level, told.origin) == (Reason.PORT_UNAVAILABLE, level, Origin("Ingress", "shop", "web"))
    assert words in told.message


async def test_no_port_at_all_is_an_error_that_says_so(make: Make) -> None:
    """Loopback is full of somebody else."""
    infrastructure = make(lambda _address, _port: Verdict.TAKEN)
    await infrastructure.start()
    with pytest.raises(TerminalError, match="no loopback address has ports 80, 443") as raised:
        await infrastructure.bind(WEB)
    assert raised.value.reason == Reason.PORT_UNAVAILABLE
    assert infrastructure.owned() == frozenset()


async def test_an_equal_report_writes_nothing(make: Make, tmp_path: Path) -> None:
    """Neither at once nor after a restart."""
    told = Condition(Origin("Service", "shop", "web", "spec.ports[0]"), Reason.PORT_NOT_FOUND, "no port")
    path = records.folder(tmp_path / "state", WEB) / "report.json"
    first = make()
    await first.start()
    await first.report(WEB, report(told))
    written = path.stat().st_ino  # a file that is written is a new one
    await first.report(WEB, report(told))
    await first.release()
    second = make()
    await second.start()
    await second.report(WEB, report(told))
    assert path.stat().st_ino == written
    await second.report(WEB, report())
    assert path.stat().st_ino != written
    assert second.owned() == {WEB}


async def test_after_the_end_no_address_is_shown(make: Make, tmp_path: Path) -> None:
    """Nothing serves there; when it comes back, the status is empty until it serves."""
    first = make()
    await first.start()
    binding = await first.bind(WEB)
    await first.report(WEB, report(addresses=(binding.address,)))
    assert first.observe(WEB).reported
    await first.stop_all()
    (ingress,) = records.read_ingresses(tmp_path / "state")
    assert ingress["status"] == {"loadBalancer": {}}
    second = make()
    await second.start()
    assert (await second.bind(WEB)) == binding
    seen = second.observe(WEB)
    assert (seen.phase, seen.reported) == (Phase.ABSENT, False)
