"""From a document to the object that the API server would hold.

Takes a `Document` of a kind that we read; gives the model's object, or what stands in the way with its field. Strict as the API server
is: a number is no string, a string no number. Adds what the API server adds: the namespace `default`, a uid, stringData merged into data.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec

from genkan.manifests.documents import CLUSTER_SCOPED, Document, misnamed
from genkan.manifests.names import label, subdomain
from genkan.model import KINDS, Object, ObjectRef

NAMES = UUID("0d4b1f2c-5a4e-5d0e-9c57-6c1a52b2f0a7")
"""The name space of the uids that we give."""

PATH = re.compile(r"(.*?) - at `(?:(key|value)` in `)?\$\.?(.*)`", re.DOTALL)
EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
    "bytes": "base64",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One mistake that keeps an object from being used; `field` is a path as kubectl prints it."""

    field: str
    message: str
    line: int = 0
    """Where it stands, when the field does not tell."""


def decode(document: Document) -> Object | list[Refused]:
    """Return the object, or everything that keeps it from being one."""
    if document.ref is None:
        raise ValueError(f"{document.kind} has no name or is not ours")
    wrong = misnamed(document)
    if wrong is not None:
        return [Refused(*wrong)]
    refused = [
        Refused("", f"the key {each.key!r} stands twice in one mapping", each.line) for each in document.repeated
    ]
    refused += bad_names(document.ref)
    value = dict(document.value)
    value["metadata"] = admitted_metadata(document.ref, value["metadata"])
    if document.kind == "Secret":
        refused += merge_secret_data(value)
    if refused:
        return refused
    try:
        return msgspec.convert(value, KINDS[document.api_version, document.kind])
    except msgspec.ValidationError as error:
        return [explain(error, value)]


def bad_names(ref: ObjectRef) -> list[Refused]:
    """Refuse names that no API server stores: others use them in paths and tables.

    Of a Service this asks for a label of RFC 1123: whether it may begin with a digit is not the same in every version of Kubernetes.
    """
    form = label if ref.kind == "Service" else subdomain
    found = {"metadata.name": form(ref.name), "metadata.namespace": label(ref.namespace) if ref.namespace else None}
    return [Refused(field, message) for field, message in found.items() if message is not None]


def admitted_metadata(ref: ObjectRef, metadata: dict[str, Any]) -> dict[str, Any]:
    """Add what the API server sets: namespace and uid. Drop what it would not take from a file: a deletion in progress."""
    admitted = {key: value for key, value in metadata.items() if key not in {"deletionTimestamp", "namespace"}}
    if ref.kind not in CLUSTER_SCOPED:
        admitted["namespace"] = ref.namespace
    admitted.setdefault("uid", str(uuid5(NAMES, str(ref))))
    return admitted


def merge_secret_data(value: dict[str, Any]) -> list[Refused]:
    """Turn `data` and `stringData` of a Secret into bytes; stringData wins, as in the API."""
    refused: list[Refused] = []
    merged: dict[str, bytes] = {}
    for name in ("data", "stringData"):
        entries = value.pop(name, None) or {}
        if not isinstance(entries, dict):
            refused.append(Refused(name, "must be a mapping"))
            continue
        for key, text in entries.items():
            if not isinstance(text, str):
                refused.append(Refused(f"{name}[{key}]", f"must be a string, not {word_of(text)}; put it in quotes"))
            elif name == "stringData":
                merged[key] = text.encode()
            else:
                try:
                    merged[key] = base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
                except (binascii.Error, ValueError):
                    refused.append(Refused(f"data[{key}]", "is no base64; plain text belongs in stringData"))
    value["data"] = merged
    return refused


def word_of(value: object) -> str:
    """Name the type of a value as people do."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        dict: "a mapping",
        list: "a list",
    }
    return names.get(type(value), "nothing")


def explain(error: msgspec.ValidationError, value: dict[str, Any]) -> Refused:
    """Say in the user's words what the decoder says."""
    text = str(error)
    match = PATH.fullmatch(text)
    message, path = (match[1], match[3]) if match else (text, "")
    field = path.replace("[...]", f"[{odd_entry(value, path)}]") if "[...]" in path else path
    expected = EXPECTED.match(message)
    if expected:
        wanted = " or ".join(WORDS.get(each, each) for each in expected[1].split(" | ") if each != "null")
        got = WORDS.get(expected[2], expected[2])
        hint = "; put it in quotes" if wanted == "a string" and expected[2] in {"int", "float", "bool"} else ""
        return Refused(field, f"must be {wanted}, not {got}{hint}")
    missing = re.fullmatch(r"Object missing required field `([^`]*)`", message)
    if missing:
        return Refused(f"{field}.{missing[1]}".lstrip("."), "is required")
    return Refused(field, message)


def odd_entry(value: Any, path: str) -> str:
    """Find the key that the decoder leaves out: the first entry of a string map that is no string."""
    for name in path.partition("[...]")[0].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    entries = value.items() if isinstance(value, dict) else ()
    return next((str(key) for key, entry in entries if not isinstance(entry, str)), "...")
