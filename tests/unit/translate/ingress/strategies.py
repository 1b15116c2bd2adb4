"""Anything that users may write and a reconcile may gather: what property tests of translation draw from."""

from typing import TypeVar

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

T = TypeVar("T")
U = TypeVar("U")


def mostly(usual: st.SearchStrategy[T], unusual: st.SearchStrategy[U]) -> st.SearchStrategy[T | U]:
    """Nine times of ten what is usual, so that most of an example works and something in it does not."""
    return st.integers(0, 9).flatmap(lambda number: unusual if number == 9 else usual)


def one_of(*values: T) -> st.SearchStrategy[T]:
    """One of these values."""
    return st.sampled_from(values)


ANY_TEXT = st.text(max_size=12)
NAMES = mostly(one_of("a", "b", "c"), ANY_TEXT)
HOSTS = mostly(
    one_of("", "foo.com", "FOO.com", "*.foo.com", "a.foo.com", "bar.com"),
    one_of("*", "foo.com:80", "1.2.3.4") | ANY_TEXT,
)
PATHS = mostly(
    one_of("/", "/a", "/a/", "/a/b", "/c", "/*", "/a/*"), one_of("", "//", "/a/../b", "/%2f", "a", "/a(b") | ANY_TEXT
)
KINDS = mostly(one_of("Exact", "Prefix", "ImplementationSpecific"), one_of("", "Regex"))
NUMBERS = mostly(one_of(80, 443), one_of(0, 8080, 65536, -1))
PORT_NAMES = mostly(one_of("", "http"), one_of("web") | ANY_TEXT)
ADDRESSES = mostly(
    one_of("198.51.100.1", "198.51.100.2", "2001:db8::1"), one_of("127.0.0.1", "::1", "fe80::1%eth0") | ANY_TEXT
)
BOOLS = one_of(None, True, False)
SECRETS = ("blog", "shop-rsa", "shop-ecdsa", "shop-and-blog", "wildcard")

ports = mostly(
    one_of(ServiceBackendPort(80), ServiceBackendPort(name="http"), ServiceBackendPort(443)),
    st.builds(ServiceBackendPort, NUMBERS, PORT_NAMES),
)
backends = mostly(
    st.builds(IngressBackend, st.builds(IngressServiceBackend, NAMES, ports)),
    st.builds(IngressBackend, st.none(), st.none() | st.builds(TypedLocalObjectReference, ANY_TEXT, ANY_TEXT)),
)
paths = st.lists(st.builds(HTTPIngressPath, backends, PATHS, KINDS), min_size=1, max_size=5).map(tuple)
rules = st.lists(
    st.builds(IngressRule, HOSTS, mostly(st.builds(HTTPIngressRuleValue, paths), st.none())), min_size=1, max_size=4
).map(tuple)
tls = st.lists(
    st.builds(IngressTLS, st.lists(HOSTS, max_size=2).map(tuple), mostly(one_of("a", "b", "c"), one_of("", "d"))),
    max_size=4,
).map(tuple)
ingresses = st.builds(
    Ingress,
    st.just(ObjectMeta(name="web", namespace="shop")),
    st.builds(IngressSpec, st.none() | NAMES, st.none() | backends, tls, rules),
)


def named(name: str) -> ObjectMeta:
    """Metadata of an object of namespace shop."""
    return ObjectMeta(name=name, namespace="shop")


external_names = mostly(one_of("api.example.com", "Other.Example."), HOSTS)
USUAL_PORTS = (
    (ServicePort(80),),
    (ServicePort(80, "http"), ServicePort(443, "tls", app_protocol="https")),
    (ServicePort(80, "http", app_protocol="grpc", target_port="http"),),
)
any_port = st.builds(
    ServicePort,
    NUMBERS,
    PORT_NAMES,
    one_of("TCP", "UDP"),
    st.none() | NUMBERS | ANY_TEXT,
    one_of("kubernetes.io/wss", "") | ANY_TEXT,
)
service_ports = mostly(one_of(*USUAL_PORTS), st.lists(any_port, max_size=3).map(tuple))
services = mostly(
    st.builds(ServiceSpec, st.just("ClusterIP"), service_ports, one_of("", "None")),
    st.builds(ServiceSpec, st.just("ExternalName"), service_ports, external_name=external_names),
)
endpoints = st.builds(
    Pod,
    st.lists(ADDRESSES, min_size=1, max_size=2).map(tuple),
    mostly(st.just(EndpointConditions()), st.builds(EndpointConditions, BOOLS, BOOLS, BOOLS)),
)
USUAL_SLICE_PORTS = (EndpointPort("", 8080), EndpointPort("http", 8080), EndpointPort("tls", 8443))
any_slice_port = st.builds(EndpointPort, PORT_NAMES, st.none() | NUMBERS, one_of("TCP", "UDP"))
slice_ports = mostly(st.just(USUAL_SLICE_PORTS), st.lists(any_slice_port, max_size=3).map(tuple))
slices = st.builds(
    EndpointSlice,
    st.builds(named, one_of("a-1", "a-2")),
    mostly(one_of("IPv4", "IPv6"), one_of("FQDN")),
    st.lists(endpoints, min_size=1, max_size=4).map(tuple),
    slice_ports,
)


@st.composite
def secrets(draw: st.DrawFn) -> Secret:
    """A Secret, nearly always with a pair that fits."""
    crt, key = [draw(one_of(*SECRETS))] * 2
    key = draw(mostly(st.just(key), one_of(*SECRETS)))
    good = {"tls.crt": fixture(f"{crt}.crt"), "tls.key": fixture(f"{key}.key")}
    unusual = st.dictionaries(one_of("tls.crt", "tls.key"), st.binary())
    return Secret(
        named("a"), draw(mostly(st.just("kubernetes.io/tls"), ANY_TEXT)), draw(mostly(st.just(good), unusual))
    )


def by_key(values: st.SearchStrategy[T]) -> st.SearchStrategy[dict[ObjectKey, T]]:
    """Objects under the names that an Ingress usually names, one missing now and then."""
    keys = [ObjectKey("shop", name) for name in "abc"]
    return mostly(st.fixed_dictionaries(dict.fromkeys(keys, values)), st.dictionaries(st.sampled_from(keys), values))


@st.composite
def gathered(draw: st.DrawFn) -> Inputs:
    """Anything that a reconcile may gather."""
    found_services = {key: Service(named(key.name), spec) for key, spec in draw(by_key(services)).items()}
    found_secrets = {
        key: Secret(named(key.name), secret.type, secret.data) for key, secret in draw(by_key(secrets())).items()
    }
    return Inputs(
        ingress=draw(ingresses),
        ingress_class=None,
        services=found_services,
        slices=draw(by_key(st.lists(slices, min_size=1, max_size=3).map(tuple))),
        secrets=found_secrets,
    )
