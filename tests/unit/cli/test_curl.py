"""The curl lines of an Ingress reach it when pasted."""

from typing import Any

import msgspec
import pytest

from genkan.cli.curl import curl_lines
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
    ],
)
def test_lines(spec: dict[str, Any], http: int, https: int | None, lines: list[str]) -> None:
    """One command for each path, over what is really served."""
    ingress = msgspec.convert({"metadata": {"name": "web"}, "spec": spec}, Ingress)
    assert curl_lines(ingress, "127.1.2.3", http, https) == lines


def test_a_long_ingress_is_cut() -> None:
    """Four lines are enough to try it."""
    spec = {"rules": [rule("", *(f"/{number}" for number in range(9)))]}
    ingress = msgspec.convert({"metadata": {"name": "web"}, "spec": spec}, Ingress)
    assert len(curl_lines(ingress, "127.1.2.3", 80, None)) == 4
