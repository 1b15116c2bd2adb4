"""The intermediate representation as text: what is written reads back equal, and secrets never are in it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from genkan.ir import (
    BackendTls,
    Capabilities,
    Certificate,
    Cluster,
    Condition,
    DnsTarget,
    Endpoint,
    EndpointSet,
    Forward,
    Level,
    Listener,
    Origin,
    PathKind,
    PathMatch,
    PrivateBytes,
    Reason,
    Respond,
    RetryPolicy,
    Route,
    TlsChain,
    Traffic,
    VirtualHost,
    WeightedCluster,
)
from genkan.ir.text import Document, contents_of, dump, from_plain, load, to_plain
from genkan.model import Inputs
from genkan.settings import Settings
from genkan.translate.ingress import translate
from tests.unit.translate.ingress.strategies import gathered

WEB = Origin("Ingress", "shop", "web", "spec.rules[0]")
CERTIFICATE = Certificate(
    "shop/web",
    b"chain",
    PrivateBytes(b"key"),
    ("foo.com",),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    origin=WEB,
)
CONTENTS = contents_of([b"chain", b"key"])
DOCUMENT = Document(
    Traffic(
        listeners=(
            Listener("http", 80),
            Listener("https", 443, (TlsChain("shop/web", ("foo.com",), ("shop/web",), origin=WEB),)),
        ),
        virtual_hosts=(
            VirtualHost(
                "foo.com",
                (
                    Route("a", PathMatch(PathKind.EXACT, "/a"), Respond(503, "no\n"), origin=WEB),
                    Route("b", PathMatch(PathKind.PREFIX, "/"), Forward((WeightedCluster("c"),)), origin=WEB),
                    Route(
                        "c",
                        PathMatch(PathKind.PREFIX, "/c"),
                        Forward((WeightedCluster("c", 2), WeightedCluster("d")), 1.5, None),
                        origin=WEB,
                    ),
                    Route(
                        "d",
                        PathMatch(PathKind.PREFIX, "/d"),
                        Forward((WeightedCluster("c"),), retry=RetryPolicy(2, after_send=False)),
                        origin=WEB,
                    ),
                ),
                origin=WEB,
            ),
        ),
        clusters=(
            Cluster("c", "set", origin=WEB),
            Cluster("d", DnsTarget("a.example", 80), tls=BackendTls("a.example", verify=True), origin=WEB),
        ),
        certificates=(CERTIFICATE,),
    ),
    (EndpointSet("set", (Endpoint("198.51.100.1", 80),), origin=WEB), EndpointSet("empty", (), origin=WEB)),
)


def test_every_kind_of_node_reads_back_equal() -> None:
    """Origins too, which take no part in equality."""
    again = load(Document, dump(DOCUMENT), CONTENTS)
    assert again == DOCUMENT
    assert dump(again) == dump(DOCUMENT)
    assert again.traffic.virtual_hosts[0].routes[0].origin == WEB


def test_the_text_is_what_a_person_expects() -> None:
    """Defaults are left out, an origin is one line, of several kinds the one meant is named."""
    host = to_plain(DOCUMENT.traffic.virtual_hosts[0])
    assert host["origin"] == "Ingress shop/web spec.rules[0]"
    assert host["routes"][0] == {
        "name": "a",
        "match": {"kind": "Exact", "value": "/a"},
        "action": {"respond": {"status": 503, "body": "no\n"}},
        "origin": "Ingress shop/web spec.rules[0]",
    }
    assert host["routes"][1]["action"] == {"forward": {"clusters": [{"cluster": "c"}]}}
    assert host["routes"][2]["action"]["forward"]["retry"] is None


def test_bytes_appear_as_digests_only() -> None:
    """Private ones and chains alike."""
    text = dump(CERTIFICATE)
    assert "chain: sha256:" in text
    assert "private_key: sha256:" in text
    assert "key\n" not in text.replace("private_key", "")


@pytest.mark.parametrize(
    "origin",
    [
        WEB,
        Origin("Secret", "shop", "web"),
        Origin("IngressClass", "", "genkan"),
        Origin("Ingress", "shop", "web", "metadata.annotations[a b]"),
    ],
)
def test_origins_read_back(origin: Origin) -> None:
    """Cluster-scoped ones, whole objects, fields with blanks."""
    assert from_plain(Origin, str(origin), {}) == origin


def test_conditions_and_flags_read_back() -> None:
    """What `status` prints, and anything else made of dataclasses."""
    conditions = (
        Condition(WEB, Reason.PATH_INVALID, "no"),
        Condition(WEB, Reason.ADOPTED, "yes", Level.NORMAL),
    )
    assert from_plain(tuple[Condition, ...], to_plain(conditions), {}) == conditions
    assert load(Capabilities, dump(Capabilities(tls_backends=False)), {}) == Capabilities(tls_backends=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "expected a mapping"),
        ("traffic: {}\nendpoints: []\nmore: 1", "unknown more"),
        ("traffic: {}\nendpoints: []", "Traffic"),
        ("endpoints: []", "Document"),
        ("endpoints: [{name: x, endpoints: [], origin: A b/c}]\ntraffic: 7", "expected a mapping"),
    ],
)
def test_text_that_does_not_fit_says_where(text: str, says: str) -> None:
    """A golden file that someone edited."""
    with pytest.raises(ValueError, match=says):
        load(Document, text, {})


def test_an_action_of_no_known_kind_says_which_there_are() -> None:
    """The key names the kind."""
    plain = {"name": "a", "match": {"kind": "Exact", "value": "/"}, "origin": "A b/c", "action": {"redirect": {}}}
    with pytest.raises(ValueError, match="expected one of forward, respond"):
        from_plain(Route, plain, {})


def test_bytes_that_nobody_knows_are_an_error() -> None:
    """A fixture that was replaced without its golden files."""
    with pytest.raises(ValueError, match="nobody knows"):
        load(Document, dump(DOCUMENT), {})


@settings(derandomize=True, max_examples=50, deadline=None)
@given(gathered())
def test_any_translation_reads_back(given_: Inputs) -> None:
    """Whatever users wrote, in any script."""
    translation = translate(given_, Settings(), Capabilities())
    document = Document(translation.traffic, translation.endpoints)
    contents = contents_of(item for one in translation.traffic.certificates for item in (one.chain, one.private_key))
    assert load(Document, dump(document), contents) == document
