"""Kubernetes manifests as tests write them: short builders that give plain dicts, and an atomic writer."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]


def backend(service: str, port: int | str = 80) -> Manifest:
    """An Ingress backend: a Service's port by number or name."""
    return {"service": {"name": service, "port": {"name" if isinstance(port, str) else "number": port}}}


def path(value: str, service: str, port: int | str = 80, kind: str = "Prefix") -> Manifest:
    """One path of a rule."""
    return {"path": value, "pathType": kind, "backend": backend(service, port)}


def rule(host: str, *paths: Manifest) -> Manifest:
    """The paths of one host, "" for none."""
    return {"host": host, "http": {"paths": list(paths)}} if host else {"http": {"paths": list(paths)}}


def ingress(
    name: str,
    *rules: Manifest,
    default: Manifest | None = None,
    tls: Sequence[str] = (),
    ingress_class: str | None = "genkan",
    namespace: str = "default",
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """An Ingress; `tls` are names of Secrets, `default` a backend."""
    spec: Manifest = {}
    if ingress_class is not None:
        spec["ingressClassName"] = ingress_class
    if default is not None:
        spec["defaultBackend"] = default
    if tls:
        spec["tls"] = [{"secretName": secret} for secret in tls]
    if rules:
        spec["rules"] = list(rules)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": namespace,
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "spec": spec,
    }


def service(
    name: str,
    *,
    port: int = 80,
    target_port: int | str | None = None,
    port_name: str = "",
    app_protocol: str = "",
    namespace: str = "default",
    **spec: object,
) -> Manifest:
    """A Service with one port; `spec` adds or replaces fields (`clusterIP="None"`, `ports=[...]`)."""
    one: Manifest = {"port": port, "protocol": "TCP"}
    if target_port is not None:
        one["targetPort"] = target_port
    if port_name:
        one["name"] = port_name
    if app_protocol:
        one["appProtocol"] = app_protocol
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [one], **spec},
    }


def endpoint(host: str, **conditions: bool) -> Manifest:
    """One endpoint; `conditions` are ready, serving, terminating."""
    return {"addresses": [host], **({"conditions": conditions} if conditions else {})}


def endpoint_slice(
    service_name: str,
    port: int | None,
    *endpoints: Manifest,
    suffix: str = "1",
    port_name: str = "",
    namespace: str = "default",
    address_type: str = "IPv4",
) -> Manifest:
    """One EndpointSlice of a Service; every endpoint of a slice has the same port."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{service_name}-{suffix}",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": service_name},
        },
        "addressType": address_type,
        "ports": [{"name": port_name, "port": port, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def workload(
    name: str, *addresses: str, port_name: str = "", namespace: str = "default", **fields: Any
) -> list[Manifest]:
    """A Service with a slice for each HOST:PORT: what a Deployment of so many pods looks like from here."""
    slices = []
    for number, address in enumerate(addresses, 1):
        host, _, port = address.rpartition(":")
        kind = "IPv6" if "[" in host else "IPv4"
        slices.append(
            endpoint_slice(
                name,
                int(port),
                endpoint(host.strip("[]"), ready=True),
                suffix=str(number),
                port_name=port_name,
                namespace=namespace,
                address_type=kind,
            )
        )
    return [service(name, port_name=port_name, namespace=namespace, **fields), *slices]


def text(manifests: Iterable[Manifest]) -> str:
    """Many documents of one YAML file."""
    return yaml.safe_dump_all(manifests, sort_keys=False)


def write(file: Path, *manifests: Manifest) -> Path:
    """Put the manifests into a file so that a reader sees the old or the new text, never half of it."""
    return write_text(file, text(manifests))


def write_text(file: Path, content: str) -> Path:
    """The same for any text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.writing")
    beside.write_text(content)
    return beside.replace(file)
