"""Unix sockets: paths short enough for the kernel, in a folder of one's own."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from genkan.errors import ConfigError
from genkan.infrastructure.host.records import write_json
from genkan.infrastructure.host.sockets import (
    LIMIT,
    admin_name,
    make_private,
    readiness_name,
    remembered_runtime_folder,
    runtime_folder,
    settled_folder,
)

LONG = Path("/" + "long" * 30)


def test_a_short_state_directory_holds_its_sockets() -> None:
    """People find them where everything else is."""
    assert runtime_folder(Path("/state"), {}) == Path("/state/run")


def test_a_long_one_has_them_in_the_runtime_folder(tmp_path: Path) -> None:
    """XDG_RUNTIME_DIR is short and private."""
    runtime = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    try:
        found = runtime_folder(LONG, {"XDG_RUNTIME_DIR": str(runtime)})
        assert found.parent == runtime
        assert found != runtime_folder(LONG / tmp_path.name, {"XDG_RUNTIME_DIR": str(runtime)})
    finally:
        runtime.rmdir()


@pytest.mark.parametrize("runtime", ["", "/does/not/exist", str(LONG)], ids=["unset", "absent", "too long"])
def test_else_in_the_temporary_folder(runtime: str) -> None:
    """Its name holds the user, so that two users never meet."""
    found = runtime_folder(LONG, {"XDG_RUNTIME_DIR": runtime})
    assert found.parent == Path(tempfile.gettempdir())
    assert found.name.endswith(f"-{os.getuid()}")


@pytest.mark.parametrize("length", [40, 70, 80, 90, 100, 110, 200])
def test_every_socket_fits(length: int) -> None:
    """Whatever the length of state directory and names."""
    folder = runtime_folder(Path("/" + "x" * length), {})
    unit = f"{'n' * 63}/{'i' * 253}"
    for name in (admin_name(unit), readiness_name(unit)):
        assert len(os.fsencode(folder / name)) <= LIMIT


def test_the_folder_is_remembered(tmp_path: Path) -> None:
    """A later serve in another session (another XDG_RUNTIME_DIR) finds the data planes of the first."""
    state_dir = tmp_path / ("d" * 100)
    first = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    try:
        chosen = remembered_runtime_folder(state_dir, {"XDG_RUNTIME_DIR": str(first)})
        assert chosen.parent == first
        assert remembered_runtime_folder(state_dir, {}) == chosen
    finally:
        first.rmdir()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets: pytest's may not be."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("gone", ["/proc/gone/genkan", "/does-not-exist/genkan"], ids=["cannot be made", "could be"])
def test_a_remembered_folder_that_is_gone_is_chosen_anew(gone: str, tmp_path: Path, short: Path) -> None:
    """A session's folder goes with the session; nothing runs, so nobody expects it there. Its parents are not ours to make."""
    state_dir = tmp_path / ("d" * 100)
    write_json(state_dir / "runtime.json", gone)
    chosen = settled_folder(state_dir, {"XDG_RUNTIME_DIR": str(short)}, running=())
    assert chosen.parent == short
    assert chosen.is_dir()
    assert settled_folder(state_dir, {}, running=()) == chosen
    assert not Path(gone).parent.exists()


def test_one_that_running_data_planes_expect_is_never_another(tmp_path: Path, short: Path) -> None:
    """They would wait for their control plane at the old place for ever: the user has to say what shall become of them."""
    state_dir = tmp_path / ("d" * 100)
    write_json(state_dir / "runtime.json", "/proc/gone/genkan")
    with pytest.raises(ConfigError, match=r"/proc/gone/genkan: .*kill 12 34") as raised:
        settled_folder(state_dir, {"XDG_RUNTIME_DIR": str(short)}, running=(12, 34))
    assert "\n" not in str(raised.value)
    write_json(state_dir / "runtime.json", str(short / "session" / "genkan"))
    assert settled_folder(state_dir, {}, running=(12, 34)).is_dir()


def test_no_folder_at_all_is_a_clear_error(tmp_path: Path) -> None:
    """Nothing can be made in /proc, whoever asks."""
    with pytest.raises(
        ConfigError, match=r"no folder for Unix sockets can be made at /proc/genkan-\w+: .*XDG_RUNTIME_DIR"
    ):
        settled_folder(tmp_path / ("d" * 100), {"XDG_RUNTIME_DIR": "/proc"}, running=())


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    """Nobody else can talk to an admin socket."""
    make_private(tmp_path / "a" / "run")
    assert (tmp_path / "a" / "run").stat().st_mode & 0o777 == 0o700


def test_an_open_folder_of_ours_is_closed(tmp_path: Path) -> None:
    """One that was made by hand, readable by all."""
    (tmp_path / "run").mkdir(mode=0o755)
    make_private(tmp_path / "run")
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_a_planted_link_is_refused(tmp_path: Path) -> None:
    """In a shared folder somebody else may have been first."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        make_private(tmp_path / "run")
