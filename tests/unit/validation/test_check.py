"""`validate`: conditions find their line, and with --cluster an object is refused for the fields that an API server names."""

import pytest
from msgspec.structs import replace

from genkan.ir import Condition, Level, Origin, Reason
from genkan.manifests.problem import Problem
from genkan.manifests.reading import Reading, read
from genkan.model import Ingress, IngressSpec, ObjectMeta
from genkan.validation.check import missing_class, validate
from genkan.validation.fields import SHAPES
from tests.unit.validation.cases import CASES, KNOWN, UNKNOWN, Case

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: genkan
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              number: 80
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
SLICE = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nendpoints: []\n"
ORIGIN = Origin("Ingress", "default", "web", "spec.rules[0].http.paths[0].backend.service")


def files(**texts: str) -> dict[str, Reading]:
    return {f"{name}.yaml": read(f"{name}.yaml", text.encode()) for name, text in texts.items()}


def mistakes(cluster: bool, *conditions: Condition, **texts: str) -> list[str]:
    readings = files(**texts)
    problems = [problem for reading in readings.values() for problem in reading.problems]
    return [str(each) for each in validate(readings, problems, conditions, cluster=cluster)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cluster(case: Case) -> None:
    """The fields are those that a kube-apiserver names; where it names a whole part, ours may be a field of that part."""
    readings = files(a=case.manifest + "\n")
    found = [
        each.field
        for each in validate(readings, readings["a.yaml"].problems, (), cluster=True)
        if each.reason != Reason.SERVICE_NOT_FOUND
    ]
    assert len(found) == len(case.fields), found
    assert all(ours.startswith(theirs) for ours, theirs in zip(sorted(found), sorted(case.fields), strict=True)), found


@pytest.mark.parametrize("case", [case for case in KNOWN if case.fields], ids=lambda case: case.name)
def test_what_serves_here_is_reported_for_a_cluster_only(case: Case) -> None:
    readings = files(a=case.manifest + "\n")
    assert [each for each in validate(readings, (), (), cluster=False) if each.reason != Reason.SERVICE_NOT_FOUND] == []


@pytest.mark.parametrize("case", UNKNOWN, ids=lambda case: case.name)
def test_unknown_fields_are_mistakes_everywhere(case: Case) -> None:
    """Nothing comes of such a field, here as in a cluster: it is misspelt."""
    readings = files(a=case.manifest + "\n")
    found = [each.field for each in validate(readings, (), (), cluster=False)]
    assert sorted(found) == sorted(case.fields)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("ingressClassname", "ingressClassName"), ("ingresClassName", "ingressClassName"), ("rule", "rules")],
)
def test_the_field_that_was_meant(wrong: str, right: str) -> None:
    text = INGRESS.replace("ingressClassName", wrong) if "lass" in wrong else INGRESS.replace("rules:", f"{wrong}:")
    line = 5 if "lass" in wrong else 6
    assert mistakes(False, x=text) == [
        f"x.yaml:{line}: Ingress default/web spec.{wrong}: is no field of the API; did you mean {right}? (ObjectInvalid)"
    ]


def test_a_field_that_resembles_none() -> None:
    assert mistakes(False, x=INGRESS.replace("ingressClassName", "zone"))[0].endswith(
        "is no field of the API (ObjectInvalid)"
    )


def test_fields_of_a_retired_version_are_not_judged() -> None:
    """What to write instead is told once, with the version."""
    text = INGRESS.replace("networking.k8s.io/v1", "extensions/v1beta1").replace("service:", "serviceName:")
    assert [each.partition(": ")[2].split()[2] for each in mistakes(True, x=text)] == ["apiVersion:"]


def test_a_class_that_does_not_exist() -> None:
    """It says which do; a class that exists, of whomever, is no mistake, and neither is none."""
    ingress = Ingress(ObjectMeta(name="web", namespace="default"), IngressSpec(ingress_class_name="genkn"))
    told = missing_class(ingress, {"nginx", "genkan"})
    assert told is not None
    assert mistakes(False, told, x=INGRESS) == [
        (
            "x.yaml:5: Ingress default/web spec.ingressClassName: "
            'IngressClass "genkn" does not exist, so the Ingress is not served; there are genkan and nginx (NotAdopted)'
        )
    ]
    for name in ("nginx", "", None):
        assert missing_class(replace(ingress, spec=IngressSpec(ingress_class_name=name)), {"nginx"}) is None


def test_a_condition_finds_its_line() -> None:
    told = Condition(ORIGIN.at("name"), Reason.SERVICE_NOT_FOUND, "Service default/web does not exist")
    assert mistakes(False, told, told, x=SERVICE.replace("web", "other") + "---\n" + INGRESS) == [
        (
            "x.yaml:18: Ingress default/web spec.rules[0].http.paths[0].backend.service.name: "
            "Service default/web does not exist (ServiceNotFound)"
        )
    ]


def test_a_condition_of_an_object_in_no_file_is_still_told() -> None:
    told = Condition(Origin("IngressClass", "", "genkan"), Reason.OBJECT_INVALID, "no")
    assert validate({}, (), [told], cluster=False) == [
        Problem("", 0, "IngressClass genkan", "", Reason.OBJECT_INVALID, "no")
    ]


def test_what_is_merely_told_is_no_mistake() -> None:
    told = Condition(ORIGIN, Reason.BACKEND_TLS_UNVERIFIED, "said so", Level.NORMAL)
    assert mistakes(False, told, x=INGRESS) == []


def test_endpoints_are_missed_only_where_the_files_have_slices() -> None:
    """Slices are state: a cluster or --backend has them. Where the files have some, that none is ready is a mistake."""
    told = Condition(ORIGIN, Reason.NO_ENDPOINTS, "Service default/web port 80 has no ready endpoint")
    assert mistakes(False, told, x=INGRESS, y=SERVICE) == []
    assert len(mistakes(False, told, x=INGRESS, y=SERVICE, z=SLICE)) == 1


def test_slices_of_no_service() -> None:
    assert mistakes(False, x=SLICE) == [
        (
            "x.yaml:3: EndpointSlice default/web-1 metadata.labels[kubernetes.io/service-name]: "
            "Service default/web is in no file; the EndpointSlice is of no use (ServiceNotFound)"
        )
    ]
    assert len(mistakes(False, x=SLICE.replace("labels: {kubernetes.io/service-name: web}", "labels: {}"))) == 1


def test_what_kubectl_reads_differently() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n    annotations:\n      x.example/a: on\n      b: '1e3'\n      c: 1e3\n"
    assert mistakes(False, x=text) == []
    assert mistakes(True, x=text) == [
        "x.yaml:9: ConfigMap default/a metadata.annotations[x.example/a]: kubectl reads on as a boolean; put it in quotes (ObjectInvalid)",
        "x.yaml:11: ConfigMap default/a metadata.annotations.c: kubectl reads 1e3 as a number; put it in quotes (ObjectInvalid)",
    ]


def test_one_mistake_is_told_once() -> None:
    """What translation tells of a field is not repeated in the API server's words."""
    told = Condition(
        Origin("Ingress", "default", "web", "spec.rules[0].http.paths[0].path"), Reason.PATH_INVALID, "ours"
    )
    found = mistakes(True, told, x=INGRESS.replace("path: /", "path: a"))
    assert [each.rpartition(": ")[2] for each in found] == ["ours (PathInvalid)"]


def test_every_kind_has_its_fields() -> None:
    assert set(SHAPES) == {"Ingress", "IngressClass", "Service", "EndpointSlice", "Secret", "ConfigMap"}
