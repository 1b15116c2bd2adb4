"""The verbs of the Kubernetes API for any kind: get, list, watch, create, replace, apply, patch, delete.

Takes a `Resource` and a msgspec type to decode into; whatever the type does not name is not read. Raises what `status` lists;
an answer that does not fit the type is a TerminalError `Undecodable`.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from genkan.errors import TerminalError, TransientError
from genkan.kube.lines import lines
from genkan.kube.resources import Resource
from genkan.kube.status import NotFoundError, Status, error_of
from genkan.kube.transport import JSON, Transport

T = TypeVar("T")

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"

LIST_SECONDS = 120.0
"""Seconds that one page, or a whole list after an expired `continue`, may take."""


@dataclass(frozen=True)
class Selection:
    """Which objects of a kind: all by default."""

    namespace: str = ""
    labels: str = ""
    fields: str = ""

    def query(self) -> dict[str, str]:
        """Give the selectors as query parameters."""
        query = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {name: value for name, value in query.items() if value}


ALL = Selection()


class Change(msgspec.Struct, frozen=True):
    """One event of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, and the object as it was sent."""

    type: str
    object: msgspec.Raw


class Client:
    """See the module. Bodies are what msgspec can encode as a JSON object: mappings or structs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, resource: Resource, name: str, kind: type[T], *, namespace: str = "") -> T:
        """Read one object as it is now, never from a cache."""
        path = resource.path(namespace=namespace, name=name)
        return _decode(await self._transport.request("GET", path), kind, path)

    async def page(self, resource: Resource, selection: Selection = ALL, *, limit: int = 0, token: str = "") -> bytes:
        """Read one page of a list as it is sent; `limit` 0 is all, `token` the `continue` of the page before."""
        query = selection.query()
        if limit:
            query["limit"] = str(limit)
        if token:
            query["continue"] = token
        path = resource.path(namespace=selection.namespace)
        return await self._transport.request("GET", path, query=query, seconds=LIST_SECONDS)

    async def watch(
        self, resource: Resource, selection: Selection = ALL, *, version: str, seconds: int, inactivity: float
    ) -> AsyncGenerator[Change, None]:
        """Give what changes after `version`; ends when the server closes, by itself after about `seconds`.

        An ERROR event is raised, as ExpiredError if it is a 410. So is silence of `inactivity` seconds, as a TransientError.
        """
        path = resource.path(namespace=selection.namespace)
        query = selection.query() | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        async with (
            self._transport.stream(path, query=query, inactivity=inactivity) as chunks,
            aclosing(lines(chunks)) as whole,
        ):
            async for line in whole:
                yield _change(line, path)

    async def create(self, resource: Resource, body: object, kind: type[T], *, namespace: str = "") -> T:
        """Create an object; ConflictError with reason AlreadyExists if there is one of that name."""
        path = resource.path(namespace=namespace)
        answer = await self._transport.request("POST", path, body=msgspec.json.encode(body))
        return _decode(answer, kind, path)

    async def replace(
        self, resource: Resource, name: str, body: object, kind: type[T], *, namespace: str = "", seconds: float = 30.0
    ) -> T:
        """Write a whole object; ConflictError if `metadata.resourceVersion` is not the present one."""
        path = resource.path(namespace=namespace, name=name)
        answer = await self._transport.request("PUT", path, body=msgspec.json.encode(body), seconds=seconds)
        return _decode(answer, kind, path)

    async def patch(
        self,
        resource: Resource,
        name: str,
        body: object,
        kind: type[T],
        *,
        namespace: str = "",
        subresource: str = "",
        content_type: str = MERGE,
        query: Mapping[str, str] | None = None,
    ) -> T:
        """Change an object, by JSON merge patch unless `content_type` says otherwise."""
        path = resource.path(namespace=namespace, name=name, subresource=subresource)
        data = msgspec.json.encode(body)
        answer = await self._transport.request("PATCH", path, body=data, content_type=content_type, query=query)
        return _decode(answer, kind, path)

    async def delete(
        self, resource: Resource, name: str, *, namespace: str = "", uid: str = "", propagation: str = "Background"
    ) -> bool:
        """Delete an object, if it still has this `uid` (ConflictError if not); False if it is gone already."""
        options: dict[str, object] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        path = resource.path(namespace=namespace, name=name)
        try:
            await self._transport.request("DELETE", path, body=msgspec.json.encode(options), content_type=JSON)
        except NotFoundError:
            return False
        return True


def _decode(body: bytes, kind: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise TerminalError(f"{path}: {error}", reason="Undecodable") from error
    except msgspec.DecodeError as error:
        raise TransientError(f"{path}: the answer is no JSON: {error}") from error


def _change(line: bytes, path: str) -> Change:
    change = _decode(line, Change, path)
    if change.type == "ERROR":
        status = _decode(bytes(change.object), Status, path)
        raise error_of(f"WATCH {path}", status.code or 500, status)
    return change
