"""References: everything an Ingress names, existing or not."""

from genkan.model import ObjectRef
from genkan.translate.ingress.references import references
from tests.support import manifests
from tests.support.objects import inputs


def test_everything_that_is_named_is_referred_to() -> None:
    """Services of paths and of the default backend, Secrets, the class; a resource backend and an entry without Secret name nothing."""
    manifest = manifests.ingress(
        "web",
        manifests.rule("foo.com", manifests.path("/", "a"), manifests.path("/b", "b", "http")),
        manifests.rule("bar.com", manifests.path("/", "a")),
        {"host": "empty.com"},
        default=manifests.backend("rest"),
        tls=["one", "two"],
        namespace="shop",
    )
    manifest["spec"]["tls"].append({"hosts": ["foo.com"]})
    resource = {"path": "/r", "pathType": "Prefix", "backend": {"resource": {"kind": "Bucket", "name": "r"}}}
    manifest["spec"]["rules"][0]["http"]["paths"].append(resource)
    assert references(inputs([manifest]).ingress) == {
        ObjectRef("Service", "shop", "a"),
        ObjectRef("Service", "shop", "b"),
        ObjectRef("Service", "shop", "rest"),
        ObjectRef("Secret", "shop", "one"),
        ObjectRef("Secret", "shop", "two"),
        ObjectRef("IngressClass", "", "genkan"),
    }


def test_an_ingress_that_names_nothing_refers_to_nothing() -> None:
    """No class, no rules."""
    assert references(inputs([manifests.ingress("web", ingress_class=None)]).ingress) == frozenset()
