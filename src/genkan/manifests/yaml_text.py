"""One YAML document: text in, plain values out, through the C parser.

Gives dicts, lists, strings, numbers, booleans; a null in a mapping is dropped, as the API server drops it. Repeated keys are reported
beside the value. Refuses, with a line: what is no YAML, keys that are no scalars, tags of programming languages, and aliases or nesting
that would cost more than they can mean.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode, YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs know its subclasses only

from genkan.errors import GenkanError
from genkan.manifests.scalars import Kind, bool_of, kind_of

DEEPEST = 100
"""No object of the API is nested half as deep; the C parser recurses, so the bound is also its stack's."""

ALIAS_FACTOR = 100
"""How many times larger than written a document may become through aliases."""

ANCHOR = re.compile(r"(?:^|[\s\[{,:-])&\S")
EXPLICIT = {f"tag:yaml.org,2002:{kind}": kind for kind in Kind} | {"!": Kind.STR, "tag:yaml.org,2002:binary": Kind.STR}
COLLECTIONS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "map", "seq"}


class MalformedError(GenkanError):
    """A text that cannot be read; `line` starts at 1, 0 when unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Repeated:
    """A key that stands twice in one mapping; the later one would win silently."""

    key: str
    line: int


@dataclass(slots=True)
class Value:
    """What one document says."""

    value: Any
    repeated: list[Repeated] = field(default_factory=list)


class Composer(CParser):
    """The C parser with our meaning of scalars, and a bound on nesting that it checks before each node."""

    def __init__(self, text: str, first_line: int) -> None:
        CParser.__init__(self, text)
        self.first_line = first_line
        self.depth = 0
        self.nodes = 0

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """Give a node without a written tag its tag."""
        if kind is ScalarNode:
            return kind_of(value or "") if implicit[0] else Kind.STR
        return "map" if kind is MappingNode else "seq"

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """Go one level down; called by the C code before each node."""
        self.depth += 1
        self.nodes += 1
        if self.depth > DEEPEST:
            line = self.first_line + (parent.start_mark.line if parent is not None else 0)
            raise MalformedError(f"nested deeper than {DEEPEST} levels", line)

    def ascend_resolver(self) -> None:
        """Go one level up; called by the C code after each node."""
        self.depth -= 1


def compose(text: str, first_line: int = 1) -> tuple[Node | None, int]:
    """Return the node tree of one document and how many nodes it was written with; None when it says nothing."""
    try:
        composer = Composer(text, first_line)
        return composer.get_single_node(), composer.nodes
    except YAMLError as error:
        raise malformed(error, first_line) from None
    except (ValueError, OverflowError) as error:  # an escape that is no character
        raise MalformedError(f"cannot be read as YAML: {error}", first_line) from None


def malformed(error: YAMLError, first_line: int) -> MalformedError:
    """Say what the parser says, in one line, with the line of the file."""
    mark = getattr(error, "problem_mark", None)
    words = [str(word) for word in (getattr(error, "context", None), getattr(error, "problem", None)) if word]
    message = ", ".join(words) or " ".join(str(error).split())
    return MalformedError(f"cannot be read as YAML: {message}", first_line + mark.line if mark else first_line)


def parse(text: str, first_line: int = 1) -> Value:
    """Read one document."""
    node, nodes = compose(text, first_line)
    result = Value(None)
    if node is not None:
        result.value = Builder(result.repeated, first_line, nodes if ANCHOR.search(text) else 0).build(node)
    return result


class Builder:
    """From nodes to values. `nodes` above 0 says that there are anchors, so that expansion is counted and cycles are found."""

    def __init__(self, repeated: list[Repeated], first_line: int, nodes: int) -> None:
        self._repeated = repeated
        self._first_line = first_line
        self._left = nodes * ALIAS_FACTOR
        self._counting = nodes > 0
        self._open: set[int] = set()

    def build(self, node: Node) -> Any:
        """Return the value of a node."""
        if type(node) is ScalarNode:
            return node.value if node.tag is Kind.STR else self._scalar(node)
        if not self._counting:
            return self._mapping(node) if type(node) is MappingNode else self._sequence(node)
        return self._counted(node)

    def _counted(self, node: Node) -> Any:
        self._left -= len(node.value) + 1
        if self._left < 0:
            raise self._error(node, f"its aliases expand to more than {ALIAS_FACTOR} times what is written")
        if id(node) in self._open:
            raise self._error(node, "an anchor contains an alias of itself")
        self._open.add(id(node))
        value = self._mapping(node) if isinstance(node, MappingNode) else self._sequence(node)
        self._open.discard(id(node))
        return value

    def _sequence(self, node: Node) -> list[Any]:
        self._check_tag(node)
        build = self.build
        return [build(item) for item in node.value]

    def _mapping(self, node: Node) -> dict[str, Any]:
        self._check_tag(node)
        values: dict[str, Any] = {}
        keys: set[str] = set()
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if type(key_node) is not ScalarNode:
                raise self._error(key_node, "a key must be a string, not a list or a mapping")
            if key_node.tag is Kind.MERGE:
                merged.append(value_node)
                continue
            key = key_node.value
            if key in keys:
                self._repeated.append(Repeated(key, self._line(key_node)))
            keys.add(key)
            value = self.build(value_node)
            if value is not None:
                values[key] = value
            else:
                values.pop(key, None)
        return self._merge(values, keys, merged) if merged else values

    def _merge(self, values: dict[str, Any], keys: set[str], merged: list[Node]) -> dict[str, Any]:
        """Add what `<<` brings: the mapping's own keys win, then the earlier of several."""
        for node in merged:
            for each in node.value if isinstance(node, SequenceNode) else (node,):
                if not isinstance(each, MappingNode):
                    raise self._error(each, "<< takes a mapping or a list of mappings")
                for key, value in self.build(each).items():
                    if key not in keys:
                        values.setdefault(key, value)
        return values

    def _scalar(self, node: ScalarNode) -> Any:
        kind = node.tag if type(node.tag) is Kind else EXPLICIT.get(node.tag)
        text = node.value
        try:
            if kind is Kind.INT:
                return int(text)
            if kind is Kind.FLOAT:
                return float(text)
        except ValueError:
            raise self._error(node, f"{text!r} is no {kind}") from None
        if kind is Kind.BOOL:
            return bool_of(text) if kind_of(text) is Kind.BOOL else self._fail(node, f"{text!r} is no bool")
        if kind is Kind.NULL:
            return None
        if kind is None:
            raise self._error(node, f"the tag {node.tag} means nothing here")
        return text

    def _check_tag(self, node: Node) -> None:
        if node.tag not in COLLECTIONS:
            raise self._error(node, f"the tag {node.tag} means nothing here")

    def _fail(self, node: Node, message: str) -> Any:
        raise self._error(node, message)

    def _line(self, node: Node) -> int:
        return self._first_line + int(node.start_mark.line)

    def _error(self, node: Node, message: str) -> MalformedError:
        return MalformedError(message, self._line(node))
