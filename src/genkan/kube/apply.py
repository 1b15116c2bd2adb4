"""Server-side apply (kubernetes.io, "Server-Side Apply") with one field manager: we say which fields are ours and what they hold.

Takes an object with apiVersion, kind, metadata and exactly the fields that are to be ours; a field left out since the last time is given
up. Fields of others stay. Whether a write is needed at all is the caller's to decide. `metadata.uid` in the object makes it a condition:
ConflictError if the object is gone or another one has its name.
"""

from collections.abc import Mapping
from typing import TypeVar

from genkan.errors import TerminalError
from genkan.kube.client import APPLY, Client
from genkan.kube.resources import Resource
from genkan.kube.status import ConflictError, RefusedError

T = TypeVar("T")


class Applier:
    """Writes as one field manager."""

    def __init__(self, client: Client, manager: str) -> None:
        self._client = client
        self._manager = manager

    async def apply(self, resource: Resource, body: Mapping[str, object], kind: type[T], *, force: bool = True) -> T:
        """Create the object or bring our fields to this state, and give it as it is then.

        `force` takes over fields that another manager set otherwise; without it that is a ConflictError which names them.
        """
        return await self._apply(resource, body, kind, subresource="", force=force)

    async def apply_status(
        self, resource: Resource, body: Mapping[str, object], kind: type[T], *, force: bool = True
    ) -> T:
        """Bring our fields below `status` to this state; never creates the object (NotFoundError)."""
        return await self._apply(resource, body, kind, subresource="status", force=force)

    async def _apply(
        self, resource: Resource, body: Mapping[str, object], kind: type[T], *, subresource: str, force: bool
    ) -> T:
        metadata = body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if not isinstance(metadata, Mapping) or not name:
            raise TerminalError(f"a {resource.kind} without a name cannot be applied", reason="InvalidName")
        query = {"fieldManager": self._manager}
        if force:
            query["force"] = "true"
        try:
            return await self._client.patch(
                resource,
                str(name),
                {"apiVersion": resource.api_version, "kind": resource.kind, **body},
                kind,
                namespace=str(metadata.get("namespace", "")),
                subresource=subresource,
                content_type=APPLY,
                query=query,
            )
        except RefusedError as error:
            # Another object of that name is "Invalid" to the server, no object of that name a conflict: one thing to callers.
            if "metadata.uid" not in error.fields:
                raise
            raise ConflictError(str(error), code=409, reason="Conflict", detail=error.detail) from error
