"""TLS: which certificate is offered for which name, and what is said of Secrets that cannot be used."""

from typing import Any

import pytest

from genkan.ir import Capabilities, Reason
from genkan.settings import Settings
from genkan.translate import Translation
from genkan.translate.ingress import translate
from tests.support.manifests import Manifest, ingress
from tests.support.objects import inputs
from tests.unit.translate.ingress.pairs import Request, certificate, key, pem


def secret(name: str, *names: str, kind: str = "p256", **change: Any) -> Manifest:
    """A Secret with a certificate of these names."""
    private = key(kind)
    data = {"tls.crt": certificate(private, Request(names=names)).decode(), "tls.key": pem(private).decode()}
    manifest = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": name}}
    return {**manifest, "stringData": data, **change}


def of(*secrets: Manifest, tls: list[dict[str, Any]] | None = None, **options: Any) -> Translation:
    """Translate an Ingress of these Secrets, in this order, or of other entries."""
    manifest = ingress("web", tls=[item["metadata"]["name"] for item in secrets])
    if tls is not None:
        manifest["spec"]["tls"] = tls
    return translate(inputs([manifest, *secrets]), Settings(), Capabilities(), **options)


def chains(translation: Translation) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each chain's names and certificates, without the namespace."""
    return {
        chain.name.removeprefix("default/"): (
            chain.server_names,
            tuple(name.removeprefix("default/") for name in chain.certificates),
        )
        for listener in translation.traffic.listeners
        for chain in listener.tls
    }


def told(translation: Translation) -> list[tuple[Reason, str]]:
    """Reason and the object it is about."""
    return [(item.reason, f"{item.origin.kind} {item.origin.name}") for item in translation.conditions]


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [
        pytest.param([], {}, id="none"),
        pytest.param(
            [secret("a", "a.com")],
            {"a": (("a.com",), ("a",)), "a (other names)": ((), ("a",))},
            id="one, for all names",
        ),
        pytest.param(
            [secret("a", "a.com", "*.a.com"), secret("b", "b.com")],
            {"a": (("*.a.com", "a.com"), ("a",)), "b": (("b.com",), ("b",)), "a (other names)": ((), ("a",))},
            id="the first for other names",
        ),
        pytest.param(
            [secret("e", "a.com", "b.com"), secret("r", "b.com", "a.com", kind="rsa2048")],
            {"e": (("a.com", "b.com"), ("e", "r")), "e (other names)": ((), ("e", "r"))},
            id="RSA and ECDSA of one set of names together",
        ),
        pytest.param(
            [secret("a", "a.com"), secret("a", "a.com")],
            {"a": (("a.com",), ("a",)), "a (other names)": ((), ("a",))},
            id="the same Secret twice is one",
        ),
        pytest.param(
            [secret("none", "*"), secret("b", "b.com")],
            {"b": (("b.com",), ("b",)), "none (other names)": ((), ("none",))},
            id="first without a name: for other names only",
        ),
    ],
)
def test_which_certificate_is_offered_for_which_name(
    secrets: list[Manifest], expected: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> None:
    """A chain for each set of names, the first Secret for the rest; nothing to tell."""
    translation = of(*secrets)
    assert chains(translation) == expected
    assert told(translation) == []
    assert [listener.port for listener in translation.traffic.listeners] == ([80, 443] if secrets else [80])


@pytest.mark.parametrize(
    ("secrets", "expected", "claims"),
    [
        pytest.param(
            [secret("a", "a.com", "c.com"), secret("b", "b.com", "c.com")],
            {"a": ("a.com", "c.com"), "b": ("b.com",)},
            ["b"],
            id="one of two names",
        ),
        pytest.param([secret("a", "a.com"), secret("b", "a.com")], {"a": ("a.com",)}, ["b"], id="all, of one kind"),
        pytest.param(
            [secret("a", "a.com", "b.com"), secret("b", "a.com", kind="rsa2048")],
            {"a": ("a.com", "b.com")},
            ["b"],
            id="another kind, but another set",
        ),
        pytest.param(
            [secret("e", "a.com"), secret("r", "a.com", kind="rsa2048"), secret("x", "a.com", kind="p384")],
            {"e": ("a.com",)},
            ["x"],
            id="a second one of a kind",
        ),
        pytest.param(
            [secret("a", "a.com"), secret("e", "a.com", "b.com"), secret("r", "a.com", "b.com", kind="rsa2048")],
            {"a": ("a.com",), "e": ("b.com",)},
            ["e"],
            id="a pair shares what is left",
        ),
    ],
)
def test_a_name_belongs_to_the_first_secret(
    secrets: list[Manifest], expected: dict[str, tuple[str, ...]], claims: list[str]
) -> None:
    """Later ones keep their other names; what is never offered is never published."""
    translation = of(*secrets)
    found = {name: names for name, (names, _) in chains(translation).items() if names}
    assert found == expected
    assert told(translation) == [(Reason.CERTIFICATE_NAME_CLAIMED, f"Secret {name}") for name in claims]
    offered = {name for _, names in chains(translation).values() for name in names}
    assert {item.name for item in translation.traffic.certificates} == {f"default/{name}" for name in offered}


GOOD = secret("good", "good.com")


@pytest.mark.parametrize(
    ("bad", "reason", "where"),
    [
        pytest.param([], Reason.SECRET_NOT_FOUND, "Ingress default/web spec.tls[0].secretName", id="missing"),
        pytest.param(
            [secret("bad", "bad.com", type="Opaque")], Reason.SECRET_INVALID, "Secret default/bad type", id="type"
        ),
        pytest.param(
            [secret("bad", stringData={})], Reason.SECRET_INVALID, "Secret default/bad data[tls.crt]", id="empty"
        ),
        pytest.param(
            [secret("bad", stringData={**GOOD["stringData"], "tls.key": pem(key("rsa2048")).decode()})],
            Reason.SECRET_INVALID,
            "Secret default/bad data[tls.key]",
            id="mismatched",
        ),
    ],
)
def test_a_bad_secret_costs_only_itself(bad: list[Manifest], reason: Reason, where: str) -> None:
    """The good one serves, and is the first for other names."""
    translation = of(*bad, GOOD, tls=[{"secretName": "bad"}, {"secretName": "good"}])
    assert chains(translation) == {"good": (("good.com",), ("good",)), "good (other names)": ((), ("good",))}
    (condition,) = translation.conditions
    assert (condition.reason, str(condition.origin)) == (reason, where)


def test_a_bad_secret_that_is_named_twice_is_told_once() -> None:
    """At the first place."""
    translation = of(tls=[{"secretName": "gone"}, {"secretName": "gone"}])
    assert [item.origin.field for item in translation.conditions] == ["spec.tls[0].secretName"]


def test_an_entry_without_a_secret_is_told() -> None:
    """There is no default certificate."""
    translation = of(tls=[{"hosts": ["a.com"]}])
    assert told(translation) == [(Reason.SECRET_NOT_FOUND, "Ingress web")]
    assert chains(translation) == {}


def test_a_certificate_without_names_that_is_not_the_first_is_told() -> None:
    """It would never be offered."""
    assert told(of(GOOD, secret("none", "*"))) == [(Reason.SECRET_INVALID, "Secret none")]


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["good.com", "GOOD.com", "a.wild.com", "*.wild.com"], []),
        (["other.com"], [Reason.CERTIFICATE_HOST_UNCOVERED]),
        (["a.b.wild.com", "wild.com"], [Reason.CERTIFICATE_HOST_UNCOVERED] * 2),
        (["*.good.com"], [Reason.CERTIFICATE_HOST_UNCOVERED]),
        (["good.com:443"], [Reason.HOST_INVALID]),
        ([""], [Reason.HOST_INVALID]),
    ],
)
def test_hosts_that_no_certificate_covers_are_told(hosts: list[str], expected: list[Reason]) -> None:
    """Any certificate of the Ingress covers; a wildcard covers one label."""
    entries: list[dict[str, Any]] = [{"secretName": "good", "hosts": hosts}, {"secretName": "wild"}]
    translation = of(GOOD, secret("wild", "*.wild.com"), tls=entries)
    assert [reason for reason, _ in told(translation)] == expected


