"""The state directory: what is written is read again, whole or not at all, and nothing leads out of it."""

from pathlib import Path

import pytest

from genkan.errors import TerminalError
from genkan.infrastructure.host import records
from genkan.infrastructure.host.addresses import Lease, Obstacle, Verdict
from genkan.infrastructure.host.records import ProcessRecord, Record, StoredReport
from genkan.model import ObjectKey

KEY = ObjectKey("shop", "web")


def record(key: ObjectKey = KEY) -> Record:
    lease = Lease("127.1.2.3", {80: 8080, 443: 443}, (Obstacle(80, 8080, Verdict.TAKEN),))
    return Record(key.namespace, key.name, lease, "xds", "admin", "ready", ProcessRecord(7, 9, "boot", "digest", 30.0))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every field, ports as numbers."""
    records.write_record(tmp_path, record())
    assert records.read_record(tmp_path, KEY) == record()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"namespace": "shop"}'], ids=["empty", "cut", "other", "part"])
def test_what_cannot_be_read_is_absent(tmp_path: Path, content: str) -> None:
    """A full disk or a curious editor costs one record, not the start."""
    records.write_record(tmp_path, record())
    (records.folder(tmp_path, KEY) / "record.json").write_text(content)
    assert records.read_record(tmp_path, KEY) is None
    assert list(records.keys(tmp_path)) == [KEY]


def test_a_record_that_was_moved_is_absent(tmp_path: Path) -> None:
    """A copied folder must not make two data planes share an address."""
    records.write_record(tmp_path, record())
    records.folder(tmp_path, KEY).rename(records.folder(tmp_path, ObjectKey("shop", "other")))
    assert records.read_record(tmp_path, ObjectKey("shop", "other")) is None


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "UPPER", "-a", "a" * 254, "a\n"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """Names come from files that anybody may have written."""
    with pytest.raises(TerminalError, match="is no name for files"):
        records.folder(tmp_path, ObjectKey("shop", name))
    with pytest.raises(TerminalError, match="is no name for files"):
        records.folder(tmp_path, ObjectKey(name, "web"))


def test_reports_are_listed_by_namespace_and_name(tmp_path: Path) -> None:
    """In the order in which kubectl lists."""
    for key in (ObjectKey("b", "a"), ObjectKey("a", "b"), ObjectKey("a", "a")):
        event = {"note": str(key)}
        records.write_report(tmp_path, key, StoredReport({"name": str(key)}, (event,)))
    assert [ingress["name"] for ingress in records.read_ingresses(tmp_path)] == ["a/a", "a/b", "b/a"]
    assert [event["note"] for event in records.read_events(tmp_path)] == ["a/a", "a/b", "b/a"]


def test_an_empty_directory_has_nothing_to_list(tmp_path: Path) -> None:
    """`genkan get` before anything was reported."""
    assert records.read_ingresses(tmp_path / "absent") == []
    assert records.read_events(tmp_path) == []


def test_a_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    """A file is replaced by a rename, never written in place."""
    records.write_report(tmp_path, KEY, StoredReport({"version": "old"}))
    with (records.folder(tmp_path, KEY) / "report.json").open("rb") as reader:
        records.write_report(tmp_path, KEY, StoredReport({"version": "new"}))
        assert b"old" in reader.read()
    assert records.read_ingresses(tmp_path) == [{"version": "new"}]


def test_what_a_crash_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    """The next write replaces it, and no reader takes it for a record."""
    folder = records.folder(tmp_path, KEY)
    folder.mkdir(parents=True)
    (folder / "record.json.new").write_text("{")
    assert records.read_record(tmp_path, KEY) is None
    records.write_record(tmp_path, record())
    assert records.read_record(tmp_path, KEY) == record()


def test_remove_takes_everything_and_leaves_the_neighbours(tmp_path: Path) -> None:
    """Also the namespace's folder once it is empty."""
    other = ObjectKey("shop", "other")
    records.write_record(tmp_path, record())
    records.write_record(tmp_path, record(other))
    records.remove(tmp_path, KEY)
    assert list(records.keys(tmp_path)) == [other]
    records.remove(tmp_path, other)
    assert not (tmp_path / "dataplanes" / "shop").exists()
    records.remove(tmp_path, other)


def test_files_of_a_workload(tmp_path: Path) -> None:
    """Exactly those wanted, private ones for the owner alone."""
    records.write_files(tmp_path, {"old.json": ("x", False), "keys/tls.key": ("k", True)})
    records.write_files(tmp_path, {"new.json": ("y", False), "keys/tls.key": ("k2", True)})
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        "new.json",
        "keys/tls.key",
    }
    assert (tmp_path / "keys/tls.key").read_text() == "k2"
    assert (tmp_path / "keys/tls.key").stat().st_mode & 0o777 == 0o600


def test_a_file_outside_its_folder_is_refused(tmp_path: Path) -> None:
    """Whatever a driver says."""
    with pytest.raises(TerminalError, match="outside its folder"):
        records.write_files(tmp_path / "config", {"../record.json": ("x", False)})
    with pytest.raises(TerminalError, match="outside its folder"):
        records.write_files(tmp_path / "config", {"/etc/x": ("x", False)})
