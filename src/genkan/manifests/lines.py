"""From a field of an object to the line of the file that says it.

Made only when somebody asks (a problem, `genkan validate`, `genkan explain`): it composes the text again, with marks.
"""

import re

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from genkan.manifests.yaml_text import MalformedError, compose

INDEX = re.compile(r"\[(\d+)\]")
KEY = re.compile(r"\[[\"']?([^\]\"']*)[\"']?\]")


class Lines:
    """The lines of one document. A text that cannot be composed knows its first line only."""

    def __init__(self, text: str, first_line: int) -> None:
        self._first_line = first_line
        try:
            # A raw tab in valid JSON is white space, and white space that the YAML parser takes only as blanks.
            self.root = compose(text.replace("\t", " ") if text.lstrip()[:1] in "{[" else text, first_line)[0]
        except MalformedError:
            self.root = None

    def line(self, path: str) -> int:
        """Return the line of a field path as kubectl prints it; of the nearest parent that is there when the field is not."""
        node, line = self.root, self._first_line
        if node is None:
            return line
        line = first_line_of(node, line)
        while path:
            step = next_step(node, path)
            if step is None:
                break
            node, mark, path = step
            line = self._first_line + mark
        return line


def first_line_of(node: Node, first_line: int) -> int:
    """Return the line on which a node begins."""
    return first_line + int(node.start_mark.line)


def next_step(node: Node, path: str) -> tuple[Node, int, str] | None:
    """Go one step down: the child, the line of its key or item (from 0), the rest of the path."""
    if isinstance(node, SequenceNode):
        match = INDEX.match(path)
        if match is None or int(match[1]) >= len(node.value):
            return None
        child = node.value[int(match[1])]
        return child, child.start_mark.line, path[match.end() :]
    if not isinstance(node, MappingNode):
        return None
    match = KEY.match(path)
    if match is not None:
        return child_of(node, match[1], path[match.end() :])
    path = path.removeprefix(".")
    fitting = [key for key in keys_of(node) if path.startswith(key) and path[len(key) : len(key) + 1] in {"", ".", "["}]
    return child_of(node, max(fitting, key=len), path[len(max(fitting, key=len)) :]) if fitting else None


def child_of(node: MappingNode, name: str, rest: str) -> tuple[Node, int, str] | None:
    """Find a key of a mapping; its own first, then what `<<` brought."""
    for mapping in (node, *merged_into(node)):
        for key, value in mapping.value:
            if isinstance(key, ScalarNode) and key.value == name:
                return value, key.start_mark.line, rest
    return None


def keys_of(node: MappingNode) -> list[str]:
    """Return the keys of a mapping, with those that `<<` brought."""
    pairs = (pair for mapping in (node, *merged_into(node)) for pair in mapping.value)
    return [key.value for key, _ in pairs if isinstance(key, ScalarNode)]


def merged_into(node: MappingNode) -> list[MappingNode]:
    """Return the mappings that `<<` names, one level deep."""
    named = [value for key, value in node.value if isinstance(key, ScalarNode) and key.value == "<<"]
    flat = [each for value in named for each in (value.value if isinstance(value, SequenceNode) else [value])]
    return [each for each in flat if isinstance(each, MappingNode)]
