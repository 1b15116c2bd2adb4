"""What an API server and the Helm chart would add across objects: the class `genkan`, and the default class of Ingresses that name none.

Takes changes of objects, gives them on. Differs from a cluster in one thing: there an Ingress gets the default class once, when it is
made; here always the one that is default now, so that the same files always give the same result.
"""

from msgspec.structs import replace

from genkan.model import Ingress, IngressClass, IngressClassSpec, Object, ObjectMeta, ObjectRef
from genkan.settings import CONTROLLER
from genkan.sources.directory.catalogue import Sink

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
IMPLICIT_CLASS = IngressClass(
    metadata=ObjectMeta(name="genkan", uid="00000000-0000-0000-0000-000000000000"),
    spec=IngressClassSpec(controller=CONTROLLER),
)
"""There unless the files define a class of this name."""


class Admission:
    """Stands between the files and the stores; see the module."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._defaults: set[str] = set()
        self._classless: dict[ObjectRef, Ingress] = {}
        sink(IMPLICIT_CLASS.ref, IMPLICIT_CLASS)

    @property
    def default_class(self) -> str | None:
        """The default class; of several the first by name, as the API server decides among those made at the same time."""
        return min(self._defaults, default=None)

    def put(self, ref: ObjectRef, value: Object | None) -> None:
        """Take one change."""
        if ref.kind == IngressClass.__name__:
            self._sink(ref, IMPLICIT_CLASS if value is None and ref == IMPLICIT_CLASS.ref else value)
            self._note_default(ref.name, value)
        elif isinstance(value, Ingress) and names_no_class(value):
            self._classless[ref] = value
            self._sink(ref, self._with_default(value))
        else:
            self._classless.pop(ref, None)
            self._sink(ref, value)

    def _note_default(self, name: str, value: Object | None) -> None:
        before = self.default_class
        is_default = value is not None and value.metadata.annotations.get(DEFAULT_ANNOTATION) == "true"
        (self._defaults.add if is_default else self._defaults.discard)(name)
        if self.default_class != before:
            for ref, ingress in self._classless.items():
                self._sink(ref, self._with_default(ingress))

    def _with_default(self, ingress: Ingress) -> Ingress:
        if self.default_class is None:
            return ingress
        return replace(ingress, spec=replace(ingress.spec, ingress_class_name=self.default_class))


def names_no_class(ingress: Ingress) -> bool:
    """Tell an Ingress that names no class, by field or annotation."""
    return ingress.spec.ingress_class_name is None and CLASS_ANNOTATION not in ingress.metadata.annotations
