"""Names explain themselves in a config dump."""

from genkan.ir import PathKind, PathMatch
from genkan.model import ObjectKey
from genkan.translate.ingress import naming


def test_names_say_what_they_name() -> None:
    """As a person reads them beside the manifest."""
    key = ObjectKey("shop", "web")
    assert naming.port_name(key, 80) == "shop/web:80"
    assert naming.secret_name(key) == "shop/web"
    assert naming.route_name("*.foo.com", PathMatch(PathKind.PREFIX, "/bar")) == "*.foo.com/bar (Prefix)"
    assert naming.default_route_name("foo.com") == "foo.com/ (default backend)"
    assert naming.default_chain_name("shop/web") == "shop/web (other names)"
