"""What the user sees of one Ingress: the object with its status, and its Events, as Kubernetes would hold them. Pure.

Takes a report, what was stored before and the time; gives what to store. A condition that was there before is no news. One that
comes back is counted on its Event, as Kubernetes' event series do. At most `MOST_EVENTS` are kept, the newest.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from genkan.infrastructure.host.records import StoredReport
from genkan.ir import Condition
from genkan.model import Ingress
from genkan.settings import CONTROLLER
from genkan.status import Report

MOST_EVENTS = 50
"""Events kept of one Ingress."""

MOST_BYTES = 1024
"""Length of a note (events.k8s.io/v1 allows no more)."""

API_VERSIONS = {
    "Ingress": "networking.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
}
"""apiVersion of the kinds that conditions are about; all others are "v1"."""


def stored(before: StoredReport | None, report: Report, *, instance: str, now: datetime) -> StoredReport:
    """Give what to store: `before` itself (an equal value) when nothing has changed. `instance` names who reports."""
    ingress = with_status(report, first_seen=_first_seen(before, now))
    wanted = {_event_name(report.ingress, condition): condition for condition in report.conditions}
    events = {event["metadata"]["name"]: event for event in (before.events if before else ())}
    was_active = before.active if before else frozenset()
    for name, condition in wanted.items():
        if name in was_active:
            continue
        known = events.pop(name, None)
        events[name] = _again(known, now) if known else _event(name, ingress, condition, instance, now)
    return StoredReport(ingress, _newest(events.values()), frozenset(wanted))


def with_status(report: Report, *, first_seen: str) -> dict[str, Any]:
    """Give the Ingress as networking.k8s.io/v1 JSON. Where a file says nothing of a creation time it is when it was first seen."""
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(report.ingress))  # lists, as a file gives them back
    metadata = {"creationTimestamp": first_seen} | body.get("metadata", {})
    ports = [{"port": port, "protocol": "TCP"} for port in report.ports]
    addresses = [{_kind_of(address): address, "ports": ports} for address in report.addresses]
    status = {"loadBalancer": {"ingress": addresses} if addresses else {}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"} | body | {"metadata": metadata, "status": status}


def without_addresses(before: StoredReport) -> StoredReport:
    """Give the same with nothing serving: what is true once the data plane was stopped."""
    return msgspec.structs.replace(before, ingress=before.ingress | {"status": {"loadBalancer": {}}})


def has_addresses(report: StoredReport | None) -> bool:
    """Tell whether the user was shown an address."""
    return bool(report and report.ingress.get("status", {}).get("loadBalancer", {}).get("ingress"))


def _first_seen(before: StoredReport | None, now: datetime) -> str:
    known = before.ingress.get("metadata", {}).get("creationTimestamp") if before else None
    return known or now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _kind_of(address: str) -> str:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return "hostname"
    return "ip"


def _event_name(ingress: Ingress, condition: Condition) -> str:
    """Name an Event by all that makes it the same: object, field, reason and words."""
    parts = (str(ingress.key), str(condition.origin), condition.reason, condition.level, condition.message)
    return f"{ingress.metadata.name}.{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def _event(name: str, ingress: dict[str, Any], condition: Condition, instance: str, now: datetime) -> dict[str, Any]:
    """Give an Event of events.k8s.io/v1. It regards the Ingress; a field of another object stands in `related`."""
    about = condition.origin
    regarding = {
        "apiVersion": ingress["apiVersion"],
        "kind": "Ingress",
        "namespace": ingress["metadata"].get("namespace", ""),
        "name": ingress["metadata"]["name"],
    }
    if uid := ingress["metadata"].get("uid"):
        regarding["uid"] = uid
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "name": name,
            "namespace": regarding["namespace"],
            "creationTimestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "eventTime": _micro_time(now),
        "type": str(condition.level),
        "reason": str(condition.reason),
        "action": "Reconcile",
        "note": _shortened(_note(condition, regarding)),
        "regarding": regarding,
        "reportingController": CONTROLLER,
        "reportingInstance": instance,
    }
    if not _is_about(condition, regarding):
        related = {
            "apiVersion": API_VERSIONS.get(about.kind, "v1"),
            "kind": about.kind,
            "namespace": about.namespace,
            "name": about.name,
            "fieldPath": about.field,
        }
        event["related"] = {field: value for field, value in related.items() if value}
    elif about.field:
        regarding["fieldPath"] = about.field
    return event


def _is_about(condition: Condition, regarding: Mapping[str, str]) -> bool:
    about = condition.origin
    return (about.kind, about.namespace, about.name) == ("Ingress", regarding["namespace"], regarding["name"])


def _note(condition: Condition, regarding: Mapping[str, str]) -> str:
    """Say where, then what: tables of Events show the note alone."""
    where = condition.origin.field if _is_about(condition, regarding) else str(condition.origin)
    return f"{where}: {condition.message}" if where else condition.message


def _again(event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Count one more occurrence; a series begins with the second."""
    count = event.get("series", {}).get("count", 1) + 1
    return event | {"series": {"count": count, "lastObservedTime": _micro_time(now)}}


def last_seen(event: dict[str, Any]) -> str:
    """Give when an Event occurred last: RFC 3339 in UTC, so that texts compare as times do."""
    seen: str = event.get("series", {}).get("lastObservedTime") or event.get("eventTime", "")
    return seen


def _newest(events: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Keep the newest, oldest first; what occurred at one time keeps its order."""
    return tuple(sorted(events, key=last_seen)[-MOST_EVENTS:])


def _micro_time(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _shortened(note: str) -> str:
    content = note.encode()
    return note if len(content) <= MOST_BYTES else content[: MOST_BYTES - 3].decode(errors="ignore") + "…"
