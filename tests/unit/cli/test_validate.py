"""`genkan validate` as a user sees it: the commonest misspellings are mistakes, other people's Ingresses are not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from genkan.cli import genkan

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: genkan
  defaultBackend:
    service: {name: web, port: {number: 80}}
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
NGINX = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: k8s.io/ingress-nginx}\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("kind: Ingress", "kind: Ingres", "did you mean Ingress?", id="kind"),
        pytest.param("ingressClassName", "ingressClassname", "did you mean ingressClassName?", id="field"),
        pytest.param("port: 80", "port: 80, nodeport: 30080", "did you mean nodePort?", id="deep field"),
        pytest.param("Name: genkan", "Name: gekan", "there are genkan and nginx (NotAdopted)", id="class"),
        pytest.param("{name: web}", "{name: UPPER_case}", "metadata.name: must be a DNS name", id="name"),
    ],
)
def test_misspellings(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "a.yaml").write_text(f"{INGRESS}---\n{SERVICE}---\n{NGINX}".replace(old, new, 1))
    result = CliRunner().invoke(genkan, ["validate", str(tmp_path)])
    assert result.exit_code == 1
    assert told in result.stdout
    assert "not served: IngressClass" not in result.stdout, "told once, not as a note too"


def test_a_class_of_another_controller_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("---\n".join((INGRESS.replace("Name: genkan", "Name: nginx"), SERVICE, NGINX)))
    result = CliRunner().invoke(genkan, ["validate", str(tmp_path)])
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert result.stdout.startswith("note: Ingress default/web")
