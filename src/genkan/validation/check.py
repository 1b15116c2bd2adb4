"""Everything that is wrong with a directory of manifests, by file and line."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from genkan.ir import Condition, Level, Origin, Reason
from genkan.manifests.documents import Document, is_known
from genkan.manifests.problem import Problem
from genkan.manifests.reading import Reading, lines_of, problem_at
from genkan.model import Ingress, ObjectRef
from genkan.validation.data import config_map_mistakes, secret_mistakes
from genkan.validation.fields import unknown_fields
from genkan.validation.ingress import class_mistakes, ingress_mistakes
from genkan.validation.mistake import Mistake, Rules
from genkan.validation.scalars import misread_scalars
from genkan.validation.service import service_mistakes, slice_mistakes

SERVICE_LABEL = "kubernetes.io/service-name"
STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")

RULES: dict[str, Rules] = {
    "Ingress": ingress_mistakes,
    "IngressClass": class_mistakes,
    "Service": service_mistakes,
    "EndpointSlice": slice_mistakes,
    "Secret": secret_mistakes,
    "ConfigMap": config_map_mistakes,
}


def validate(
    readings: Mapping[str, Reading],
    problems: Iterable[Problem],
    conditions: Iterable[Condition],
    *,
    cluster: bool,
) -> list[Problem]:
    """Return every mistake, sorted and without repetition.

    `readings` are the files by name, `problems` what reading them told, `conditions` what translation told. `cluster` adds what an API
    server would refuse beyond fields that it does not know. That a Service has no endpoints is a mistake only where its EndpointSlices are in the files: else a cluster, or
    `--backend`, has them.
    """
    written = documents_by_ref(readings)
    found = {*problems, *strange_slices(written)}
    for condition in conditions:
        if condition.level is Level.WARNING and not has_no_slices(condition, written):
            found.add(located(condition, written))
    told = {(each.object, each.field) for each in found}
    refused = [
        each for file, reading in readings.items() for each in refused_by_cluster(file, reading, cluster=cluster)
    ]
    return sorted(found | {each for each in refused if (each.object, each.field) not in told})


def documents_by_ref(readings: Mapping[str, Reading]) -> dict[ObjectRef, tuple[str, Document]]:
    """Find where each object stands: the first file by name, as serving does."""
    found: dict[ObjectRef, tuple[str, Document]] = {}
    for file in sorted(readings):
        for document in readings[file].documents:
            if document.ref is not None:
                found.setdefault(document.ref, (file, document))
    return found


def strange_slices(written: Mapping[ObjectRef, tuple[str, Document]]) -> Iterator[Problem]:
    """Give the EndpointSlices that belong to no Service of the files: a wrong label is easily written and never read."""
    for ref, (file, document) in written.items():
        if ref.kind != "EndpointSlice":
            continue
        service = service_of(document)
        if service is None:
            message = f"the label {SERVICE_LABEL} is missing: the EndpointSlice belongs to no Service"
            yield problem_at(file, document, "metadata.labels", Reason.SERVICE_NOT_FOUND, message)
        elif service not in written:
            message = f"{service} is in no file; the EndpointSlice is of no use"
            yield problem_at(file, document, f"metadata.labels[{SERVICE_LABEL}]", Reason.SERVICE_NOT_FOUND, message)


def service_of(document: Document) -> ObjectRef | None:
    """Name the Service that an EndpointSlice belongs to."""
    name = at(document.value, f"metadata.labels[{SERVICE_LABEL}]")
    return ObjectRef("Service", document.ref.namespace, name) if document.ref and isinstance(name, str) else None


def has_no_slices(condition: Condition, written: Mapping[ObjectRef, tuple[str, Document]]) -> bool:
    """Tell a Service without endpoints whose EndpointSlices are not in the files at all: those are state, made elsewhere."""
    origin = condition.origin
    where = written.get(ObjectRef(origin.kind, origin.namespace, origin.name))
    if condition.reason is not Reason.NO_ENDPOINTS or where is None:
        return False
    service = ObjectRef("Service", origin.namespace, str(at(where[1].value, f"{origin.field}.name")))
    return all(service_of(document) != service for ref, (_, document) in written.items() if ref.kind == "EndpointSlice")


def at(value: Any, path: str) -> Any:
    """Return the value at a field path as kubectl prints it, None where there is none."""
    for name, key in STEP.findall(path):
        if name:
            value = value.get(name) if isinstance(value, Mapping) else None
        elif isinstance(value, list):
            value = value[int(key)] if key.isdecimal() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
    return value


def missing_class(ingress: Ingress, classes: Collection[str]) -> Condition | None:
    """Tell an Ingress that names an IngressClass which does not exist: hardly ever what somebody means. `classes` are those that do."""
    name = ingress.spec.ingress_class_name
    if not name or name in classes:
        return None
    there = " and ".join(sorted(classes))
    message = f'IngressClass "{name}" does not exist, so the Ingress is not served; there {"is" if len(classes) == 1 else "are"} {there}'
    return Condition(
        Origin("Ingress", *ingress.key, "spec.ingressClassName"), Reason.NOT_ADOPTED, message, Level.WARNING
    )


def located(condition: Condition, written: Mapping[ObjectRef, tuple[str, Document]]) -> Problem:
    """Say where a condition's field stands; of an object in no file only its name is known."""
    origin = condition.origin
    ref = ObjectRef(origin.kind, origin.namespace, origin.name)
    if ref not in written:
        return Problem("", 0, str(ref), origin.field, condition.reason, condition.message)
    file, document = written[ref]
    return problem_at(file, document, origin.field, condition.reason, condition.message)


def refused_by_cluster(file: str, reading: Reading, *, cluster: bool) -> Iterator[Problem]:
    """Give what an API server would refuse in one file; without `cluster` only the fields that it does not know."""
    for document in reading.documents:
        if is_known(document):
            mistakes = mistakes_of(document, reading) if cluster else unknown_fields(document.value, document.kind)
            for mistake in mistakes:
                yield problem_at(file, document, mistake.field, Reason.OBJECT_INVALID, mistake.message)


def mistakes_of(document: Document, reading: Reading) -> Iterator[Mistake]:
    """Give what is wrong with one object beyond what keeps it from being used here."""
    yield from unknown_fields(document.value, document.kind)
    if not document.chunk.text.lstrip().startswith(("{", "[")):
        root = lines_of(document.chunk).root
        prefix = f"{document.path}." if document.path else ""
        for mistake in misread_scalars(root):
            if mistake.field.startswith(prefix):
                yield Mistake(mistake.field.removeprefix(prefix), mistake.message)
    read = reading.objects.get(document.ref) if document.ref is not None else None
    if read is not None and read.document is document:
        yield from RULES[document.kind](document.value, read.object)
