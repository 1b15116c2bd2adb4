"""Where a piece of the intermediate representation came from, so that every message can quote what the user wrote."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """One field of one user's object; `field` is a path as kubectl prints it, "" for the whole object.

    >>> str(Origin("Ingress", "shop", "web", "spec.rules[0].http.paths[1].backend"))
    'Ingress shop/web spec.rules[0].http.paths[1].backend'
    """

    kind: str
    namespace: str
    name: str
    field: str = ""

    def at(self, field: str) -> "Origin":
        """The same object, at a path below this one: "paths[0]" and "[0]" both attach as expected."""
        joint = "" if not self.field or field.startswith("[") else "."
        return Origin(self.kind, self.namespace, self.name, f"{self.field}{joint}{field}")

    def __str__(self) -> str:
        """Kind, namespace/name, field."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name} {self.field}".rstrip()
