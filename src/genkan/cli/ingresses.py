"""Ingresses as `kubectl get ingress` prints them, from the JSON objects that the API or a state directory holds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from genkan.cli.tables import age, table

HEADINGS = ("NAMESPACE", "NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE")
MOST_HOSTS = 3
"""kubectl names this many hosts and counts the rest."""

Json = Mapping[str, Any]


def ingress_table(ingresses: Iterable[Json], now: datetime, *, namespaces: bool) -> str:
    """Print one line for each Ingress, with a column for the namespace if asked."""
    rows = [row(ingress, now) for ingress in ingresses]
    return table(HEADINGS, rows) if namespaces else table(HEADINGS[1:], [cells[1:] for cells in rows])


def row(ingress: Json, now: datetime) -> tuple[str, ...]:
    """Return the cells of one Ingress, namespace first."""
    metadata = ingress["metadata"]
    return (
        metadata.get("namespace", ""),
        metadata["name"],
        class_of(ingress),
        hosts_of(ingress),
        ",".join(addresses_of(ingress)),
        ports_of(ingress),
        age(metadata.get("creationTimestamp", ""), now),
    )


def class_of(ingress: Json) -> str:
    """Return the field, else the annotation, else "<none>"."""
    annotations = ingress["metadata"].get("annotations") or {}
    name = ingress.get("spec", {}).get("ingressClassName") or annotations.get("kubernetes.io/ingress.class")
    return str(name or "<none>")


def hosts_of(ingress: Json) -> str:
    """Return the hosts of the rules, at most three by name; "*" when no rule names one."""
    hosts = [str(rule["host"]) for rule in ingress.get("spec", {}).get("rules") or () if rule.get("host")]
    if not hosts:
        return "*"
    shown = ",".join(hosts[:MOST_HOSTS])
    return shown if len(hosts) <= MOST_HOSTS else f"{shown} + {len(hosts) - MOST_HOSTS} more..."


def addresses_of(ingress: Json) -> list[str]:
    """Return the addresses or host names of the status."""
    return [str(entry.get("ip") or entry.get("hostname")) for entry in load_balancer(ingress)]


def ports_of(ingress: Json) -> str:
    """Return what kubectl derives (80, and 443 with any spec.tls), and the real ports where they differ."""
    derived = [80, 443] if ingress.get("spec", {}).get("tls") else [80]
    real = sorted({int(port["port"]) for entry in load_balancer(ingress) for port in entry.get("ports") or ()})
    text = ", ".join(str(port) for port in derived)
    if real and real != derived:
        return f"{text} (real: {', '.join(str(port) for port in real)})"
    return text


def load_balancer(ingress: Json) -> list[Json]:
    """Return the entries of the status."""
    return list(ingress.get("status", {}).get("loadBalancer", {}).get("ingress") or ())
