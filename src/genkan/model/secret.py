"""v1 Secret and ConfigMap."""

from genkan.model.meta import Object


class Secret(Object, frozen=True):
    """v1 Secret; `data` is decoded from base64. Never shows its values when printed."""

    type: str = "Opaque"
    data: dict[str, bytes] = {}

    def __repr__(self) -> str:
        """Name and keys only: a log or a traceback must never hold a secret."""
        return f"Secret({self.key}, type={self.type!r}, keys={sorted(self.data)})"


class ConfigMap(Object, frozen=True):
    """v1 ConfigMap."""

    data: dict[str, str] = {}
