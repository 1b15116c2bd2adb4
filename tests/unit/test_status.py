"""What a user sees of one Ingress follows from conditions and observations alone."""

import msgspec
import pytest

from genkan.ir import Condition, DriverState, Level, Listener, Observation, Origin, Phase, Reason, Traffic
from genkan.model import Ingress
from genkan.status import report

INGRESS = msgspec.convert({"metadata": {"namespace": "shop", "name": "web"}}, Ingress)
HTTP = Traffic((Listener("http", 80),), (), ())
BOTH = Traffic((Listener("http", 80), Listener("https", 443)), (), ())
SETTLED = DriverState(connected=True, acknowledged=True, settled=True)


@pytest.mark.parametrize(
    ("traffic", "ports", "shown"),
    [
        pytest.param(HTTP, {80: 80, 443: 443}, (80,), id="only what listens"),
        pytest.param(BOTH, {80: 80, 443: 443}, (80, 443), id="443 when there is a certificate"),
        pytest.param(BOTH, {80: 8080, 443: 8443}, (8080, 8443), id="the real ports"),
    ],
)
def test_ports_are_those_that_clients_reach(traffic: Traffic, ports: dict[int, int], shown: tuple[int, ...]) -> None:
    """The status never names a port that nothing listens on."""
    seen = report(INGRESS, traffic, (), Observation(Phase.READY, ("127.0.0.2",), ports), SETTLED)
    assert (seen.addresses, seen.ports) == (("127.0.0.2",), shown)


def test_without_an_address_there_are_no_ports() -> None:
    """An entry of the status is whole or absent."""
    seen = report(INGRESS, HTTP, (), Observation(Phase.STARTING, ("127.0.0.2",), {80: 80}), SETTLED)
    assert (seen.addresses, seen.ports) == ((), ())


def test_what_there_is_to_tell_is_sorted_and_told_once() -> None:
    """Order and repetition carry no meaning, so an equal report is equal."""
    one = Condition(Origin("Ingress", "shop", "web", "spec.rules[0]"), Reason.HOST_INVALID, "b")
    other = Condition(Origin("Ingress", "shop", "web", "spec.rules[0]"), Reason.HOST_INVALID, "a")
    observation = Observation(Phase.STARTING, conditions=(other,))
    seen = report(INGRESS, HTTP, (one, other, one), observation, DriverState())
    assert [each.message for each in seen.conditions if each.reason is Reason.HOST_INVALID] == ["a", "b"]


def test_adoption_and_the_address_are_told() -> None:
    """The story of an Ingress in its Events: adopted, then serving."""
    seen = report(INGRESS, HTTP, (), Observation(Phase.READY, ("127.0.0.2",), {80: 80}), SETTLED)
    assert [(each.reason, each.level) for each in seen.conditions] == [
        (Reason.ADDRESS_ASSIGNED, Level.NORMAL),
        (Reason.ADOPTED, Level.NORMAL),
    ]
