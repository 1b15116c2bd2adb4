"""What the user sees: Kubernetes' own shapes, each occurrence counted once, a bounded number kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from genkan.infrastructure.host.records import StoredReport
from genkan.infrastructure.host.reports import MOST_EVENTS, has_addresses, stored, without_addresses
from genkan.ir import Condition, Level, Origin, Reason
from genkan.model import Ingress
from genkan.status import Report

NOW = datetime(2026, 11, 23, 20, 0, 0, 123456, tzinfo=UTC)
INGRESS = msgspec.convert(
    {
        "metadata": {"namespace": "shop", "name": "web", "uid": "u-1", "annotations": {"a": "b"}},
        "spec": {"ingressClassName": "genkan", "rules": [{"host": "shop.example"}]},
    },
    Ingress,
)
HERE = Origin("Ingress", "shop", "web", "spec.rules[0]")


def condition(message: str = "no", origin: Origin = HERE, level: Level = Level.WARNING) -> Condition:
    return Condition(origin, Reason.SERVICE_NOT_FOUND, message, level)


def report(*conditions: Condition, addresses: tuple[str, ...] = (), ports: tuple[int, ...] = ()) -> Report:
    return Report(INGRESS, addresses, ports, conditions)


def store(before: StoredReport | None, wanted: Report, after: float = 0.0) -> StoredReport:
    """Store, and read again: what is compared next time went through a file."""
    given = stored(before, wanted, instance="here", now=NOW + timedelta(seconds=after))
    return msgspec.json.decode(msgspec.json.encode(given), type=StoredReport)


def test_the_ingress_is_the_users_with_a_status() -> None:
    """networking.k8s.io/v1 JSON that kubectl's tools read; ports are the real ones."""
    assert store(None, report(addresses=("127.1.2.3",), ports=(80, 8443))).ingress == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "namespace": "shop",
            "name": "web",
            "uid": "u-1",
            "annotations": {"a": "b"},
            "creationTimestamp": "2026-11-23T20:00:00Z",
        },
        "spec": {"ingressClassName": "genkan", "rules": [{"host": "shop.example"}]},
        "status": {
            "loadBalancer": {
                "ingress": [
                    {"ip": "127.1.2.3", "ports": [{"port": 80, "protocol": "TCP"}, {"port": 8443, "protocol": "TCP"}]}
                ]
            }
        },
    }


@pytest.mark.parametrize(("address", "field"), [("127.1.2.3", "ip"), ("2001:db8::1", "ip"), ("lb.example", "hostname")])
def test_an_address_stands_in_its_own_field(address: str, field: str) -> None:
    """As the API wants it: numbers are `ip`, names `hostname`."""
    (shown,) = store(None, report(addresses=(address,))).ingress["status"]["loadBalancer"]["ingress"]
    assert shown[field] == address


def test_before_it_serves_there_is_no_address() -> None:
    """An empty load balancer, as the API server shows it."""
    assert store(None, report()).ingress["status"] == {"loadBalancer": {}}
    assert not has_addresses(store(None, report()))
    assert not has_addresses(None)


def test_it_was_created_when_it_was_first_seen() -> None:
    """The age must not begin anew with each report."""
    first = store(None, report())
    assert (
        store(first, report(condition()), after=99).ingress["metadata"]["creationTimestamp"] == "2026-11-23T20:00:00Z"
    )


def test_the_manifests_own_creation_time_stands() -> None:
    """A file may hold what a cluster once said."""
    metadata = msgspec.structs.replace(INGRESS.metadata, creation_timestamp="2020-01-01T00:00:00Z")
    old = Report(msgspec.structs.replace(INGRESS, metadata=metadata), (), (), ())
    assert store(None, old).ingress["metadata"]["creationTimestamp"] == "2020-01-01T00:00:00Z"


def test_an_event_has_every_field_that_the_api_requires() -> None:
    """events.k8s.io/v1, with the field in question."""
    (event,) = store(None, report(condition("Service shop/web does not exist"))).events
    name = event["metadata"].pop("name")
    assert name.startswith("web.")
    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"namespace": "shop", "creationTimestamp": "2026-11-23T20:00:00Z"},
        "eventTime": "2026-11-23T20:00:00.123456Z",
        "type": "Warning",
        "reason": "ServiceNotFound",
        "action": "Reconcile",
        "note": "spec.rules[0]: Service shop/web does not exist",
        "regarding": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "namespace": "shop",
            "name": "web",
            "uid": "u-1",
            "fieldPath": "spec.rules[0]",
        },
        "reportingController": "genkan.dev/ingress",
        "reportingInstance": "here",
    }


