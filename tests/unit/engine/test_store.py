"""Stores tell their subscribers every change, and nothing else."""

from genkan.engine import Grouping, Store


def recorded(store: Store[str, int]) -> list[tuple[str, int | None, int | None]]:
    changes: list[tuple[str, int | None, int | None]] = []
    store.subscribe(lambda key, old, new: changes.append((key, old, new)))
    return changes


def test_a_write_is_told_with_old_and_new() -> None:
    """Subscribers see what was and what is, so that they can undo what the old value caused."""
    store: Store[str, int] = Store()
    changes = recorded(store)
    store.upsert("a", 1)
    store.upsert("a", 2)
    store.delete("a")
    assert changes == [("a", None, 1), ("a", 1, 2), ("a", 2, None)]


def test_an_equal_value_wakes_nobody() -> None:
    """A relist that brings nothing new must cause no work."""
    store: Store[str, int] = Store()
    store.upsert("a", 1)
    changes = recorded(store)
    changes.clear()
    store.upsert("a", 1)
    store.replace({"a": 1})
    store.delete("absent")
    assert changes == []


def test_replace_deletes_what_is_gone() -> None:
    """Deletions missed while nobody watched show up when the whole content is known again."""
    store: Store[str, int] = Store()
    store.upsert("a", 1)
    store.upsert("b", 2)
    changes = recorded(store)
    changes.clear()
    store.replace({"b": 3, "c": 4})
    assert changes == [("a", 1, None), ("b", 2, 3), ("c", None, 4)]
    assert dict(store.items()) == {"b": 3, "c": 4}


def test_a_late_subscriber_is_told_what_is_there() -> None:
    """Nobody has to be early to be complete."""
    store: Store[str, int] = Store()
    store.upsert("a", 1)
    assert recorded(store) == [("a", None, 1)]


def test_a_grouping_follows_moves_between_groups() -> None:
    """A value whose group changes is in the new one only, and an empty group is forgotten."""
    store: Store[str, int] = Store()
    parity = Grouping(store, lambda value: value % 2)
    store.upsert("a", 1)
    store.upsert("b", 3)
    assert sorted(parity.of(1)) == [1, 3]
    store.upsert("a", 2)
    assert (parity.of(1), parity.of(0)) == ((3,), (2,))
    store.delete("b")
    assert parity.of(1) == ()
