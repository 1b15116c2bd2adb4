"""What every infrastructure promises its caller, whatever it runs data planes on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from genkan.infrastructure import Infrastructure, Phase, Report
from genkan.infrastructure.host.infrastructure import HostInfrastructure
from genkan.ir import Condition, Origin, Reason
from genkan.model import Ingress, ObjectKey, ObjectMeta
from tests.feature.host.static_envoy import static_envoy
from tests.support.fakes import FakeInfrastructure
from tests.support.waiting import until

WEB, OTHER = ObjectKey("shop", "web"), ObjectKey("shop", "other")


@pytest.fixture(params=["host", "fake"])
async def infrastructure(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Infrastructure]:
    """Each one there is, empty."""
    if request.param == "fake":
        yield cast("Infrastructure", FakeInfrastructure())
        return
    host = HostInfrastructure(tmp_path / "state", on_change=lambda _key: None)
    await host.start()
    yield host
    await host.stop_all(longest_drain=0.0)


def report(key: ObjectKey, *conditions: Condition, addresses: tuple[str, ...] = ()) -> Report:
    ingress = Ingress(metadata=ObjectMeta(namespace=key.namespace, name=key.name))
    return Report(ingress, addresses, (80,) if addresses else (), conditions)


async def run(infrastructure: Infrastructure, key: ObjectKey) -> None:
    binding = await infrastructure.bind(key)
    await infrastructure.apply(key, static_envoy(str(key), binding))


async def test_an_empty_one_owns_nothing(infrastructure: Infrastructure) -> None:
    """And can be asked about anything."""
    assert infrastructure.owned() == frozenset()
    assert infrastructure.observe(WEB).phase is not Phase.READY


async def test_bind_gives_one_answer(infrastructure: Infrastructure) -> None:
    """Rendering depends on it: another answer would be another configuration."""
    first = await infrastructure.bind(WEB)
    await run(infrastructure, OTHER)
    await run(infrastructure, WEB)
    assert await infrastructure.bind(WEB) == first


async def test_a_binding_is_complete(infrastructure: Infrastructure) -> None:
    """Everything that a driver renders from."""
    binding = await infrastructure.bind(WEB)
    assert binding.address
    assert set(binding.ports) == {80, 443}
    assert all((binding.control_plane, binding.admin, binding.readiness, binding.config_dir, binding.state_dir))
    assert binding.control_plane == (await infrastructure.bind(OTHER)).control_plane


async def test_what_was_applied_is_owned_until_it_is_deleted(infrastructure: Infrastructure) -> None:
    """So that a controller finds what it made."""
    await run(infrastructure, WEB)
    await run(infrastructure, OTHER)
    assert infrastructure.owned() == {WEB, OTHER}
    await infrastructure.delete(WEB)
    assert infrastructure.owned() == {OTHER}


async def test_delete_is_idempotent(infrastructure: Infrastructure) -> None:
    """Also for what never was."""
    await run(infrastructure, WEB)
    for _ in range(2):
        await infrastructure.delete(WEB)
        await infrastructure.delete(OTHER)
    assert infrastructure.owned() == frozenset()


async def test_what_was_deleted_can_come_back(infrastructure: Infrastructure) -> None:
    """An Ingress that is deleted and created anew."""
    await run(infrastructure, WEB)
    await infrastructure.delete(WEB)
    await run(infrastructure, WEB)
    assert infrastructure.owned() == {WEB}


async def test_a_report_needs_no_data_plane(infrastructure: Infrastructure) -> None:
    """There is something to tell before anything runs."""
    told = Condition(Origin("Ingress", "shop", "web"), Reason.SERVICE_NOT_FOUND, "no Service")
    await infrastructure.report(WEB, report(WEB, told))
    await infrastructure.report(WEB, report(WEB))
    await infrastructure.delete(WEB)
    assert infrastructure.owned() == frozenset()


async def test_what_is_observed_is_where_it_was_bound(tmp_path: Path) -> None:
    """Host: ready at the bound address and ports; an address in the status is told as such."""
    state_dir = tmp_path / "state"
    host = HostInfrastructure(state_dir, on_change=lambda _key: None)
    await host.start()
    try:
        await run(host, WEB)
        binding = await host.bind(WEB)
        await until(lambda: host.observe(WEB).phase is Phase.READY, 30)
        seen = host.observe(WEB)
        assert (seen.addresses, dict(seen.ports), seen.reported) == ((binding.address,), dict(binding.ports), False)
        await host.report(WEB, report(WEB, addresses=(binding.address,)))
        assert host.observe(WEB).reported
    finally:
        await host.stop_all(longest_drain=0.0)
