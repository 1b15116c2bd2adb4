"""A file's bytes become objects, problems with their lines, and what its silence means."""

from textwrap import dedent

import pytest

from genkan.manifests.reading import LARGEST, Reading, read
from genkan.model import Ingress, IngressClass, ObjectRef, Secret, Service

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 80}]\n"
WEB = ObjectRef("Service", "default", "web")


def reading(text: str, file: str = "a.yaml") -> Reading:
    return read(file, dedent(text).encode())


def problems(text: str, file: str = "a.yaml") -> list[str]:
    return [str(each) for each in reading(text, file).problems]


def test_what_the_api_server_adds() -> None:
    """The namespace `default`, a uid that stays, TCP; a cluster-scoped object has no namespace."""
    text = (
        SERVICE
        + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: c, namespace: x}\nspec: {controller: a/b}\n"
    )
    first, second = (read(file, text.encode()).objects for file in ("a.yaml", "b/c.yaml"))
    service = first[WEB].object
    assert isinstance(service, Service)
    assert service.metadata.namespace == "default"
    assert service.spec.ports[0].protocol == "TCP"
    assert service.metadata.uid == second[WEB].object.metadata.uid != ""
    assert isinstance(first[ObjectRef("IngressClass", "", "c")].object, IngressClass)


def test_secret_data() -> None:
    """StringData wins over data; line breaks in base64 are nothing."""
    text = """\
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        stringData: {a: new, c: on}
        data:
          a: b2xk
          b: |
            YmJi
            YmJi
    """
    secret = reading(text).objects["Secret", "default", "s"].object  # type: ignore[index]  # equal to the ObjectRef
    assert isinstance(secret, Secret)
    assert secret.data == {"a": b"new", "b": b"bbbbbb", "c": b"on"}


def test_annotations_of_words_and_dates_are_strings() -> None:
    text = """\
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: web
          annotations: {a: on, b: 1e3, c: 12:30, d: 2026-01-01, e: yes}
    """
    ingress = reading(text).objects[ObjectRef("Ingress", "default", "web")].object
    assert ingress.metadata.annotations == {"a": "on", "b": "1e3", "c": "12:30", "d": "2026-01-01", "e": "yes"}


@pytest.mark.parametrize("kind", ["List", "ServiceList"])
def test_lists(kind: str) -> None:
    """A list is its items; the items of a typed list need not repeat their kind."""
    own = "" if kind == "ServiceList" else "apiVersion: v1, kind: Service, "
    text = f"apiVersion: v1\nkind: {kind}\nitems:\n- {{{own}metadata: {{name: web}}}}\n- {{{own}metadata: {{name: api, labels: {{a: 1}}}}}}\n"
    result = read("a.yaml", text.encode())
    assert set(result.objects) == {WEB}
    assert result.refused == {ObjectRef("Service", "default", "api")}
    assert [str(each) for each in result.problems] == [
        "a.yaml:5: Service default/api metadata.labels[a]: must be a string, not a whole number; put it in quotes (ObjectInvalid)"
    ]


def test_json() -> None:
    text = '{"apiVersion": "v1",\n\t"kind": "Service", "metadata": {"name": "web"},\n\t"spec": {"ports": [{"port": "80"}]}}'
    assert problems(text, "a.json") == [
        "a.json:3: Service default/web spec.ports[0].port: must be a whole number, not a string (ObjectInvalid)"
    ]


def test_other_kinds_are_counted() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: Deployment\n---\napiVersion: serving.knative.dev/v1\nkind: Service\n"
    result = read("a.yaml", text.encode())
    assert result.ignored == {"apps/v1 Deployment": 2, "serving.knative.dev/v1 Service": 1}
    assert not result.problems
    assert not result.opaque


@pytest.mark.parametrize(
    ("text", "problem", "opaque"),
    [
        pytest.param("kind: Service", "a.yaml:1: apiVersion is not set (ManifestUnreadable)", True, id="no apiVersion"),
        pytest.param(
            "image: x\nreplicas: 2\n",
            "a.yaml:1: no Kubernetes object: apiVersion, kind and metadata are missing (ManifestUnreadable)",
            False,
            id="values file",
        ),
        pytest.param(
            "# a\n\n- a\n",
            "a.yaml:3: a manifest is a mapping with apiVersion, kind and metadata (ManifestUnreadable)",
            True,
            id="list",
        ),
        pytest.param(
            "apiVersion: v1\nkind: Service\nmetadata: {}",
            "a.yaml:1: Service has no metadata.name (ManifestUnreadable)",
            True,
            id="no name",
        ),
        pytest.param(
            "apiVersion: v1\nkind: Service\nmetadata: {name: 7}",
            "a.yaml:1: metadata.name of Service must be a string; put it in quotes (ManifestUnreadable)",
            True,
            id="number as name",
        ),
        pytest.param(
            "apiVersion: v1\nkind: Service\nmetadata: {generateName: a-}",
            "a.yaml:1: Service has generateName and no name: a file that is read again cannot be given a new name each time; "
            "set metadata.name (ManifestUnreadable)",
            True,
            id="generateName",
        ),
        pytest.param(
            "apiVersion: networking.k8s.io/v1beta1\nkind: IngressClass\nmetadata: {name: a}",
            "a.yaml:1: IngressClass a apiVersion: apiVersion networking.k8s.io/v1beta1 is no longer served by Kubernetes; "
            "write networking.k8s.io/v1 (ObjectInvalid)",
            False,
            id="retired version",
        ),
        pytest.param(
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 80\n    port: 81\n",
            "a.yaml:7: Service default/a: the key 'port' stands twice in one mapping (ObjectInvalid)",
            False,
            id="repeated key",
        ),
        pytest.param(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  x: plain text\n",
            "a.yaml:5: Secret default/a data[x]: is no base64; plain text belongs in stringData (ObjectInvalid)",
            False,
            id="no base64",
        ),
        pytest.param(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  rules:\n  - host: 10\n",
            "a.yaml:6: Ingress default/a spec.rules[0].host: must be a string, not a whole number; put it in quotes (ObjectInvalid)",
            False,
            id="number as host",
        ),
        pytest.param(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  defaultBackend:\n    service: {}\n",
            "a.yaml:6: Ingress default/a spec.defaultBackend.service.name: is required (ObjectInvalid)",
            False,
            id="missing field",
        ),
    ],
)
def test_problem(text: str, problem: str, opaque: bool) -> None:
    """A mistake is named with file, line, object, field and what to do; opaque is a text whose object cannot be named."""
    result = read("a.yaml", text.encode())
    assert [str(each) for each in result.problems] == [problem]
    assert result.opaque is opaque
    assert not result.objects


