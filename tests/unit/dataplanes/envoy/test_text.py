"""Resources as text for people: sorted, complete, without secrets."""

import yaml

from genkan.dataplanes.envoy.render import render
from genkan.dataplanes.envoy.text import to_text
from genkan.settings import Settings
from tests.support.traffic import binding, certificate, chain, cluster, host, route, traffic

WANTED = traffic(
    host("a.example", route("/", "b")),
    clusters=(cluster("b"), cluster("a")),
    chains=(chain("tls", certificates=("tls",)),),
    certificates=(certificate("tls", b"the chain", b"the key"),),
)


def test_sorted_by_kind_and_name() -> None:
    text = to_text(render(WANTED, (), binding(), Settings()).snapshot)
    assert list(text) == ["listeners", "routes", "clusters", "endpoints", "secrets"]
    assert [one["name"] for one in text["clusters"]] == ["a", "b"]


def test_a_key_is_a_digest() -> None:
    text = yaml.safe_dump(to_text(render(WANTED, (), binding(), Settings()).snapshot))
    assert "<private sha256:" in text
    assert "the key" not in text
    assert "dGhlIGtleQ" not in text  # "the key", as base64 would show it


def test_it_is_plain_data() -> None:
    text = to_text(render(WANTED, (), binding(), Settings()).snapshot)
    assert yaml.safe_load(yaml.safe_dump(text)) == text
