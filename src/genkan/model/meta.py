"""What every Kubernetes object carries, and how objects are named.

Only the fields that are used. Every struct is frozen, decodes from the API's camelCase, and ignores what it does not know.
`gc=False` is safe because no object can refer back to itself; it keeps the garbage collector from walking them.
"""

from typing import NamedTuple

import msgspec


class ObjectKey(NamedTuple):
    """Names an object among those of its kind; `namespace` is "" for cluster-scoped kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as kubectl prints it: namespace/name."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class ObjectRef(NamedTuple):
    """Names one object of any kind: what an index points at, also while the object does not exist."""

    kind: str
    namespace: str
    name: str

    @property
    def key(self) -> ObjectKey:
        """The same name among objects of its kind."""
        return ObjectKey(self.namespace, self.name)

    def __str__(self) -> str:
        """Read as people say it: Kind namespace/name."""
        return f"{self.kind} {self.key}"


class Struct(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """Base of all parts of objects."""


class OwnerReference(Struct, frozen=True):
    """Who an object belongs to."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""


class ObjectMeta(Struct, frozen=True):
    """`metadata`, as far as it is used. Timestamps are RFC 3339 strings as the API writes them."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()


class Object(Struct, frozen=True):
    """Base of all whole objects: has `metadata` and knows its kind."""

    metadata: ObjectMeta = ObjectMeta()

    @property
    def key(self) -> ObjectKey:
        """The object's name among those of its kind."""
        return ObjectKey(self.metadata.namespace, self.metadata.name)

    @property
    def ref(self) -> ObjectRef:
        """The object's name among all objects."""
        return ObjectRef(type(self).__name__, self.metadata.namespace, self.metadata.name)
