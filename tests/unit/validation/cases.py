"""Objects that an API server refuses, and the field it refuses each for; and some that it takes.

Each case is an object as YAML and the fields that are wrong. A kube-apiserver 1.35 takes and refuses the very same objects, and names
the same fields, but for a few where ours is the field nearer to the mistake.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """One object; `fields` are those that are wrong; none if it is taken."""

    name: str
    manifest: str
    fields: tuple[str, ...] = ()


INGRESS = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: %s}"
CLASS = "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: a}, spec: %s}"
SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: %s}"
SLICE = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, %s}"
SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: a}, %s}"
CONFIG_MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, %s}"
BACKEND = "{service: {name: a, port: {number: 80}}}"
PATH = f"{{path: /, pathType: Prefix, backend: {BACKEND}}}"
PATHS = "{rules: [{http: {paths: [%s]}}]}"


def ingress(name: str, spec: str, *fields: str) -> Case:
    return Case(name, INGRESS % spec, fields)


def path(name: str, text: str, *fields: str) -> Case:
    return Case(name, INGRESS % (PATHS % text), tuple(f"spec.rules[0].http.paths[0].{field}" for field in fields))


def backend(name: str, text: str, *fields: str) -> Case:
    return Case(
        name, INGRESS % (f"{{defaultBackend: {text}}}"), tuple(f"spec.defaultBackend{field}" for field in fields)
    )


def metadata(name: str, text: str, *fields: str) -> Case:
    return Case(name, f"{{apiVersion: v1, kind: ConfigMap, metadata: {text}}}", fields)


INGRESSES = [
    ingress("rules", PATHS % PATH),
    ingress("default backend", f"{{defaultBackend: {BACKEND}}}"),
    ingress("host without paths", "{rules: [{host: a.example}]}"),
    ingress("empty", "{}", "spec"),
    ingress("no paths", "{rules: [{http: {paths: []}}]}", "spec.rules[0].http.paths"),
    *(
        ingress(f"host {host}", f"{{rules: [{{host: '{host}', http: {{paths: [{PATH}]}}}}]}}", *wrong)
        for host, wrong in (
            ("a.example", ()),
            ("*.a.example", ()),
            ("A.example", ("spec.rules[0].host",)),
            ("a.example:80", ("spec.rules[0].host",)),
            ("10.0.0.1", ("spec.rules[0].host",)),
            ("a_b.example", ("spec.rules[0].host",)),
            ("*", ("spec.rules[0].host",)),
            ("a.*.example", ("spec.rules[0].host",)),
            ("*a.example", ("spec.rules[0].host",)),
            ("-a.example", ("spec.rules[0].host",)),
            ("a..example", ("spec.rules[0].host",)),
        )
    ),
    path("no pathType", f"{{path: /, backend: {BACKEND}}}", "pathType"),
    path("unknown pathType", f"{{path: /, pathType: Regex, backend: {BACKEND}}}", "pathType"),
    *(
        path(f"{kind} {text}", f"{{path: '{text}', pathType: {kind}, backend: {BACKEND}}}", *wrong)
        for kind, text, wrong in (
            ("Prefix", "/a/b", ()),
            ("Prefix", "", ("path",)),
            ("Prefix", "a", ("path",)),
            ("Exact", "/a//b", ("path",)),
            ("Exact", "/a/./b", ("path",)),
            ("Exact", "/a/../b", ("path",)),
            ("Exact", "/a%2fb", ("path",)),
            ("Exact", "/a%2Fb", ("path",)),
            ("Exact", "/a/..", ("path",)),
            ("Exact", "/a/.", ("path",)),
            ("ImplementationSpecific", "", ()),
            ("ImplementationSpecific", "/a//b", ()),
            ("ImplementationSpecific", "a", ("path",)),
        )
    ),
    backend("port name", "{service: {name: a, port: {name: http}}}"),
    backend("resource", "{resource: {apiGroup: x.example, kind: Bucket, name: a}}"),
    backend("nothing", "{}", ""),
    backend("service and resource", "{service: {name: a, port: {number: 80}}, resource: {kind: B, name: a}}", ""),
    backend("port name and number", "{service: {name: a, port: {name: http, number: 80}}}", ".service.port"),
    backend("no port", "{service: {name: a}}", ".service.port"),
    backend("port 0", "{service: {name: a, port: {number: 0}}}", ".service.port"),
    backend("port 65536", "{service: {name: a, port: {number: 65536}}}", ".service.port.number"),
    backend("bad port name", "{service: {name: a, port: {name: Http}}}", ".service.port.name"),
    backend("long port name", "{service: {name: a, port: {name: abcdefghijklmnop}}}", ".service.port.name"),
    backend("bad service name", "{service: {name: A_b, port: {number: 80}}}", ".service.name"),
    backend("service name that begins with a digit", "{service: {name: 1a, port: {number: 80}}}", ".service.name"),
    backend("resource without name", "{resource: {kind: Bucket, name: ''}}", ".resource.name"),
    ingress("class name", f"{{ingressClassName: A, defaultBackend: {BACKEND}}}", "spec.ingressClassName"),
    ingress(
        "tls",
        f"{{tls: [{{hosts: [a.example, '*.b.example'], secretName: a}}, {{hosts: [A, '*']}}, {{secretName: A}}], defaultBackend: {BACKEND}}}",
        "spec.tls[1].hosts[0]",
        "spec.tls[1].hosts[1]",
        "spec.tls[2].secretName",
    ),
    Case(
        "class and another annotation",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {kubernetes.io/ingress.class: b}}, "
        f"spec: {{ingressClassName: a, defaultBackend: {BACKEND}}}}}",
        ("metadata.annotations[kubernetes.io/ingress.class]",),
    ),
    Case("class", CLASS % "{controller: genkan.dev/ingress}"),
    Case("class without controller", CLASS % "{}", ("spec.controller",)),
    Case("controller without path", CLASS % "{controller: genkan}", ("spec.controller",)),
    Case("long controller", CLASS % ("{controller: a.b/%s}" % ("c" * 250)), ("spec.controller",)),
    Case("parameters", CLASS % "{controller: a.b/c, parameters: {kind: A, name: a, scope: Cluster}}"),
    Case(
        "parameters without namespace",
        CLASS % "{controller: a.b/c, parameters: {kind: A, name: a, scope: Namespace}}",
        ("spec.parameters.namespace",),
    ),
    Case(
        "parameters with a namespace too many",
        CLASS % "{controller: a.b/c, parameters: {kind: A, name: a, scope: Cluster, namespace: b}}",
        ("spec.parameters.namespace",),
    ),
    Case(
        "parameters' scope",
        CLASS % "{controller: a.b/c, parameters: {kind: A, name: a, scope: X}}",
        ("spec.parameters.scope",),
    ),
]

SERVICES = [
    Case("service", SERVICE % "{ports: [{port: 80, targetPort: http, appProtocol: kubernetes.io/h2c}]}"),
    Case("headless without ports", SERVICE % "{clusterIP: None}"),
    Case("external name", SERVICE % "{type: ExternalName, externalName: a.example.}"),
    Case("no ports", SERVICE % "{}", ("spec.ports",)),
    Case("no external name", SERVICE % "{type: ExternalName}", ("spec.externalName",)),
    Case("bad external name", SERVICE % "{type: ExternalName, externalName: a_b}", ("spec.externalName",)),
    Case("type", SERVICE % "{type: X, ports: [{port: 80}]}", ("spec.type",)),
    Case("port 0", SERVICE % "{ports: [{port: 0}]}", ("spec.ports[0].port",)),
    Case("target port 70000", SERVICE % "{ports: [{port: 80, targetPort: 70000}]}", ("spec.ports[0].targetPort",)),
    Case("target port name", SERVICE % "{ports: [{port: 80, targetPort: a--b}]}", ("spec.ports[0].targetPort",)),
    Case("protocol", SERVICE % "{ports: [{port: 80, protocol: HTTP}]}", ("spec.ports[0].protocol",)),
    Case("names needed", SERVICE % "{ports: [{port: 80}, {port: 81, name: b}]}", ("spec.ports[0].name",)),
    Case("same name", SERVICE % "{ports: [{port: 80, name: a}, {port: 81, name: a}]}", ("spec.ports[1].name",)),
    Case("same port", SERVICE % "{ports: [{port: 80, name: a}, {port: 80, name: b}]}", ("spec.ports[1]",)),
    Case("same port, other protocol", SERVICE % "{ports: [{port: 80, name: a}, {port: 80, name: b, protocol: UDP}]}"),
    Case("port name", SERVICE % "{ports: [{port: 80, name: A}]}", ("spec.ports[0].name",)),
    Case("app protocol", SERVICE % "{ports: [{port: 80, appProtocol: a b}]}", ("spec.ports[0].appProtocol",)),
    Case("node port", SERVICE % "{ports: [{port: 80, nodePort: 30001}]}", ("spec.ports[0].nodePort",)),
    Case(
        "headless load balancer",
        SERVICE % "{type: LoadBalancer, clusterIP: None, ports: [{port: 80}]}",
        ("spec.clusterIP",),
    ),
    Case(
        "name", "{apiVersion: v1, kind: Service, metadata: {name: 1a}, spec: {ports: [{port: 80}]}}", ("metadata.name",)
    ),
]

SLICES = [
    Case("slice", SLICE % "addressType: IPv4, endpoints: [{addresses: [198.51.100.1]}], ports: [{port: 80}]"),
    Case("IPv6", SLICE % "addressType: IPv6, endpoints: [{addresses: ['2001:db8::1']}]"),
    Case("FQDN", SLICE % "addressType: FQDN, endpoints: [{addresses: [a.example]}]"),
    Case("no address type", SLICE % "endpoints: []", ("addressType",)),
    Case("address type", SLICE % "addressType: X, endpoints: []", ("addressType",)),
    Case("no address", SLICE % "addressType: IPv4, endpoints: [{addresses: []}]", ("endpoints[0].addresses",)),
    *(
        Case(f"{kind} {address}", SLICE % f"addressType: {kind}, endpoints: [{{addresses: ['{address}']}}]", (field,))
        for kind, address, field in (
            ("IPv4", "127.0.0.1", "endpoints[0].addresses[0]"),
            ("IPv4", "169.254.1.1", "endpoints[0].addresses[0]"),
            ("IPv4", "0.0.0.0", "endpoints[0].addresses[0]"),
            ("IPv4", "224.0.0.1", "endpoints[0].addresses[0]"),
            ("IPv4", "a.example", "endpoints[0].addresses[0]"),
            ("IPv4", "2001:db8::1", "endpoints[0].addresses"),
            ("IPv6", "198.51.100.1", "endpoints[0].addresses"),
            ("IPv6", "::1", "endpoints[0].addresses[0]"),
            ("IPv6", "fe80::1", "endpoints[0].addresses[0]"),
            ("FQDN", "a_b.example", "endpoints[0].addresses[0]"),
        )
    ),
    Case(
        "same port name", SLICE % "addressType: IPv4, endpoints: [], ports: [{port: 1}, {port: 2}]", ("ports[1].name",)
    ),
    Case("port name", SLICE % "addressType: IPv4, endpoints: [], ports: [{port: 1, name: A}]", ("ports[0].name",)),
    Case(
        "protocol", SLICE % "addressType: IPv4, endpoints: [], ports: [{port: 1, protocol: X}]", ("ports[0].protocol",)
    ),
    Case(
        "too many endpoints",
        SLICE % ("addressType: IPv4, endpoints: [{}]".format(", ".join(["{addresses: [198.51.100.1]}"] * 1001))),
        ("endpoints",),
    ),
]

OTHERS = [
    Case("secret", SECRET % "type: kubernetes.io/tls, stringData: {tls.crt: a, tls.key: b}"),
    Case("no key", SECRET % "type: kubernetes.io/tls, stringData: {tls.crt: a}", ("data[tls.key]",)),
    Case("secret's key", SECRET % "stringData: {a/b: a}", ("data[a/b]",)),
    Case("large", SECRET % f"stringData: {{a: {'x' * (1024 * 1024 + 1)}}}", ("data",)),
    Case("config map", CONFIG_MAP % "data: {a: b}, binaryData: {c: YQ==}"),
    Case("key in both", CONFIG_MAP % "data: {a: b}, binaryData: {a: YQ==}", ("data[a]",)),
    Case("config map's key", CONFIG_MAP % "data: {..a: b}", ("data[..a]",)),
    metadata("name", "{name: A}", "metadata.name"),
    metadata("long name", "{name: %s}" % ("a" * 254), "metadata.name"),
    metadata("label key", "{name: a, labels: {a b: c}}", "metadata.labels"),
    metadata("label value", "{name: a, labels: {a: b c}}", "metadata.labels"),
    metadata("long label", "{name: a, labels: {%s: b}}" % ("a" * 64), "metadata.labels"),
    metadata("annotation key", "{name: a, annotations: {a/b/c: d}}", "metadata.annotations"),
    metadata("annotation of any case", "{name: a, annotations: {A.example/B: d}}"),
    metadata("large annotations", "{name: a, annotations: {a: %s}}" % ("x" * 262144), "metadata.annotations"),
]

UNKNOWN = [
    Case(
        "unknown field",
        SERVICE % "{ports: [{port: 80, portt: 1}], selektor: {}}",
        ("spec.ports[0].portt", "spec.selektor"),
    ),
    Case(
        "letter case",
        INGRESS % (f"{{defaultbackend: {BACKEND}, defaultBackend: {BACKEND}}}"),
        ("spec.defaultbackend",),
    ),
    Case(
        "of another version",
        INGRESS % "{backend: {serviceName: a, servicePort: 80}, defaultBackend: %s}" % BACKEND,
        ("spec.backend",),
    ),
    Case("in metadata", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, label: {}}}", ("metadata.label",)),
]

KNOWN = [*INGRESSES, *SERVICES, *SLICES, *OTHERS]
CASES = [*KNOWN, *UNKNOWN]
