"""The curl lines of an Ingress reach it when pasted."""

import shlex
from typing import Any

import msgspec
import pytest

from genkan.cli.curl import curl_lines
from genkan.ir import Condition, Level, Origin, Reason
from genkan.model import Ingress

SERVICE = {"service": {"name": "web", "port": {"number": 80}}}


def rule(host: str, *paths: str) -> dict[str, Any]:
    http = {"paths": [{"path": path, "pathType": "Prefix", "backend": SERVICE} for path in paths]}
    return ({"host": host} if host else {}) | {"http": http}


@pytest.mark.parametrize(
    ("spec", "http", "https", "lines"),
    [
        pytest.param({"defaultBackend": SERVICE}, 80, None, ["curl http://127.1.2.3/"], id="default backend only"),
        pytest.param({"rules": [rule("", "/a")]}, 80, None, ["curl http://127.1.2.3/a"], id="no host"),
        pytest.param(
            {"rules": [rule("shop.example", "/")]},
            8080,
            None,
            ["curl --resolve shop.example:8080:127.1.2.3 http://shop.example:8080/"],
            id="a host and a fallback port",
        ),
        pytest.param(
            {"rules": [rule("*.shop.example", "/")]},
            80,
            None,
            ["curl --resolve www.shop.example:80:127.1.2.3 http://www.shop.example/"],
            id="a wildcard gets a label",
        ),
        pytest.param(
            {"rules": [rule("shop.example", "/")], "tls": [{"hosts": ["shop.example"], "secretName": "s"}]},
            80,
            443,
            ["curl -k --resolve shop.example:443:127.1.2.3 https://shop.example/"],
            id="TLS where the host is listed",
        ),
        pytest.param(
            {"rules": [rule("shop.example", "/")], "tls": [{"hosts": ["shop.example"], "secretName": "s"}]},
            80,
            None,
            ["curl --resolve shop.example:80:127.1.2.3 http://shop.example/"],
            id="no usable certificate, so plain HTTP",
        ),
        pytest.param(
            {"rules": [rule("Shop.Example", "/")], "tls": [{"hosts": ["SHOP.example"], "secretName": "s"}]},
            80,
            443,
            ["curl -k --resolve shop.example:443:127.1.2.3 https://shop.example/"],
            id="hosts are lower-case",
        ),
        pytest.param(
            {"rules": [rule(host, "/") for host in ("$(reboot)", "a;b", "http://a", "a b", "x\x1b[2J", "*", "*.*.a")]},
            80,
            None,
            [],
            id="what is no host gets no line",
        ),
        pytest.param(
            {"rules": [rule("", "/$(reboot)", "/`x`", "/a b", "/\x1b[2J", "/a?b", "/a#b", "no-slash")]},
            80,
            None,
            ["curl 'http://127.1.2.3/$(reboot)'"],
            id="what is no path of a URL gets no line, the rest is quoted",
        ),
        pytest.param(
            {"defaultBackend": SERVICE, "rules": [rule("a_b", "/")]},
            80,
            None,
            ["curl http://127.1.2.3/"],
            id="the default backend when no rule is left",
        ),
        pytest.param({"rules": [{"host": "shop.example"}]}, 80, None, [], id="a rule without paths answers 404"),
        pytest.param(
            {"defaultBackend": SERVICE, "rules": [{"host": "shop.example"}]},
            80,
            None,
            ["curl --resolve shop.example:80:127.1.2.3 http://shop.example/"],
            id="a rule without paths and a default backend",
        ),
        pytest.param(
            {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {}}]}}]},
            80,
            None,
            [],
            id="a backend that is no Service",
        ),
    ],
)
def test_lines(spec: dict[str, Any], http: int, https: int | None, lines: list[str]) -> None:
    """One command for each path, over what is really served."""
    ingress = msgspec.convert({"metadata": {"name": "web"}, "spec": spec}, Ingress)
    found = curl_lines(ingress, "127.1.2.3", http, https)
    assert found == lines
    assert [len(shlex.split(line)) - line.count("-k") - 2 * line.count("--resolve") for line in found] == [2] * len(
        lines
    )


def test_a_long_ingress_is_cut() -> None:
    """Four lines are enough to try it."""
    spec = {"rules": [rule("", *(f"/{number}" for number in range(9)))]}
    ingress = msgspec.convert({"metadata": {"name": "web"}, "spec": spec}, Ingress)
    assert len(curl_lines(ingress, "127.1.2.3", 80, None)) == 4


PATHS = "spec.rules[0].http.paths"


@pytest.mark.parametrize(
    ("kind", "field", "reason", "level", "paths"),
    [
        pytest.param(
            "Ingress", f"{PATHS}[0].backend.service", Reason.NO_ENDPOINTS, Level.WARNING, ["/b"], id="backend"
        ),
        pytest.param("Ingress", f"{PATHS}[1].path", Reason.PATH_INVALID, Level.WARNING, ["/a", "/c"], id="path"),
        pytest.param("Ingress", f"{PATHS}[1].path", Reason.UNSUPPORTED, Level.WARNING, ["/a", "/b", "/c"], id="remark"),
        pytest.param("Ingress", f"{PATHS}[1].backend", Reason.READY, Level.NORMAL, ["/a", "/b", "/c"], id="no warning"),
        pytest.param(
            "Service",
            "spec.ports[0]",
            Reason.PROTOCOL_UNSUPPORTED,
            Level.WARNING,
            ["/a", "/b", "/c"],
            id="still served",
        ),
    ],
)
def test_what_is_not_served_gets_no_line(kind: str, field: str, reason: Reason, level: Level, paths: list[str]) -> None:
    """A warning is told at the first field that names a Service and counts for all that do."""
    backends = [SERVICE, {"service": {"name": "api", "port": {"number": 80}}}, SERVICE]
    written = [
        {"path": f"/{name}", "pathType": "Prefix", "backend": backend}
        for name, backend in zip("abc", backends, strict=True)
    ]
    ingress = msgspec.convert({"metadata": {"name": "web"}, "spec": {"rules": [{"http": {"paths": written}}]}}, Ingress)
    told = [Condition(Origin(kind, "default", "web", field), reason, "why", level)]
    found = curl_lines(ingress, "127.1.2.3", 80, None, told)
    assert found == [f"curl http://127.1.2.3{path}" for path in paths]
