"""From a thing that changed to the keys that depend on it."""

from hypothesis import given
from hypothesis import strategies as st

from genkan.engine import DependencyIndex


def test_a_dangling_reference_is_found_when_it_appears() -> None:
    """A key that names a Service which does not exist is looked at again when it does."""
    index: DependencyIndex[str, str] = DependencyIndex()
    index.set("web", ["service/later"])
    assert index.dependents("service/later") == {"web"}


def test_a_reference_that_is_given_up_no_longer_counts() -> None:
    """Replacing references removes the old ones."""
    index: DependencyIndex[str, str] = DependencyIndex()
    index.set("web", ["a", "b"])
    index.set("web", ["b", "c"])
    assert [index.dependents(reference) for reference in "abc"] == [frozenset(), {"web"}, {"web"}]
    index.drop("web")
    assert [index.dependents(reference) for reference in "abc"] == [frozenset()] * 3


@given(st.lists(st.tuples(st.sampled_from("klm"), st.frozensets(st.sampled_from("abcd")))))
def test_it_is_the_inverse_of_the_last_references(steps: list[tuple[str, frozenset[str]]]) -> None:
    """Whatever came before, dependents(r) is exactly the keys whose last references hold r."""
    index: DependencyIndex[str, str] = DependencyIndex()
    last: dict[str, frozenset[str]] = {}
    for key, references in steps:
        index.set(key, references)
        last[key] = references
    for reference in "abcd":
        assert index.dependents(reference) == {key for key, references in last.items() if reference in references}
