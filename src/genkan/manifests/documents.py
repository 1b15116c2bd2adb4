"""A file's text, cut into documents, and documents into objects: whose they are, and where they stand.

Takes text; gives `Document`s, with kind List (and IngressList and the like) taken apart. A document that cannot be read costs only
itself: the others are given. What cannot be named (no kind, no name) is told apart from what is simply none of ours, because the
first could be an object that was there before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from genkan.manifests.json_text import parse_stream
from genkan.manifests.lines import Lines
from genkan.manifests.near import CURRENT, meant
from genkan.manifests.yaml_text import MalformedError, Repeated, Value, parse
from genkan.model import KINDS, ObjectRef

SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
CONTENT = re.compile(r"^[ \t]*[^#%\s]", re.MULTILINE)
DIRECTIVE = re.compile(r"^%", re.MULTILINE)
NOTHING = re.compile(r"(?:\s|^#.*$)*", re.MULTILINE)
MOST_NESTED_LISTS = 4

KIND_NAMES = {kind for _, kind in KINDS}
CLUSTER_SCOPED = {"IngressClass"}
RETIRED_GROUPS = {
    "Ingress": {"extensions", "networking.k8s.io"},
    "IngressClass": {"networking.k8s.io"},
    "EndpointSlice": {"discovery.k8s.io"},
}
"""Groups in which a kind of ours had versions that Kubernetes no longer serves."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The text of one document, and the line of the file on which it begins."""

    text: str
    line: int


@dataclass(slots=True)
class Document:
    """One object as written. `path` leads to it inside its chunk ("" or "items[3]").

    `ref` is None while it cannot be named; of a misspelt kind it names what is meant.
    """

    value: dict[str, Any]
    chunk: Chunk
    path: str = ""
    ref: ObjectRef | None = None
    repeated: list[Repeated] = field(default_factory=list)

    @property
    def api_version(self) -> str:
        """As written."""
        return str(self.value.get("apiVersion", ""))

    @property
    def kind(self) -> str:
        """As written."""
        return str(self.value.get("kind", ""))


@dataclass(frozen=True, slots=True)
class Broken:
    """A piece of text that gives no object; `line` 0 means that of its first word. `could_be_any` says that it may stand for an object that was there before."""

    message: str
    chunk: Chunk
    line: int
    could_be_any: bool = True


def documents(text: str, *, json_only: bool) -> Iterator[Document | Broken]:
    """Give every object and every piece that cannot be read, in the order of the file. `json_only` is for files named .json."""
    if text.lstrip()[:1] in ("{", "[") or json_only:
        try:
            streamed = list(parse_stream(text))
        except MalformedError as error:
            if json_only:
                yield Broken(str(error), Chunk(text, 1), error.line)
                return
        else:
            for line, own, value in streamed:
                yield from objects(value, Chunk(own, line))
            return
    for chunk in chunks(text):
        try:
            value = parse(chunk.text, chunk.line)
        except MalformedError as error:
            yield Broken(str(error), chunk, error.line or chunk.line)
            continue
        yield from objects(value, chunk)


def chunks(text: str) -> Iterator[Chunk]:
    """Cut YAML at its document markers, which can stand nowhere else; what says nothing is left out."""
    starts = [0, *(match.start() for match in SEPARATOR.finditer(text)), len(text)]
    line, held, held_line = 1, "", 1
    for start, end in pairwise(starts):
        piece = text[start:end]
        if not held:
            held_line = line
        line += piece.count("\n")
        if DIRECTIVE.search(piece) and not CONTENT.search(piece):
            held += piece  # directives belong to the document behind the marker
            continue
        whole, held = held + piece, ""
        if not NOTHING.fullmatch(whole.removeprefix("---")):
            yield Chunk(whole, held_line)
    if held:
        yield Chunk(held, held_line)


def objects(value: Value, chunk: Chunk) -> Iterator[Document | Broken]:
    """Give the objects of one document."""
    if value.value is None:
        return
    found = list(expand(value.value, chunk, "", "", 0))
    if value.repeated:
        blame([each for each in found if isinstance(each, Document)], value.repeated, chunk)
    yield from found


