"""A directory read once: objects in the stores, where each stands, and what the user wrote."""

from pathlib import Path

from genkan.model import ObjectKey, ObjectRef
from genkan.sources.backends import parse_backend
from genkan.sources.directory.contents import Position, load

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  labels: {extra: kept}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}}
"""
CLASS = """\
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: mine
  annotations: {ingressclass.kubernetes.io/is-default-class: "true"}
spec: {controller: genkan.dev/ingress}
"""
WEB = ObjectRef("Ingress", "default", "web")


def write(root: Path) -> None:
    (root / "below").mkdir()
    (root / "below" / "web.yaml").write_text(f"# a comment\n---\n{INGRESS}")
    (root / "class.yml").write_text(CLASS)
    (root / "app.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n")


def test_load(tmp_path: Path) -> None:
    """Files, defaults across objects and flags come together in the stores."""
    write(tmp_path)
    contents = load(tmp_path, backends=[parse_backend("web=127.0.0.1:8080")])
    stores = contents.stores
    ingress = stores.ingresses.get(WEB.key)
    assert ingress is not None
    assert ingress.spec.ingress_class_name == "mine"
    assert {key.name for key, _ in stores.classes.items()} == {"genkan", "mine"}
    assert [[port.port for port in service.spec.ports] for _, service in stores.services.items()] == [[80]]
    assert [each.ports[0].port for each in stores.slices_of_service.of(ObjectKey("default", "web"))] == [8080]
    assert contents.ignored == {"apps/v1 Deployment": 1}
    assert contents.problems == []


def test_where_an_object_stands_and_what_was_written(tmp_path: Path) -> None:
    write(tmp_path)
    contents = load(tmp_path)
    assert contents.position(WEB) == Position("below/web.yaml", 3)
    assert contents.position(WEB, "spec.defaultBackend.service.port") == Position("below/web.yaml", 9)
    assert contents.position(ObjectRef("IngressClass", "", "genkan")) is None
    manifest = contents.manifest(WEB)
    assert manifest is not None
    assert manifest["metadata"] == {"name": "web", "labels": {"extra": "kept"}}
    assert contents.manifest(ObjectRef("Ingress", "default", "other")) is None
