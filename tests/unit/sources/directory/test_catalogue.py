"""What stands after readings of several files in any order: nothing is lost that may still be somewhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.manifests.reading import ABSENT, Reading, read, unreadable
from genkan.model import Ingress, Object, ObjectRef
from genkan.sources.directory.catalogue import Catalogue, Update

FIXED = settings(derandomize=True, deadline=None)


class Recorder:
    """A sink that keeps what stands, and every change."""

    def __init__(self) -> None:
        self.objects: dict[ObjectRef, Object] = {}
        self.gone: list[str] = []

    def __call__(self, ref: ObjectRef, value: Object | None) -> None:
        if value is not None:
            self.objects[ref] = value
        elif self.objects.pop(ref, None) is not None:
            self.gone.append(ref.name)

    @property
    def names(self) -> dict[str, str]:
        """Each object's name and its label `v`."""
        return {ref.name: value.metadata.labels.get("v", "") for ref, value in sorted(self.objects.items())}


def config_map(name: str, version: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  labels: {{v: '{version}'}}\n"


def files(*names: str, version: str = "") -> str:
    return "---\n".join(config_map(name, version) for name in names)


BROKEN = "a: b: c\n"
INVALID = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {v: 1}\n"


class Files:
    """A catalogue and what it writes; readings by file name."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.catalogue = Catalogue(self.recorder)

    def say(self, *, confirmed: bool = False, **contents: str | Reading) -> dict[str, str]:
        """Read all these files at once; gives what stands then."""
        self.catalogue.update(
            Update(name, text if isinstance(text, Reading) else read(name, text.encode()), confirmed)
            for name, text in contents.items()
        )
        return self.recorder.names


@pytest.fixture
def here() -> Files:
    return Files()


def test_what_is_added_or_changed_applies_at_once(here: Files) -> None:
    assert here.say(x=files("a")) == {"a": ""}
    assert here.say(x=files("a", "b", version="2")) == {"a": "2", "b": "2"}


def test_an_object_gone_from_its_file_waits_for_confirmation(here: Files) -> None:
    here.say(x=files("a", "b"), confirmed=True)
    assert here.say(x=files("a")) == {"a": "", "b": ""}
    assert here.say(x=files("a"), confirmed=True) == {"a": ""}


def test_a_file_gone_waits_for_confirmation(here: Files) -> None:
    here.say(x=files("a"), confirmed=True)
    assert here.say(x=ABSENT) == {"a": ""}
    assert not here.catalogue.believes_absence()
    assert here.say(x=ABSENT, confirmed=True) == {}
    assert here.catalogue.believes_absence()


def test_an_object_that_says_less_waits_for_confirmation(here: Files) -> None:
    """Half of a file may be a valid object with half of its content."""
    here.say(x=config_map("a", "1") + "data: {k: v}\n", confirmed=True)
    assert here.say(x=config_map("a", "2")) == {"a": "1"}
    assert here.say(x=config_map("a", "2"), confirmed=True) == {"a": "2"}


def test_a_text_that_may_go_on_waits_for_confirmation(here: Files) -> None:
    """Without a line's end the last word may be cut: 8080 reads as 80."""
    here.say(x=config_map("a", "1"), confirmed=True)
    assert here.say(x=config_map("a", "2").rstrip()) == {"a": "1"}
    assert here.say(x=config_map("a", "2").rstrip(), confirmed=True) == {"a": "2"}


@pytest.mark.parametrize("bad", [BROKEN, unreadable("x", "no")], ids=["syntax", "unreadable"])
def test_a_file_that_does_not_parse_keeps_its_objects(here: Files, bad: str | Reading) -> None:
    here.say(x=files("a", "b"), confirmed=True)
    assert here.say(x=bad, confirmed=True) == {"a": "", "b": ""}
    assert not here.catalogue.believes_absence()
    assert here.say(x=files("a"), confirmed=True) == {"a": ""}


def test_a_document_that_does_not_parse_does_not_hold_the_others_up(here: Files) -> None:
    here.say(x=files("a", "b"), confirmed=True)
    assert here.say(x=files("a", version="2") + "---\n" + BROKEN, confirmed=True) == {"a": "2", "b": ""}


def test_an_object_that_cannot_be_used_keeps_its_last_version(here: Files) -> None:
    here.say(x=files("a", "b", version="1"), confirmed=True)
    assert here.say(x=INVALID, confirmed=True) == {"a": "1"}
    assert not here.catalogue.believes_absence(ObjectRef("ConfigMap", "default", "a"))
    assert here.catalogue.believes_absence(ObjectRef("ConfigMap", "default", "b"))
    assert not here.catalogue.believes_absence()


def test_nothing_is_deleted_while_another_file_is_unreadable(here: Files) -> None:
    """The user may have moved it there; once that file reads, the truth is applied."""
    here.say(x=files("a"), y=files("b"), confirmed=True)
    here.say(y=BROKEN, confirmed=True)
    assert here.say(x=ABSENT, confirmed=True) == {"a": "", "b": ""}
    assert here.say(y=files("b"), confirmed=True) == {"b": ""}


def test_what_moved_to_a_broken_file_is_found_there(here: Files) -> None:
    here.say(x=files("a"), y=files("b"), confirmed=True)
    here.say(y=BROKEN, confirmed=True)
    here.say(x=ABSENT, confirmed=True)
    assert here.say(y=files("a", "b", version="2"), confirmed=True) == {"a": "2", "b": "2"}
    assert here.recorder.gone == []


def test_a_move_between_files_is_no_deletion(here: Files) -> None:
    here.say(x=files("a", version="1"), confirmed=True)
    assert here.say(x=ABSENT, y=files("a", version="1")) == {"a": "1"}
    assert here.say(x=ABSENT, y=files("a", version="1"), confirmed=True) == {"a": "1"}
    assert here.recorder.gone == []


def test_a_copy_that_is_only_kept_gives_way(here: Files) -> None:
    """After a move the new file's version counts at once, though the old file's absence is not yet believed."""
    here.say(x=files("a", version="1"), confirmed=True)
    assert here.say(x=ABSENT, y=files("a", version="2")) == {"a": "2"}
    assert here.catalogue.problems() == []


def test_the_same_object_in_two_files(here: Files) -> None:
    """The first file by name wins, whichever was read first; the problem names both; when it goes, the other one stands."""
    here.say(y=files("a", version="y"), confirmed=True)
    assert here.say(x=files("a", version="x"), confirmed=True) == {"a": "x"}
    (problem,) = here.catalogue.problems()
    assert str(problem) == (
        "y:1: ConfigMap default/a: stands in x too, which is used: the first file by name (ObjectDuplicate)"
    )
    found = here.catalogue.find(ObjectRef("ConfigMap", "default", "a"))
    assert found is not None
    assert found[0] == "x"
    assert here.say(x=ABSENT, confirmed=True) == {"a": "y"}
    assert here.catalogue.problems() == []
    assert here.recorder.gone == []


def test_ignored_kinds_are_counted_over_all_files(here: Files) -> None:
    other = "apiVersion: apps/v1\nkind: Deployment\n"
    here.say(x=other, y=f"{other}---\n{other}")
    assert here.catalogue.ignored() == {"apps/v1 Deployment": 3}


WHOLE = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /a, pathType: Exact, backend: {service: {name: x, port: {number: 8080}}}}
      - {path: /b, pathType: Exact, backend: {service: {name: x, port: {number: 8080}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  port: "80"
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
"""
EDITS = [WHOLE, WHOLE.replace("/a", "/c"), WHOLE.replace("a.example", "b.example") + "data: {k: v}\n"]


@FIXED
@given(st.integers(0, len(EDITS) - 1), st.lists(st.integers(0, len(WHOLE)), max_size=6))
def test_no_prefix_of_a_file_takes_anything_away(edit: int, lengths: list[int]) -> None:
    """Whatever prefixes of the new text are seen while it is written, no object goes and no path of the Ingress is missing."""
    here = Files()
    here.say(x=WHOLE, confirmed=True)
    for length in [0, *sorted(lengths)]:
        here.say(x=EDITS[edit][:length])
        ingress = here.recorder.objects[ObjectRef("Ingress", "default", "web")]
        assert isinstance(ingress, Ingress)
        assert ingress.spec.rules[0].http is not None
        paths = ingress.spec.rules[0].http.paths
        assert [path.backend.service and path.backend.service.port.number for path in paths] == [8080, 8080]
    here.say(x=EDITS[edit])
    assert here.recorder.gone == []
    assert here.recorder.objects == {ref: each.object for ref, each in read("x", EDITS[edit].encode()).objects.items()}


CONTENTS = st.sampled_from([files("a"), files("a", "b"), files("b", "c"), files("c", version="2"), BROKEN, INVALID, ""])
STEPS = st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), CONTENTS, st.booleans()), max_size=12)


@FIXED
@given(STEPS, st.tuples(CONTENTS, CONTENTS, CONTENTS))
def test_the_end_depends_on_the_last_contents_alone(
    steps: list[tuple[str, str, bool]], last: tuple[str, str, str]
) -> None:
    """However files came to say what they say: when all are readable and confirmed, what stands is what they say."""
    if any(text in {BROKEN, INVALID} for text in last):
        last = ("", files("a"), files("b", "c"))
    here, fresh = Files(), Files()
    for name, text, confirmed in steps:
        here.say(confirmed=confirmed, **{name: text})
    final = dict(zip("xyz", last, strict=True))
    assert here.say(confirmed=True, **final) == fresh.say(confirmed=True, **final)
    assert here.catalogue.believes_absence()
    assert here.catalogue.problems() == fresh.catalogue.problems()
