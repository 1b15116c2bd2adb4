"""Every Ingress has a data plane of its own."""

from genkan.model import Ingress, ObjectKey, ObjectMeta
from genkan.translate.ingress.unit_of import unit_of


def test_an_ingress_is_served_by_its_own_data_plane() -> None:
    """The data plane's key is the Ingress's."""
    assert unit_of(Ingress(ObjectMeta(name="web", namespace="shop"))) == ObjectKey("shop", "web")
