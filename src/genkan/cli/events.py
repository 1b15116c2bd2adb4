"""Events as `kubectl get events` prints them, from events.k8s.io/v1 objects."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from genkan.cli.tables import age, table

HEADINGS = ("NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE")

Json = Mapping[str, Any]


def event_table(events: Iterable[Json], now: datetime, *, namespaces: bool) -> str:
    """Print one line for each Event, the latest last."""
    rows = [row(event, now) for event in sorted(events, key=last_seen)]
    return table(HEADINGS, rows) if namespaces else table(HEADINGS[1:], [cells[1:] for cells in rows])


def row(event: Json, now: datetime) -> tuple[str, ...]:
    """Return the cells of one Event, namespace first."""
    regarding = event.get("regarding", {})
    return (
        event["metadata"].get("namespace", ""),
        age(last_seen(event), now),
        event.get("type", ""),
        event.get("reason", ""),
        f"{str(regarding.get('kind', '')).lower()}/{regarding.get('name', '')}",
        event.get("note", ""),
    )


def last_seen(event: Json) -> str:
    """Return the RFC 3339 time of the latest of a series."""
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("eventTime") or "")
