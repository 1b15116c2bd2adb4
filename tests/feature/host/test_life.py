"""A data plane's life: started, ready, started again when it dies, told about, alone in its misfortune."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from genkan.infrastructure import Phase
from genkan.infrastructure.host import drain
from genkan.ir import Reason, Workload
from genkan.model import ObjectKey
from tests.feature.host.static_envoy import static_envoy
from tests.feature.host.watching import OTHER, WEB, Watched, ask
from tests.support.waiting import until

Host = Callable[..., Watched]


async def test_it_serves_at_an_address_of_its_own(host: Host) -> None:
    """Two data planes, two addresses, one port."""
    watched = host()
    await watched.infrastructure.start()
    first, second = await watched.run(WEB, body="web"), await watched.run(OTHER, body="other")
    assert first.address != second.address
    assert (await ask(first), await ask(second)) == ("web", "other")
    assert watched.infrastructure.owned() == {WEB, OTHER}
    assert {WEB, OTHER} == set(watched.changes)


async def test_what_runs_says_whose_it_is(host: Host, state_dir: Path) -> None:
    """`ps` shows the state directory and namespace/name."""
    watched = host()
    await watched.infrastructure.start()
    await watched.run()
    assert str(state_dir) in watched.command_line()
    assert "shop/web" in watched.command_line()


async def test_an_equal_workload_leaves_it_alone(host: Host) -> None:
    """However often it is applied."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.run()
    pid, told = watched.pid(), len(watched.changes)
    for _ in range(5):
        assert await watched.infrastructure.bind(WEB) == binding
        await watched.infrastructure.apply(WEB, static_envoy("shop/web", binding))
    assert await ask(binding) == "hello"
    assert (watched.pid(), len(watched.changes)) == (pid, told)


async def test_another_workload_replaces_it(host: Host) -> None:
    """At the same address."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.run()
    pid = watched.pid()
    await watched.infrastructure.apply(WEB, static_envoy("shop/web", binding, body="new"))
    await watched.replaced(pid)
    assert await ask(binding) == "new"
    assert not watched.tells(Reason.RESTARTED)


async def test_what_dies_is_started_again(host: Host) -> None:
    """At once, at the same address, and the user is told how it ended."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.run()
    pid = watched.pid()
    os.kill(pid, signal.SIGKILL)
    assert "was ended by SIGKILL" in await watched.told(Reason.RESTARTED)
    await watched.replaced(pid)
    assert await ask(binding) == "hello"
    assert watched.infrastructure.observe(WEB).addresses == (binding.address,)


async def test_one_that_crashes_in_a_loop_delays_nobody(host: Host) -> None:
    """It is told about with its last words; the other one is ready meanwhile; repaired, it serves."""
    watched = host()
    await watched.infrastructure.start()
    await watched.run_program(sys.executable, "-c", "raise SystemExit('no such thing')")
    message = await watched.told(Reason.FAILED)
    assert "ended with exit code 1" in message
    assert "it said last: no such thing" in message
    assert await ask(await watched.run(OTHER)) == "hello"
    assert watched.infrastructure.observe(WEB).phase is not Phase.READY
    assert await ask(await watched.run(WEB)) == "hello"


async def test_a_program_that_is_not_there(host: Host) -> None:
    """Told in words, tried again, replaced by one that is."""
    watched = host()
    await watched.infrastructure.start()
    await watched.run_program("/does/not/exist")
    assert "/does/not/exist" in await watched.told(Reason.FAILED)
    assert await ask(await watched.run()) == "hello"
    assert not watched.tells(Reason.FAILED)


async def test_a_port_taken_by_somebody_else_is_waited_for(host: Host) -> None:
    """Never shared, though both could: it is told, and starts when the port is free."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.infrastructure.bind(WEB)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((binding.address, binding.ports[80]))
        other.listen()
        await watched.infrastructure.apply(WEB, static_envoy("shop/web", binding))
        message = await watched.told(Reason.PORT_UNAVAILABLE)
        assert f"another program listens on {binding.address}:{binding.ports[80]}" in message
        assert not watched.processes()
    await watched.ready()
    assert not watched.tells(Reason.PORT_UNAVAILABLE)
    assert await ask(binding) == "hello"


async def test_an_address_taken_before_it_was_given_is_not_given(host: Host) -> None:
    """A listener of another state directory, or of anybody."""
    watched = host()
    await watched.infrastructure.start()
    wanted = await watched.infrastructure.bind(WEB)
    await watched.infrastructure.delete(WEB)
    with socket.create_server((wanted.address, wanted.ports[80]), reuse_port=True):
        assert (await watched.infrastructure.bind(WEB)).address != wanted.address


async def test_it_is_ready_only_when_it_listens(host: Host) -> None:
    """A readiness socket that answers 200 does not make up for a listener that is not there."""
    watched = host()
    await watched.infrastructure.start()
    binding = await watched.infrastructure.bind(WEB)
    silent = static_envoy("shop/web", binding)
    (file,) = silent.files
    elsewhere = file.content.replace(f'"{binding.address}"', '"127.99.98.97"')
    changed = Workload(silent.kind, silent.command, (type(file)(file.path, elsewhere),), drain=silent.drain)
    await watched.infrastructure.apply(WEB, changed)
    await until(lambda: _listens("127.99.98.97", binding.ports[80]))
    assert await drain.is_ready(binding.readiness)
    assert not await watched.infrastructure._supervisors[WEB]._serves()
    assert watched.infrastructure.observe(WEB).phase is Phase.STARTING


async def test_one_long_name_and_one_long_state_directory(tmp_path: Path) -> None:
    """Names as long as the API allows, and sockets that still fit."""
    from genkan.infrastructure.host.infrastructure import HostInfrastructure

    state_dir = tmp_path / ("d" * 120)
    key = ObjectKey("n" * 63, "i" * 253)
    infrastructure = HostInfrastructure(state_dir, on_change=lambda _key: None)
    await infrastructure.start()
    try:
        watched = Watched(infrastructure, state_dir)
        assert await ask(await watched.run(key)) == "hello"
    finally:
        await infrastructure.stop_all()
        Path(infrastructure.control_plane).parent.rmdir()


def _listens(address: str, port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex((address, port)) == 0
