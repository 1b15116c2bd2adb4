"""`genkan get`: what `kubectl get` would print, from a state directory, also while no `serve` runs."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from genkan.cli.events import event_table
from genkan.cli.ingresses import ingress_table
from genkan.cli.options import state_dir_option

KINDS = {
    "ingress": "ingress",
    "ingresses": "ingress",
    "ing": "ingress",
    "event": "events",
    "events": "events",
    "ev": "events",
}


@click.command("get", short_help="List Ingresses or Events.")
@click.argument("kind", type=click.Choice(sorted(KINDS)), metavar="ingress|events")
@click.argument("name", required=False)
@click.option("-n", "--namespace", default="default", show_default=True, help="The namespace to list.")
@click.option("-A", "--all-namespaces", is_flag=True, help="List every namespace.")
@click.option("-o", "--output", type=click.Choice(["wide", "json", "yaml"]), help="A List as kubectl prints it.")
@state_dir_option
def get(
    *, kind: str, name: str | None, namespace: str, all_namespaces: bool, output: str | None, state_dir: Path | None
) -> None:
    """List Ingresses with their addresses, or Events.

    NAME selects one object. Without -A only one namespace is listed, as kubectl does.
    """
    from genkan.infrastructure.host.records import read_events, read_ingresses
    from genkan.infrastructure.host.state import find_state_dir

    directory = find_state_dir(state_dir)
    read: Callable[[Path], list[dict[str, Any]]] = read_ingresses if KINDS[kind] == "ingress" else read_events
    objects = [each for each in read(directory) if all_namespaces or each["metadata"].get("namespace") == namespace]
    if name is not None:
        objects = [each for each in objects if each["metadata"]["name"] == name]
        if not objects:
            raise click.ClickException(
                f"{KINDS[kind]} {name!r} not found in {place(namespace, everywhere=all_namespaces)}"
            )
    if output in {"json", "yaml"}:
        print_objects(objects, output, single=name is not None and len(objects) == 1)
    elif not objects:
        print(f"No resources found in {place(namespace, everywhere=all_namespaces)}.", file=sys.stderr)
    elif KINDS[kind] == "ingress":
        print(ingress_table(objects, datetime.now(UTC), namespaces=all_namespaces))
    else:
        print(event_table(objects, datetime.now(UTC), namespaces=all_namespaces))


def print_objects(objects: list[dict[str, Any]], output: str, *, single: bool) -> None:
    """Print one object as it is, several as a Kubernetes List."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {"resourceVersion": ""},
        "items": objects,
    }
    shown = objects[0] if single else document
    print(json.dumps(shown, indent=4) if output == "json" else yaml.safe_dump(shown, sort_keys=True), end="")
    if output == "json":
        print()


def place(namespace: str, *, everywhere: bool) -> str:
    """Name where was looked."""
    return "any namespace" if everywhere else f"{namespace} namespace (-A lists all)"
