"""`genkan get ingress` prints what `kubectl get ingress` would."""

from datetime import UTC, datetime
from typing import Any

import pytest

from genkan.cli.ingresses import ingress_table

NOW = datetime(2026, 1, 10, 0, 0, 42, tzinfo=UTC)


def ingress(spec: dict[str, Any], ports: tuple[int, ...] = (80,)) -> dict[str, Any]:
    entry = {"ip": "127.1.2.3", "ports": [{"port": port, "protocol": "TCP"} for port in ports]}
    return {
        "metadata": {"namespace": "shop", "name": "web", "creationTimestamp": "2026-01-10T00:00:00Z"},
        "spec": spec,
        "status": {"loadBalancer": {"ingress": [entry]}},
    }


@pytest.mark.parametrize(
    ("spec", "ports", "line"),
    [
        pytest.param({}, (80,), "shop web <none> * 127.1.2.3 80 42s", id="nothing named"),
        pytest.param(
            {"ingressClassName": "genkan", "rules": [{"host": "a"}, {"host": "b"}]},
            (80,),
            "shop web genkan a,b 127.1.2.3 80 42s",
            id="class and hosts",
        ),
        pytest.param(
            {"rules": [{"host": host} for host in "abcde"]},
            (80,),
            "shop web <none> a,b,c + 2 more... 127.1.2.3 80 42s",
            id="more than three hosts are counted",
        ),
        pytest.param({"tls": [{}]}, (80, 443), "shop web <none> * 127.1.2.3 80, 443 42s", id="tls adds 443"),
        pytest.param({}, (8080,), "shop web <none> * 127.1.2.3 80 (real: 8080) 42s", id="real ports where they differ"),
    ],
)
def test_a_line(spec: dict[str, Any], ports: tuple[int, ...], line: str) -> None:
    """NAMESPACE NAME CLASS HOSTS ADDRESS PORTS AGE."""
    heading, printed = ingress_table([ingress(spec, ports)], NOW, namespaces=True).splitlines()
    assert heading.split() == ["NAMESPACE", "NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]
    assert " ".join(printed.split()) == line


def test_one_namespace_needs_no_column() -> None:
    """As kubectl without -A."""
    assert ingress_table([ingress({})], NOW, namespaces=False).split()[0] == "NAME"


def test_an_ingress_without_address_has_an_empty_cell() -> None:
    """Nothing is shown before it serves."""
    pending = ingress({}) | {"status": {}}
    assert "127." not in ingress_table([pending], NOW, namespaces=True)