def test_another_object_is_related() -> None:
    """The Event stays with the Ingress, where the user looks, and its note names the Secret."""
    (event,) = store(None, report(condition(origin=Origin("Secret", "shop", "tls", "data")))).events
    assert "fieldPath" not in event["regarding"]
    assert event["note"] == "Secret shop/tls data: no"
    assert event["related"] == {
        "apiVersion": "v1",
        "kind": "Secret",
        "namespace": "shop",
        "name": "tls",
        "fieldPath": "data",
    }


@pytest.mark.parametrize(
    ("kind", "version"), [("IngressClass", "networking.k8s.io/v1"), ("EndpointSlice", "discovery.k8s.io/v1")]
)
def test_a_related_object_has_its_own_version(kind: str, version: str) -> None:
    """And no namespace where the kind has none."""
    (event,) = store(None, report(condition(origin=Origin(kind, "", "x")))).events
    assert event["related"] == {"apiVersion": version, "kind": kind, "name": "x"}


def test_an_equal_report_changes_nothing() -> None:
    """Also when what was stored came back from a file, and hours later: nothing is written again."""
    wanted = report(condition(), condition("else"), addresses=("127.1.2.3",), ports=(80,))
    before = store(None, wanted)
    assert stored(before, wanted, instance="here", now=NOW + timedelta(hours=5)) == before


def test_a_cause_that_stays_is_no_news() -> None:
    """Another condition beside it is."""
    first = store(None, report(condition("a")))
    second = store(first, report(condition("a"), condition("b")), after=10)
    assert [(event["note"], "series" in event) for event in second.events] == [
        ("spec.rules[0]: a", False),
        ("spec.rules[0]: b", False),
    ]


def test_a_cause_that_comes_back_is_counted() -> None:
    """One Event with a series, as the API aggregates: count and last time."""
    before = store(None, report(condition()))
    for round_ in range(1, 4):
        before = store(store(before, report()), report(condition()), after=60.0 * round_)
    (event,) = before.events
    assert event["series"] == {"count": 4, "lastObservedTime": "2026-11-23T20:03:00.123456Z"}
    assert event["eventTime"] == "2026-11-23T20:00:00.123456Z"


@pytest.mark.parametrize(
    "other",
    [
        condition("other words"),
        condition(origin=HERE.at("host")),
        condition(level=Level.NORMAL),
        Condition(HERE, Reason.PORT_NOT_FOUND, "no"),
    ],
    ids=["note", "field", "type", "reason"],
)
def test_what_differs_is_another_event(other: Condition) -> None:
    """Nothing is aggregated that a reader would tell apart."""
    both = store(None, report(condition(), other))
    assert len({event["metadata"]["name"] for event in both.events}) == 2


def test_the_newest_are_kept() -> None:
    """A long life does not grow the file; what was seen last is there."""
    before: StoredReport | None = None
    for number in range(MOST_EVENTS + 20):
        before = store(before, report(condition(str(number))), after=number)
    assert before is not None
    assert [event["note"] for event in before.events] == [f"spec.rules[0]: {n}" for n in range(20, MOST_EVENTS + 20)]


def test_more_causes_than_are_kept_are_not_told_again_and_again() -> None:
    """A thousand missing Services at once: the bound holds, and the next equal report is no news."""
    wanted = report(*(condition(str(number)) for number in range(1000)))
    before = store(None, wanted)
    assert len(before.events) == MOST_EVENTS
    assert stored(before, wanted, instance="here", now=NOW + timedelta(seconds=1)) == before


@pytest.mark.parametrize("note", ["x" * 2000, "ü" * 2000, "x" + "玄" * 1000], ids=["one byte", "two", "three"])
def test_a_note_has_at_most_1024_bytes(note: str) -> None:
    """More, and an API server refuses the Event; no character is cut in half."""
    (event,) = store(None, report(condition(note))).events
    assert 1000 < len(event["note"].encode()) <= 1024
    assert event["note"].endswith("…")


def test_two_long_notes_with_one_beginning_are_two_events() -> None:
    """Told apart by all their words, also those that are not shown."""
    assert len(store(None, report(condition("x" * 2000 + "a"), condition("x" * 2000 + "b"))).events) == 2


def test_what_was_stopped_serves_nowhere() -> None:
    """The rest of the report stays."""
    before = store(None, report(condition(), addresses=("127.1.2.3",), ports=(80,)))
    after = without_addresses(before)
    expected: dict[str, Any] = before.ingress | {"status": {"loadBalancer": {}}}
    assert (after.ingress, after.events, after.active) == (expected, before.events, before.active)
    assert not has_addresses(after)
