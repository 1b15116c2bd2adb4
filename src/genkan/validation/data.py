"""What an API server refuses in a Secret or a ConfigMap.

Source: the validation of v1 Secret and ConfigMap in Kubernetes 1.35.
"""

from collections.abc import Iterator

from genkan.manifests.names import data_key, subdomain
from genkan.model import ConfigMap, Secret
from genkan.validation.metadata import metadata_mistakes
from genkan.validation.mistake import Manifest, Mistake, if_wrong, required, written

LARGEST = 1024 * 1024
"""Bytes of all values together."""


def secret_mistakes(_manifest: Manifest, secret: Secret) -> Iterator[Mistake]:
    """Check a Secret."""
    yield from metadata_mistakes(secret, subdomain)
    for key in secret.data:
        yield from if_wrong(f"data[{key}]", data_key(key))
    if secret.type == "kubernetes.io/tls":
        for key in ("tls.crt", "tls.key"):
            if key not in secret.data:
                yield required(f"data[{key}]")
    yield from size_mistake(sum(map(len, secret.data.values())))


def config_map_mistakes(manifest: Manifest, config_map: ConfigMap) -> Iterator[Mistake]:
    """Check a ConfigMap."""
    yield from metadata_mistakes(config_map, subdomain)
    binary = written(manifest, "binaryData")
    binary = binary if isinstance(binary, dict) else {}
    for name, keys in (("data", config_map.data), ("binaryData", binary)):
        for key in keys:
            yield from if_wrong(f"{name}[{key}]", data_key(key))
    for key in config_map.data.keys() & binary.keys():
        yield Mistake(f"data[{key}]", "stands in binaryData too")
    yield from size_mistake(sum(len(text.encode()) for text in config_map.data.values()))


def size_mistake(size: int) -> Iterator[Mistake]:
    """Check the size."""
    if size > LARGEST:
        yield Mistake("data", f"holds {size} bytes; at most {LARGEST} are stored")
