"""Paths of the API."""

import pytest

from genkan.errors import TerminalError
from genkan.kube import Resource

SERVICES = Resource("v1", "Service", "services", namespaced=True)
CLASSES = Resource("networking.k8s.io/v1", "IngressClass", "ingressclasses", namespaced=False)


@pytest.mark.parametrize(
    ("resource", "where", "path"),
    [
        pytest.param(SERVICES, {}, "/api/v1/services", id="all-namespaces"),
        pytest.param(SERVICES, {"namespace": "shop"}, "/api/v1/namespaces/shop/services", id="one-namespace"),
        pytest.param(
            SERVICES,
            {"namespace": "shop", "name": "web", "subresource": "status"},
            "/api/v1/namespaces/shop/services/web/status",
            id="subresource",
        ),
        pytest.param(CLASSES, {"name": "x"}, "/apis/networking.k8s.io/v1/ingressclasses/x", id="cluster-scoped"),
        pytest.param(
            CLASSES,
            {"name": "system:a?b#c"},
            "/apis/networking.k8s.io/v1/ingressclasses/system%3Aa%3Fb%23c",
            id="quoted",
        ),
    ],
)
def test_path(resource: Resource, where: dict[str, str], path: str) -> None:
    """Core kinds below /api, all others below /apis."""
    assert resource.path(**where) == path


@pytest.mark.parametrize(
    "where",
    [
        {"namespace": "shop", "name": ".."},
        {"namespace": "..", "name": "web"},
        {"namespace": "shop", "name": "web/status"},
        {"namespace": "shop", "name": "%2e%2e"},
        {"name": "web"},
    ],
    ids=str,
)
def test_what_would_lead_elsewhere_is_refused(where: dict[str, str]) -> None:
    """No name leaves its place in the path."""
    with pytest.raises(TerminalError) as error:
        SERVICES.path(**where)
    assert error.value.reason == "InvalidName"
