"""Rules of `metadata`, the same for every kind but for the form of the name.

Source: k8s.io/apimachinery/pkg/api/validation ValidateObjectMeta.
"""

from collections.abc import Callable, Iterator

from genkan.manifests.names import label, label_value, qualified
from genkan.model import Object
from genkan.validation.mistake import Mistake, if_wrong

LARGEST_ANNOTATIONS = 256 * 1024
"""Bytes of all annotations together."""


def metadata_mistakes(value: Object, name_form: Callable[[str], str | None]) -> Iterator[Mistake]:
    """Check name, namespace, labels and annotations."""
    metadata = value.metadata
    yield from if_wrong("metadata.name", name_form(metadata.name))
    if metadata.namespace:
        yield from if_wrong("metadata.namespace", label(metadata.namespace))
    for key, text in metadata.labels.items():
        yield from if_wrong(f"metadata.labels[{key}]", qualified(key) or label_value(text))
    for key in metadata.annotations:
        yield from if_wrong(f"metadata.annotations[{key}]", qualified(key.lower()))
    size = sum(len(key.encode()) + len(text.encode()) for key, text in metadata.annotations.items())
    if size > LARGEST_ANNOTATIONS:
        yield Mistake("metadata.annotations", f"hold {size} bytes; at most {LARGEST_ANNOTATIONS} are stored")
