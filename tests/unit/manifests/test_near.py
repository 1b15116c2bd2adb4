"""A misspelt kind or apiVersion is told from what is really something else."""

import pytest

from genkan.manifests.near import meant
from genkan.manifests.reading import read
from genkan.model import KINDS, ObjectRef

NETWORKING = "networking.k8s.io/v1"


@pytest.mark.parametrize(
    ("api_version", "kind", "field", "word"),
    [
        (NETWORKING, "Ingres", "kind", "Ingress"),
        (NETWORKING, "ingress", "kind", "Ingress"),
        (NETWORKING, "Ingresses", "kind", "Ingress"),
        (NETWORKING, "Ingressclass", "kind", "IngressClass"),
        ("v1", "Services", "kind", "Service"),
        ("v1", "Sercet", "kind", "Secret"),
        ("v1", "Configmap", "kind", "ConfigMap"),
        ("discovery.k8s.io/v1", "EndpointSlices", "kind", "EndpointSlice"),
        ("v1", "Ingress", "apiVersion", NETWORKING),
        ("apps/v1", "Service", "apiVersion", "v1"),
        ("networking.k8s/v1", "Ingress", "apiVersion", NETWORKING),
        ("network.k8s.io/v1", "Ingress", "apiVersion", NETWORKING),
    ],
)
def test_misspelt(api_version: str, kind: str, field: str, word: str) -> None:
    found = meant(api_version, kind)
    assert found is not None
    assert (found.field, found.message.rpartition("did you mean ")[2]) == (field, f"{word}?")


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        *KINDS,
        ("v1", "Endpoints"),
        ("v1", "ServiceAccount"),
        ("v1", "Namespace"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("networking.k8s.io/v1", "ServiceCIDR"),
        ("networking.k8s.io/v1", "IPAddress"),
        ("serving.knative.dev/v1", "Service"),
        ("networking.internal.knative.dev/v1alpha1", "Ingress"),
        ("config.openshift.io/v1", "Ingress"),
        ("traefik.io/v1alpha1", "IngressRoute"),
        ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
        ("external-secrets.io/v1", "SecretStore"),
        ("x.example/v1", "Services"),
    ],
)
def test_really_something_else(api_version: str, kind: str) -> None:
    assert meant(api_version, kind) is None


def test_a_misspelt_kind_costs_only_the_edit() -> None:
    """The object that is meant is refused, not gone: while it is so, its last good version stands."""
    result = read("a.yaml", b"apiVersion: networking.k8s.io/v1\nkind: Ingres\nmetadata: {name: web}\nspec: {}\n")
    assert result.refused == {ObjectRef("Ingress", "default", "web")}
    assert not result.ignored
    assert [str(each) for each in result.problems] == [
        "a.yaml:2: Ingress default/web kind: Ingres is no kind of Kubernetes; did you mean Ingress? (ObjectInvalid)"
    ]
