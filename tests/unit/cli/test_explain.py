"""`genkan explain` tells of the request that was asked for, and of nothing else."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genkan.cli import genkan
from genkan.errors import ConfigError
from genkan.infrastructure.host.state import Served, write_served
from genkan.manifests.tree import read_all
from genkan.sources.directory.lastgood import LastGood

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: genkan
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /b, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}
      - {path: /c, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
"""

SERVICES = "---\n".join(
    f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{ports: [{{name: http, port: 80, appProtocol: {protocol}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints: [{{addresses: [{address}]}}]
"""
    for name, protocol, address in (("web", "odd-web", "0.0.0.0"), ("api", "odd-api", "224.0.0.1"))
)


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "shop.yaml").write_text(INGRESS)
    (folder / "services.yaml").write_text(SERVICES)
    write_served(tmp_path / "state", Served(str(folder)))
    return folder


def explain(manifests: Path, *options: str, ingress: str = "shop") -> Result:
    state = manifests.parent / "state"
    return CliRunner().invoke(genkan, ["explain", ingress, "--state-dir", str(state), *options])


@pytest.mark.parametrize("path", ["none", "", "http://shop.example/a"])
def test_a_path_begins_with_a_slash(path: str, manifests: Path) -> None:
    """Anything else is a mistake on the command line, not a 404."""
    result = explain(manifests, "--path", path)
    assert result.exit_code == 2
    assert "begins with /" in result.output


@pytest.mark.parametrize(
    ("path", "service", "other"),
    [("/a", "web", "api"), ("/b", "api", "web"), ("/c", "web", "api")],
)
def test_notes_are_about_the_services_of_this_path(path: str, service: str, other: str, manifests: Path) -> None:
    """Those of another path's Service, EndpointSlices and endpoints are left out; those told at another path's field are not."""
    result = explain(manifests, "--path", path)
    assert result.exit_code == 0, result.output
    assert f"backend: default/{service}:80" in result.output
    notes = [line for line in result.output.splitlines() if line.startswith("note: ")]
    assert f"odd-{service}" in "".join(notes)
    assert any(f"EndpointSlice default/{service}-1" in note for note in notes)
    assert any("NoReadyEndpoints" in note and f"default/{service}" in note for note in notes)
    assert not [note for note in notes if other in note]


def test_what_is_served_is_explained_while_its_file_is_broken(manifests: Path) -> None:
    """Serve goes on with what it read last; the mistake is told."""
    LastGood(manifests.parent / "state/last-good").keep(read_all(manifests))
    (manifests / "shop.yaml").write_text(INGRESS + "broken: [\n")
    result = explain(manifests, "--path", "/b")
    assert result.exit_code == 0, result.output
    assert "backend: default/api:80" in result.output
    assert "shop.yaml:" in result.output
    assert "what it said when it was last read well is served" in result.output
    assert " | " not in result.output, "the file as it is now is no quote of what is served"


def test_an_ingress_that_a_broken_file_may_hold(manifests: Path) -> None:
    """Without a copy it is not known; the reason stands beside it."""
    (manifests / "shop.yaml").write_text(INGRESS + "broken: [\n")
    result = explain(manifests)
    assert isinstance(result.exception, ConfigError)
    assert "there is no Ingress default/shop" in str(result.exception)
    assert "\n  shop.yaml:" in str(result.exception)


def test_nothing_unprintable_is_printed(manifests: Path) -> None:
    """Whatever the manifest says."""
    (manifests / "shop.yaml").write_text(INGRESS.replace("host: shop.example", 'host: "\\e[2Jx"'))
    result = explain(manifests)
    assert "\x1b" not in result.output