def test_hosts_of_an_unusable_secret_are_not_told_twice() -> None:
    """The Secret's own fault says it."""
    entries: list[dict[str, Any]] = [{"secretName": "gone", "hosts": ["a.com"]}, {"secretName": "good"}]
    assert [reason for reason, _ in told(of(GOOD, tls=entries))] == [Reason.SECRET_NOT_FOUND]


@pytest.mark.parametrize("now", [[], [secret("good", type="Opaque")], [secret("good", stringData={"tls.crt": "x"})]])
def test_the_last_good_certificate_stands_in(now: list[Manifest]) -> None:
    """For a Secret gone missing or bad, while the Ingress names it; the fault is told all the same."""
    before = of(GOOD).traffic
    kept = {item.name: item for item in before.certificates}
    translation = of(*now, tls=[{"secretName": "good", "hosts": ["good.com"]}], kept=kept)
    assert translation.traffic.certificates == before.certificates
    assert chains(translation) == {"good": (("good.com",), ("good",)), "good (other names)": ((), ("good",))}
    (condition,) = translation.conditions
    assert condition.reason in {Reason.SECRET_NOT_FOUND, Reason.SECRET_INVALID}
    assert "last good certificate is still served" in condition.message


def test_what_is_kept_never_outlives_its_name_in_the_ingress() -> None:
    """And never stands in for a good Secret."""
    kept = {item.name: item for item in of(secret("good", "old.com")).traffic.certificates}
    assert of(tls=[], kept=kept).traffic.certificates == ()
    assert of(GOOD, kept=kept).traffic == of(GOOD).traffic


def test_a_chain_out_of_order_is_served_and_told() -> None:
    """Clients may not trust it."""
    chain = GOOD["stringData"]["tls.crt"] + certificate(key("rsa2048"), Request(names=())).decode()
    translation = of(secret("good", stringData={**GOOD["stringData"], "tls.crt": chain}))
    assert told(translation) == [(Reason.SECRET_INVALID, "Secret good")]
    assert len(translation.traffic.certificates) == 1
