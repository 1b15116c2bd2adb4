"""Everything that is wrong with a directory of manifests, by file and line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from genkan.ir import Condition, Level, Reason
from genkan.manifests.documents import Document
from genkan.manifests.problem import Problem
from genkan.manifests.reading import Reading, lines_of, problem_at
from genkan.model import ObjectRef
from genkan.validation.data import config_map_mistakes, secret_mistakes
from genkan.validation.fields import unknown_fields
from genkan.validation.ingress import class_mistakes, ingress_mistakes
from genkan.validation.mistake import Mistake, Rules
from genkan.validation.scalars import misread_scalars
from genkan.validation.service import service_mistakes, slice_mistakes

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
    server would refuse. That a Service which selects pods has no endpoints here is no mistake: a cluster makes them.
    """
    found = set(problems)
    written = documents_by_ref(readings)
    for condition in conditions:
        if condition.level is Level.WARNING and not is_for_the_cluster(condition, written):
            found.add(located(condition, written))
    if cluster:
        for file, reading in readings.items():
            found |= set(refused_by_cluster(file, reading))
    return sorted(found)


def documents_by_ref(readings: Mapping[str, Reading]) -> dict[ObjectRef, tuple[str, Document]]:
    """Find where each object stands: the first file by name, as serving does."""
    found: dict[ObjectRef, tuple[str, Document]] = {}
    for file in sorted(readings):
        for document in readings[file].documents:
            if document.ref is not None:
                found.setdefault(document.ref, (file, document))
    return found


def is_for_the_cluster(condition: Condition, written: Mapping[ObjectRef, tuple[str, Document]]) -> bool:
    """Tell a Service without endpoints that a cluster would fill: it selects pods."""
    if condition.reason is not Reason.NO_ENDPOINTS:
        return False
    origin = condition.origin
    named = [ref for ref in written if ref.kind == "Service" and ref.namespace == origin.namespace]
    services = [ref for ref in named if ref.name == origin.name or str(ref.key) in condition.message]
    return bool(services) and all(selects(written[ref][1].value) for ref in services)


def selects(service: Mapping[str, Any]) -> bool:
    """Tell whether a Service selects pods."""
    spec = service.get("spec")
    return isinstance(spec, Mapping) and bool(spec.get("selector"))


def located(condition: Condition, written: Mapping[ObjectRef, tuple[str, Document]]) -> Problem:
    """Say where a condition's field stands; of an object in no file only its name is known."""
    origin = condition.origin
    ref = ObjectRef(origin.kind, origin.namespace, origin.name)
    if ref not in written:
        return Problem("", 0, str(ref), origin.field, condition.reason, condition.message)
    file, document = written[ref]
    return problem_at(file, document, origin.field, condition.reason, condition.message)


def refused_by_cluster(file: str, reading: Reading) -> Iterator[Problem]:
    """Give what an API server would refuse in one file."""
    for document in reading.documents:
        for mistake in mistakes_of(document, reading):
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