def test_a_broken_document_costs_only_itself() -> None:
    result = read("a.yaml", f"a: b: c\n---\n{SERVICE}".encode())
    assert set(result.objects) == {WEB}
    assert result.opaque
    assert [each.line for each in result.problems] == [1]


def test_the_second_of_the_same_object_is_told() -> None:
    result = read("a.yaml", f"{SERVICE}---\n{SERVICE}".encode())
    assert [(each.line, each.message) for each in result.problems] == [
        (7, "stands twice in this file; the first, in line 1, is used")
    ]


def test_a_repeated_key_costs_only_the_object_in_which_it_stands() -> None:
    items = [
        f"- apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: {name}}}\n  data: {{{data}}}\n"
        for name, data in (("a", "k: v"), ("b", "k: v, k: w"), ("c", ""))
    ]
    result = read("a.yaml", f"apiVersion: v1\nkind: List\nitems:\n{''.join(items)}".encode())
    assert sorted(ref.name for ref in result.objects) == ["a", "c"]
    assert [(each.line, each.object) for each in result.problems] == [(11, "ConfigMap default/b")]


def test_separators_comments_and_directives() -> None:
    text = f"# first\n%YAML 1.1\n---\n{SERVICE}---\n# nothing\n---\n"
    result = read("a.yaml", text.encode())
    assert set(result.objects) == {WEB}
    assert not result.problems


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"a: 1\nb: \xff", "is no UTF-8 text", id="bytes"),
        pytest.param(b" " * (LARGEST + 1), "larger than 64 MiB; what it held is kept as it was", id="huge"),
    ],
)
def test_unreadable(data: bytes, message: str) -> None:
    result = read("a.yaml", data)
    assert result.opaque
    assert [each.message for each in result.problems] == [message]


def test_a_byte_order_mark_is_nothing() -> None:
    assert set(read("a.yaml", b"\xef\xbb\xbf" + SERVICE.encode()).objects) == {WEB}


def test_a_text_that_may_go_on_is_not_complete() -> None:
    assert reading(SERVICE).complete
    assert not reading(SERVICE.rstrip()).complete


def test_an_ingress_of_a_thousand_paths_is_one_object() -> None:
    paths = "".join(
        f"      - path: /p{index}\n        pathType: Prefix\n        backend: {{service: {{name: a, port: {{number: 80}}}}}}\n"
        for index in range(1000)
    )
    text = f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: big}}\nspec:\n  rules:\n  - http:\n      paths:\n{paths}"
    ingress = read("a.yaml", text.encode()).objects[ObjectRef("Ingress", "default", "big")].object
    assert isinstance(ingress, Ingress)
    assert ingress.spec.rules[0].http is not None
    assert len(ingress.spec.rules[0].http.paths) == 1000


@pytest.mark.parametrize(
    ("kind", "metadata", "field"),
    [
        pytest.param("ConfigMap", "{name: UPPER_case}", "metadata.name", id="capitals and _"),
        pytest.param("ConfigMap", "{name: ../../etc}", "metadata.name", id="a way up"),
        pytest.param("ConfigMap", "{name: a..b}", "metadata.name", id="empty part"),
        pytest.param("ConfigMap", "{name: %s}" % ("a" * 254), "metadata.name", id="254 characters"),
        pytest.param("Service", "{name: a.b}", "metadata.name", id="a Service has one label"),
        pytest.param("ConfigMap", "{name: a, namespace: ../etc}", "metadata.namespace", id="namespace"),
        pytest.param("ConfigMap", "{name: a, namespace: a.b}", "metadata.namespace", id="namespace of two labels"),
    ],
)
def test_names_that_no_api_server_takes(kind: str, metadata: str, field: str) -> None:
    """Such an object is refused with its field and line, and costs only itself."""
    result = reading(f"{SERVICE}---\napiVersion: v1\nkind: {kind}\nmetadata: {metadata}\n")
    assert set(result.objects) == {WEB}
    assert [(each.line, each.field, each.reason) for each in result.problems] == [(9, field, "ObjectInvalid")]
    assert not result.opaque


@pytest.mark.parametrize("name", ["a", "a.b", "1a", "a-1", "a" * 63 + "." + "b" * 189])
def test_names_that_an_api_server_takes(name: str) -> None:
    assert not reading(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: '{name}', namespace: 1-x}}\n").problems
