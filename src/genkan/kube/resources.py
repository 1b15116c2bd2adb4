"""Kinds of objects and their addresses. Takes what the caller knows of a kind; there is no list of kinds here and no discovery."""

from dataclasses import dataclass
from urllib.parse import quote

from genkan.errors import TerminalError


@dataclass(frozen=True)
class Resource:
    """A kind as the API serves it: `Resource("networking.k8s.io/v1", "Ingress", "ingresses", namespaced=True)`."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Give the path of a collection (no name) or of an object, percent-encoded, beginning with a slash.

        A collection of a namespaced kind without a namespace is that of all namespaces. What could address something
        else than it names ("..", a slash, a namespaced object without a namespace) is a TerminalError `InvalidName`.
        """
        if self.namespaced and name and not namespace:
            raise TerminalError(f"{self.kind} {name}: the namespace is missing", reason="InvalidName")
        root = "/apis/" if "/" in self.api_version else "/api/"
        path = root + self.api_version
        if self.namespaced and namespace:
            path += f"/namespaces/{self._segment(namespace)}"
        path += f"/{self.plural}"
        if name:
            path += f"/{self._segment(name)}"
        return f"{path}/{subresource}" if subresource else path

    def _segment(self, name: str) -> str:
        # apimachinery, path.IsValidPathSegmentName: what an object's name can never be.
        if name in {".", ".."} or "/" in name or "%" in name:
            raise TerminalError(f"{self.kind}: {name!r} is no name of an object", reason="InvalidName")
        return quote(name, safe="")
