"""networking.k8s.io/v1: Ingress and IngressClass."""

from genkan.model.meta import Object, Struct


class ServiceBackendPort(Struct, frozen=True):
    """A Service's port by number or by name; the API allows exactly one of them."""

    number: int = 0
    name: str = ""


class IngressServiceBackend(Struct, frozen=True):
    """A Service of the Ingress's own namespace."""

    name: str
    port: ServiceBackendPort = ServiceBackendPort()


class TypedLocalObjectReference(Struct, frozen=True):
    """An object of the same namespace, of any kind."""

    kind: str
    name: str
    api_group: str = ""


class IngressBackend(Struct, frozen=True):
    """Where matching requests go: a Service or a resource, exactly one of them."""

    service: IngressServiceBackend | None = None
    resource: TypedLocalObjectReference | None = None


class HTTPIngressPath(Struct, frozen=True):
    """One path of a rule. `path_type` is required by the API: Exact, Prefix or ImplementationSpecific."""

    backend: IngressBackend
    path: str = ""
    path_type: str = ""


class HTTPIngressRuleValue(Struct, frozen=True):
    """The paths of a rule."""

    paths: tuple[HTTPIngressPath, ...] = ()


class IngressRule(Struct, frozen=True):
    """The paths of one host; an empty host matches every host that no other rule names."""

    host: str = ""
    http: HTTPIngressRuleValue | None = None


class IngressTLS(Struct, frozen=True):
    """A TLS Secret; `hosts` are informative, the certificate's own names decide (design: TLS)."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Struct, frozen=True):
    """What the user wants. `ingress_class_name` None and "" differ: "" names no class at all."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    rules: tuple[IngressRule, ...] = ()


class Ingress(Object, frozen=True):
    """networking.k8s.io/v1 Ingress."""

    spec: IngressSpec = IngressSpec()


class IngressClassParametersReference(Struct, frozen=True):
    """Names the object that holds a class's parameters."""

    kind: str
    name: str
    api_group: str = ""
    scope: str = "Cluster"
    namespace: str = ""


class IngressClassSpec(Struct, frozen=True):
    """`controller` names who serves the class's Ingresses."""

    controller: str = ""
    parameters: IngressClassParametersReference | None = None


class IngressClass(Object, frozen=True):
    """networking.k8s.io/v1 IngressClass."""

    spec: IngressClassSpec = IngressClassSpec()
