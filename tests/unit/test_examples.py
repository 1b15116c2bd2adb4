"""The examples are what their READMEs say: they load, they translate, and requests go where the tables tell."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from genkan.ir import Capabilities, Forward, Reason
from genkan.offline import Translated, translate_all
from genkan.settings import Settings
from genkan.sources.backends import parse_backend
from genkan.sources.directory.contents import load
from genkan.translate.ingress import lookup
from tests.support import examples

EXPECTED = {
    "mistakes": {
        Reason.PORT_NOT_FOUND,
        Reason.SERVICE_NOT_FOUND,
        Reason.PATH_INVALID,
        Reason.SECRET_NOT_FOUND,
    },
}


def translated(name: str, folder: Path) -> list[Translated]:
    """Translate an example as its README tells people to serve it."""
    manifests = examples.prepare(name, folder)
    backends = tuple(parse_backend(f"{service}=127.0.0.1:9001") for service in examples.services(name))
    contents = load(manifests, backends=backends)
    assert list(contents.problems) == []
    return list(translate_all(contents.stores, Settings(allow_loopback_endpoints=True), Capabilities()))


@pytest.mark.parametrize("name", examples.NAMES)
def test_an_example_says_what_its_readme_says(name: str, tmp_path: Path) -> None:
    """Every Ingress is ours, and there is nothing to tell but what the example is about."""
    ingresses = translated(name, tmp_path)
    assert ingresses
    reasons = set()
    for ingress in ingresses:
        assert ingress.translation is not None, f"{ingress.ingress.key} is not adopted"
        reasons |= {each.reason for each in (*ingress.translation.conditions, *ingress.translation.endpoint_conditions)}
    assert reasons == EXPECTED.get(name, set())


def table_rows() -> Iterator[object]:
    """Each row of the tables that say where a request goes."""
    for name, host in (("path-types", "paths.example.com"), ("wildcard-host", "")):
        rows = examples.requests(name)
        assert len(rows) >= 6
        for request, backend in rows:
            words = re.findall(r"`([^`]+)`", request)
            host_and_path = (host, words[0]) if host else (words[0], words[1] if len(words) > 1 else "/")
            yield pytest.param(name, *host_and_path, backend, id=f"{name} {' '.join(words)}")


@pytest.mark.parametrize(("name", "host", "path", "backend"), list(table_rows()))
def test_a_request_goes_where_the_table_tells(name: str, host: str, path: str, backend: str, tmp_path: Path) -> None:
    """The same rules as on the wire decide."""
    (ingress,) = translated(name, tmp_path)
    assert ingress.translation is not None
    route = lookup.find(ingress.translation.traffic, "http", host, path).route
    if backend == "none":
        assert route is None
    else:
        assert route is not None
        assert isinstance(route.action, Forward)
        assert [each.cluster for each in route.action.clusters] == [f"default/{backend}:80"]


def test_every_example_is_listed() -> None:
    """The list of examples names every folder, and every folder has a README."""
    listed = re.findall(r"\]\(([\w-]+)/README\.md\)", (examples.EXAMPLES / "README.md").read_text())
    assert sorted(listed) == examples.NAMES
