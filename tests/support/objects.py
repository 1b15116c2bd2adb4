"""Manifests to model objects and inputs, for tests of translation: no files, no positions, no leniency.

Takes what `tests.support.manifests` builds, or documents of a YAML file. A value `fixture:NAME` in a Secret's stringData is the content of that
file in tests/fixtures/certificates.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from genkan.model import KINDS, EndpointSlice, Ingress, IngressClass, Inputs, Object, ObjectKey, Secret, Service

FIXTURES = Path(__file__).parent.parent / "fixtures" / "certificates"
_FIXTURE = "fixture:"


def fixture(name: str) -> bytes:
    """The content of one fixture file."""
    return (FIXTURES / name).read_bytes()


def decode(manifest: dict[str, Any]) -> Object:
    """One object; a namespaced one without a namespace is in "default"."""
    kind = KINDS[manifest["apiVersion"], manifest["kind"]]
    if kind is not IngressClass:
        manifest = {**manifest, "metadata": {"namespace": "default", **manifest["metadata"]}}
    text: dict[str, str] = manifest.get("stringData", {})
    decoded: Object = msgspec.convert(manifest, kind)
    if isinstance(decoded, Secret):
        return msgspec.structs.replace(decoded, data={**decoded.data, **{key: _value(text[key]) for key in text}})
    return decoded


def inputs(manifests: Iterable[dict[str, Any]]) -> Inputs:
    """What one reconcile of the only Ingress among the manifests would gather."""
    objects = [decode(manifest) for manifest in manifests]
    (ingress,) = (item for item in objects if isinstance(item, Ingress))
    classes = {item.metadata.name: item for item in objects if isinstance(item, IngressClass)}
    slices: dict[ObjectKey, list[EndpointSlice]] = defaultdict(list)
    for item in objects:
        if isinstance(item, EndpointSlice):
            slices[ObjectKey(item.metadata.namespace, item.service_name)].append(item)
    return Inputs(
        ingress=ingress,
        ingress_class=classes.get(ingress.spec.ingress_class_name or ""),
        services={item.key: item for item in objects if isinstance(item, Service)},
        slices={key: tuple(items) for key, items in slices.items()},
        secrets={item.key: item for item in objects if isinstance(item, Secret)},
    )


def _value(text: str) -> bytes:
    return fixture(text.removeprefix(_FIXTURE)) if text.startswith(_FIXTURE) else text.encode()
