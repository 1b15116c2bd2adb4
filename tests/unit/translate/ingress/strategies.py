"""Anything that users may write and a reconcile may gather: what property tests of translation draw from."""

from hypothesis import strategies as st

from genkan.model import Endpoint as Pod
from genkan.model import (
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    HTTPIngressPath,
    HTTPIngressRuleValue,
    Ingress,
    IngressBackend,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    IngressTLS,
    Inputs,
    ObjectKey,
    ObjectMeta,
    Secret,
    Service,
    ServiceBackendPort,
    ServicePort,
    ServiceSpec,
    TypedLocalObjectReference,
)
from tests.support.objects import fixture

ANY_TEXT = st.text(max_size=12)
NAMES = st.sampled_from(["a", "b", "c"]) | ANY_TEXT
HOSTS = st.sampled_from(["", "foo.com", "FOO.com", "*.foo.com", "a.foo.com", "*", "foo.com:80", "1.2.3.4"]) | ANY_TEXT
PATHS = st.sampled_from(["", "/", "/a", "/a/", "/a/b", "/*", "/a/*", "//", "/a/../b", "/%2f", "a"]) | ANY_TEXT
KINDS = st.sampled_from(["Exact", "Prefix", "ImplementationSpecific", ""])
NUMBERS = st.sampled_from([0, 80, 443, 8080, 65536, -1])
PORT_NAMES = st.sampled_from(["", "http", "web"]) | ANY_TEXT
ADDRESSES = st.sampled_from(["198.51.100.1", "198.51.100.2", "127.0.0.1", "2001:db8::1", "fe80::1%eth0"]) | ANY_TEXT
BOOLS = st.none() | st.booleans()
PEMS = st.sampled_from([fixture(f"{name}.{end}") for name in ("blog", "shop-rsa") for end in ("crt", "key")])

backends = st.builds(
    IngressBackend,
    st.none() | st.builds(IngressServiceBackend, NAMES, st.builds(ServiceBackendPort, NUMBERS, PORT_NAMES)),
    st.none() | st.builds(TypedLocalObjectReference, ANY_TEXT, ANY_TEXT),
)
paths = st.lists(st.builds(HTTPIngressPath, backends, PATHS, KINDS), max_size=5).map(tuple)
rules = st.lists(st.builds(IngressRule, HOSTS, st.none() | st.builds(HTTPIngressRuleValue, paths)), max_size=4).map(
    tuple
)
tls = st.lists(
    st.builds(IngressTLS, st.lists(HOSTS, max_size=2).map(tuple), st.sampled_from(["", "a", "b", "c"])), max_size=3
).map(tuple)
ingresses = st.builds(
    Ingress,
    st.just(ObjectMeta(name="web", namespace="shop")),
    st.builds(IngressSpec, st.none() | NAMES, st.none() | backends, tls, rules),
)


def named(name: str) -> ObjectMeta:
    """Metadata of an object of namespace shop."""
    return ObjectMeta(name=name, namespace="shop")


@st.composite
def services(draw: st.DrawFn) -> dict[ObjectKey, Service]:
    """Some of the Services that may be named, of any kind."""
    spec = st.builds(
        ServiceSpec,
        st.sampled_from(["ClusterIP", "ExternalName", "LoadBalancer"]),
        st.lists(
            st.builds(
                ServicePort,
                NUMBERS,
                PORT_NAMES,
                st.sampled_from(["TCP", "UDP"]),
                st.none() | NUMBERS | ANY_TEXT,
                st.sampled_from(["", "https", "grpc", "x"]),
            ),
            max_size=3,
        ).map(tuple),
        st.sampled_from(["", "None"]),
        HOSTS,
    )
    return {ObjectKey("shop", name): Service(named(name), draw(spec)) for name in draw(st.sets(st.sampled_from("abc")))}


slices = st.builds(
    EndpointSlice,
    st.builds(named, st.sampled_from(["a-1", "a-2"])),
    st.sampled_from(["IPv4", "IPv6", "FQDN"]),
    st.lists(
        st.builds(Pod, st.lists(ADDRESSES, max_size=2).map(tuple), st.builds(EndpointConditions, BOOLS, BOOLS, BOOLS)),
        max_size=4,
    ).map(tuple),
    st.lists(st.builds(EndpointPort, PORT_NAMES, st.none() | NUMBERS, st.sampled_from(["TCP", "UDP"])), max_size=3).map(
        tuple
    ),
)


@st.composite
def gathered(draw: st.DrawFn) -> Inputs:
    """Anything that a reconcile may gather."""
    secrets = {
        ObjectKey("shop", name): Secret(
            named(name),
            draw(st.sampled_from(["kubernetes.io/tls", "Opaque"])),
            draw(st.dictionaries(st.sampled_from(["tls.crt", "tls.key"]), PEMS | st.binary())),
        )
        for name in draw(st.sets(st.sampled_from("abc")))
    }
    return Inputs(
        ingress=draw(ingresses),
        ingress_class=None,
        services=draw(services()),
        slices={ObjectKey("shop", name): tuple(draw(st.lists(slices, max_size=3))) for name in "ab"},
        secrets=secrets,
    )
