"""Addresses: the same for the same name, nobody else's, and only where binding really works."""

import ipaddress
import socket
from itertools import islice

import pytest

from genkan.infrastructure.host.addresses import Lease, Obstacle, Verdict, candidates, choose, probe, stand_ins
from tests.support.waiting import free_port

FREE, TAKEN, FORBIDDEN = Verdict.FREE, Verdict.TAKEN, Verdict.FORBIDDEN


def test_the_same_name_asks_for_the_same_addresses_in_every_run() -> None:
    """Pinned: another order would move every user's address at an upgrade."""
    assert list(islice(candidates("/state", "shop/web"), 3)) == ["127.232.62.4", "127.70.82.199", "127.128.118.197"]


def test_another_state_directory_asks_for_others() -> None:
    """Two `serve` on one machine hardly ever want one address."""
    assert not {*islice(candidates("/a", "shop/web"), 50)} & {*islice(candidates("/b", "shop/web"), 50)}


def test_no_candidate_is_an_address_that_others_use_by_custom() -> None:
    """127.0.0.0/16 holds 127.0.0.1, 127.0.0.53 and 127.0.1.1; .0 and .255 look like networks and broadcasts."""
    for text in islice(candidates("/state", "shop/web"), 5000):
        address = ipaddress.IPv4Address(text)
        assert address in ipaddress.ip_network("127.0.0.0/8")
        assert address not in ipaddress.ip_network("127.0.0.0/16")
        assert address.packed[1] != 255
        assert 1 <= address.packed[3] <= 254


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (80, (80, 8080, 18080, 28080)),
        (443, (443, 8443, 18443, 28443)),
        (3000, (3000, 11000, 13000, 23000)),
        (60000, (60000,)),
    ],
)
def test_stand_ins_are_the_ports_that_people_expect(port: int, expected: tuple[int, ...]) -> None:
    """Privileged ports move by 8000 first, none leaves the range."""
    assert stand_ins(port) == expected


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        pytest.param({}, Lease("a", {80: 80, 443: 443}), id="all free"),
        pytest.param({("a", 80): TAKEN}, Lease("b", {80: 80, 443: 443}), id="taken on one address"),
        pytest.param(
            {("a", 80): TAKEN, ("b", 80): TAKEN},
            Lease("a", {80: 8080, 443: 443}, (Obstacle(80, 8080, TAKEN),)),
            id="taken on every address",
        ),
        pytest.param(
            {(address, port): FORBIDDEN for address in "ab" for port in (80, 443)},
            Lease("a", {80: 8080, 443: 8443}, (Obstacle(80, 8080, FORBIDDEN), Obstacle(443, 8443, FORBIDDEN))),
            id="forbidden",
        ),
        pytest.param(
            {("a", 80): FORBIDDEN, ("b", 80): FORBIDDEN, ("a", 8080): TAKEN},
            Lease("a", {80: 18080, 443: 443}, (Obstacle(80, 18080, FORBIDDEN),)),
            id="forbidden and its first stand-in taken",
        ),
        pytest.param({(a, p): TAKEN for a in "ab" for p in stand_ins(443)}, None, id="nothing can be had"),
    ],
)
def test_choose(world: dict[tuple[str, int], Verdict], expected: Lease | None) -> None:
    """An address with its own ports before one with stand-ins; forbidden is the same everywhere, so it moves nothing."""
    assert choose("ab", (80, 443), lambda address, port: world.get((address, port), FREE)) == expected


def test_one_real_port_never_stands_for_two() -> None:
    """Clients' ports 80 and 8080 both wanted, 80 forbidden: 8080 is already spoken for."""
    lease = choose("a", (8080, 80), lambda _address, port: FORBIDDEN if port == 80 else FREE)
    assert lease is not None
    assert lease.ports == {8080: 8080, 80: 18080}


@pytest.mark.parametrize("host", ["127.9.9.9", "0.0.0.0"], ids=["this address", "all addresses"])
def test_a_listener_is_seen_even_if_it_would_share(host: str) -> None:
    """SO_REUSEPORT on the other side must not make the port look free."""
    port = free_port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((host, port))
        other.listen()
        assert probe("127.9.9.9", port) is TAKEN
        assert probe("127.9.9.8", port) is (FREE if host == "127.9.9.9" else TAKEN)


def test_connections_that_are_over_do_not_take_a_port() -> None:
    """The side that closed first keeps the port in TIME_WAIT for a minute; a restart must not wait for it."""
    port = free_port()
    with socket.create_server(("127.9.9.9", port)) as server, socket.create_connection(("127.9.9.9", port)) as client:
        accepted, _ = server.accept()
        accepted.close()
        client.recv(1)
    assert probe("127.9.9.9", port) is FREE


def test_an_address_of_another_machine_is_none_to_have() -> None:
    """A test address (RFC 2544) that this machine does not have."""
    assert probe("198.18.7.7", free_port()) is TAKEN
