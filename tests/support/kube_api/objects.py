"""The state of the fake: objects, their history, and the pages of lists that have begun."""

import copy
import datetime as dt
import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

FIRST = 1000
"""The first resourceVersion; what came before is gone, as on a server that has been running for a while."""


class RefusalError(Exception):
    """The request is refused with this code and reason."""

    def __init__(self, code: int, reason: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.field = code, reason, message, field


@dataclass(frozen=True)
class Place:
    """What a path addresses: `root` such as `apis/networking.k8s.io/v1`; a collection has no name."""

    root: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def holds(self, other: "Place") -> bool:
        """Tell whether an object belongs to this collection."""
        same = (self.root, self.plural) == (other.root, other.plural)
        return same and self.namespace in {"", other.namespace}


@dataclass(frozen=True)
class Past:
    """One entry of the history."""

    version: int
    type: str
    place: Place
    body: Object
    before: Object | None = None


@dataclass
class Objects:
    """Objects by place, and everything that happened since the last compaction."""

    version: int = FIRST
    compacted: int = FIRST
    now: dict[Place, Object] = field(default_factory=dict)
    history: list[Past] = field(default_factory=list)
    pages: dict[str, tuple[int, list[Object]]] = field(default_factory=dict)
    tokens: Any = field(default_factory=itertools.count)

    def get(self, place: Place) -> Object:
        """Read one object."""
        if place not in self.now:
            raise RefusalError(404, "NotFound", f'{place.plural} "{place.name}" not found')
        return self.now[place]

    def put(self, place: Place, body: Object) -> Object:
        """Write an object as a whole: makes what a server makes, checks nothing; an equal one is no write."""
        before = self.now.get(place)
        body = copy.deepcopy(body)
        metadata = body.setdefault("metadata", {})
        metadata["name"] = place.name
        if place.namespace:
            metadata["namespace"] = place.namespace
        if before is None:
            metadata["uid"] = str(uuid.uuid4())
            metadata["creationTimestamp"] = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            metadata |= {one: before["metadata"][one] for one in ("uid", "creationTimestamp", "resourceVersion")}
            if body == before:
                return before
        self.version += 1
        metadata["resourceVersion"] = str(self.version)
        self.now[place] = body
        self.history.append(Past(self.version, "MODIFIED" if before else "ADDED", place, body, before))
        return body

    def delete(self, place: Place) -> Object:
        """Remove an object; its last state in the history has the version of the deletion."""
        before = self.get(place)
        self.version += 1
        last = copy.deepcopy(before)
        last["metadata"]["resourceVersion"] = str(self.version)
        del self.now[place]
        self.history.append(Past(self.version, "DELETED", place, last, before))
        return last

    def compact(self) -> None:
        """Forget the history: watches from before now, and lists that have begun, get 410."""
        self.version += 1
        self.compacted = self.version
        self.history.clear()
        self.pages.clear()

    def list(self, place: Place, query: Mapping[str, str]) -> Object:
        """Read a collection, or one page; all pages show the state of the first."""
        token, limit = query.get("continue", ""), int(query.get("limit", "0"))
        if token:
            if token not in self.pages:
                message = "The provided continue parameter is too old to display a consistent list result."
                raise RefusalError(410, "Expired", message)
            version, rest = self.pages[token]
        else:
            version = self.version
            held = sorted((one for one in self.now if place.holds(one)), key=lambda one: (one.namespace, one.name))
            rest = [self.now[one] for one in held if selected(self.now[one], query)]
        metadata: Object = {"resourceVersion": str(version)}
        page = rest[:limit] if limit else rest
        if len(page) < len(rest):
            following = f"page-{next(self.tokens)}"
            self.pages[following] = (version, rest[limit:])
            metadata |= {"continue": following, "remainingItemCount": len(rest) - limit}
        api_version = place.root.partition("/")[2]
        return {"kind": "List", "apiVersion": api_version, "metadata": metadata, "items": page}


def selected(body: Object, query: Mapping[str, str]) -> bool:
    """Tell whether the selectors take an object; equality only, as far as tests need it."""
    labels = body["metadata"].get("labels", {})
    for pair in filter(None, query.get("labelSelector", "").split(",")):
        name, _, value = pair.partition("=")
        if labels.get(name) != value:
            return False
    for pair in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = pair.partition("=")
        unequal = path.endswith("!")
        found: Any = body
        for step in path.rstrip("!").split("."):
            found = found.get(step, "") if isinstance(found, dict) else ""
        if (found == value) == unequal:
            return False
    return True


def merged(before: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