def blame(found: list[Document], repeated: list[Repeated], chunk: Chunk) -> None:
    """Give each repeated key to the object in which it stands; all of them to every object where lines do not tell (JSON)."""
    lines = Lines(chunk.text, chunk.line)
    starts = [lines.line(each.path) for each in found]
    for key in repeated:
        within = [index for index, start in enumerate(starts) if start <= key.line]
        blamed = found if chunk.text.lstrip().startswith(("{", "[")) or not within else [found[within[-1]]]
        for document in blamed:
            document.repeated.append(key)


def expand(value: Any, chunk: Chunk, path: str, kind: str, depth: int) -> Iterator[Document | Broken]:
    """Give the object, or the objects of a list; `kind` ("networking.k8s.io/v1 Ingress") is that of a typed list's items."""
    if not isinstance(value, dict):
        yield Broken("a manifest is a mapping with apiVersion, kind and metadata", chunk, 0)
        return
    if kind and "kind" not in value:
        api_version, name = kind.split(" ")
        value = {"apiVersion": api_version, "kind": name, **value}
    written = value.get("kind")
    items = value.get("items")
    if isinstance(written, str) and is_list(written, items):
        if depth >= MOST_NESTED_LISTS:
            yield Broken(f"lists nested deeper than {MOST_NESTED_LISTS}", chunk, chunk.line)
            return
        of = written.removesuffix("List")
        inner = f"{value.get('apiVersion', '')} {of}" if of else ""
        for index, item in enumerate(items or ()):
            yield from expand(item, chunk, f"{path}.items[{index}]".lstrip("."), inner, depth + 1)
        return
    yield named(Document(value, chunk, path))


def is_list(kind: str, items: Any) -> bool:
    """Tell kind List, and IngressList and the like, which hold their objects in `items`."""
    return (
        kind == "List"
        or (kind.endswith("List") and isinstance(items, list))
        or kind.removesuffix("List") in KIND_NAMES - {kind}
    )


def named(document: Document) -> Document | Broken:
    """Find out which object it is; kinds that are not ours have no ref."""
    value = document.value
    if not any(key in value for key in ("apiVersion", "kind", "metadata")):
        return Broken(
            "no Kubernetes object: apiVersion, kind and metadata are missing", document.chunk, 0, could_be_any=False
        )
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            return Broken(f"{key} is not set", document.chunk, 0)
    kind = kind_of(document)
    if kind is None:
        return document
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
        return Broken(no_name(document.kind, metadata), document.chunk, 0)
    namespace = metadata.get("namespace") or "default"
    if not isinstance(namespace, str):
        return Broken(
            f"metadata.namespace of {document.kind} {name} must be a string; put it in quotes", document.chunk, 0
        )
    document.ref = ObjectRef(kind, "" if kind in CLUSTER_SCOPED else namespace, name)
    return document


def no_name(kind: str, metadata: Any) -> str:
    """Say what is wrong with a name."""
    if not isinstance(metadata, dict):
        return f"{kind} has no metadata.name"
    if metadata.get("name") not in (None, ""):
        return f"metadata.name of {kind} must be a string; put it in quotes"
    if "generateName" in metadata:
        return f"{kind} has generateName and no name: a file that is read again cannot be given a new name each time; set metadata.name"
    return f"{kind} has no metadata.name"


def kind_of(document: Document) -> str | None:
    """Return the kind that we read, also in a version that nobody serves any more, or misspelt; None for what is not ours."""
    if is_known(document) or is_retired(document):
        return document.kind
    misspelt = meant(document.api_version, document.kind)
    return misspelt.kind if misspelt else None


def is_known(document: Document) -> bool:
    """Tell whether apiVersion and kind are ones that we read."""
    return (document.api_version, document.kind) in KINDS


def is_retired(document: Document) -> bool:
    """Tell a version that is no longer served."""
    return not is_known(document) and document.api_version.rpartition("/")[0] in RETIRED_GROUPS.get(document.kind, ())


def misnamed(document: Document) -> tuple[str, str] | None:
    """Say which of apiVersion and kind is wrong and what to do about it, or None."""
    if is_retired(document):
        more = " (for an Ingress: pathType on every path, service.name and service.port)"
        message = f"apiVersion {document.api_version} is no longer served by Kubernetes; write {CURRENT[document.kind]}"
        return "apiVersion", message + (more if document.kind == "Ingress" else "")
    misspelt = meant(document.api_version, document.kind)
    return (misspelt.field, misspelt.message) if misspelt else None
