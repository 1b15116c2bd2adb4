"""Plain scalars that kubectl reads as something else than the strings that they look like.

An annotation `on` or `1e3` without quotes serves here, and is refused by an API server: kubectl reads YAML 1.1 there.
"""

from collections.abc import Iterator

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from genkan.manifests.scalars import Kind, read_by_kubectl_as
from genkan.manifests.yaml_text import DEEPEST
from genkan.validation.mistake import Mistake


def misread_scalars(node: Node | None, path: str = "", depth: int = 0) -> Iterator[Mistake]:
    """Give every value below a node that kubectl reads differently."""
    if depth > DEEPEST:
        return
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from misread_scalars(value, joined(path, key), depth + 1)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from misread_scalars(item, f"{path}[{index}]", depth + 1)
    elif isinstance(node, ScalarNode) and not node.style and node.tag is Kind.STR:
        kind = read_by_kubectl_as(node.value)
        if kind is not None:
            yield Mistake(path, f"kubectl reads {node.value} as a {kind}; put it in quotes")


def joined(path: str, key: Node) -> str:
    """Go one key down: in brackets where the key has dots of its own."""
    name = str(key.value) if isinstance(key, ScalarNode) else "?"
    return f"{path}[{name}]" if "." in name or "/" in name else f"{path}.{name}".lstrip(".")
