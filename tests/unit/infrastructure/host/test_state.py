"""State directories: named after what they serve, used by one process at a time, found when there is only one to mean."""

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from genkan.errors import ConfigError
from genkan.infrastructure.host.state import (
    Lock,
    Served,
    default_state_dir,
    find_state_dir,
    holder,
    read_served,
    real_path,
    write_served,
)

SOMEBODY = 64999
"""A user id that is not ours."""


def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


def test_the_default_is_named_after_the_directory_and_its_real_path(tmp_path: Path) -> None:
    """Two directories of one name differ, and a link is the directory that it leads to."""
    first, second, link = tmp_path / "a" / "shop", tmp_path / "b" / "shop", tmp_path / "link"
    for folder in (first, second):
        folder.mkdir(parents=True)
    link.symlink_to(first)
    chosen = default_state_dir(first, environ(tmp_path))
    assert chosen.parent == tmp_path / "state" / "genkan"
    assert re.fullmatch(r"shop-[0-9a-f]{8}", chosen.name)
    assert default_state_dir(second, environ(tmp_path)) != chosen
    assert default_state_dir(link, environ(tmp_path)) == chosen


@pytest.mark.parametrize("home", ["", "relative/path"], ids=["unset", "relative"])
def test_without_a_usable_state_home_it_is_below_home(home: str, tmp_path: Path) -> None:
    """As the XDG Base Directory Specification says."""
    assert default_state_dir(tmp_path, {"XDG_STATE_HOME": home}).parent == Path.home() / ".local/state/genkan"


def test_the_root_folder_has_a_name_too(tmp_path: Path) -> None:
    """Its own name is empty."""
    assert default_state_dir(Path("/"), environ(tmp_path)).name.startswith("root-")


def test_one_directory_serves_one_process(tmp_path: Path) -> None:
    """The second is told who is the first; afterwards it is free."""
    lock = Lock(tmp_path / "state")
    assert holder(tmp_path / "state") == os.getpid()
    with pytest.raises(ConfigError, match=rf"used by another genkan \(process {os.getpid()}\)"):
        Lock(tmp_path / "state")
    lock.release()
    assert holder(tmp_path / "state") is None
    Lock(tmp_path / "state").release()


def test_asking_who_holds_it_keeps_nobody_out(tmp_path: Path) -> None:
    """`genkan get` may look at the very moment in which a serve starts."""
    Lock(tmp_path).release()
    looked = threading.Event()
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            holder(tmp_path)
            looked.set()

    with ThreadPoolExecutor(2) as readers:
        looking = [readers.submit(look) for _ in range(2)]
        try:
            assert looked.wait(10)
            for _ in range(2000):
                Lock(tmp_path).release()
        finally:
            ended.set()
        for each in looking:
            each.result(10)


def test_a_look_from_the_holder_itself_leaves_it_locked(tmp_path: Path) -> None:
    """Closing the file that was looked at must not let go of the lock."""
    lock = Lock(tmp_path)
    assert holder(tmp_path) == os.getpid()
    with pytest.raises(ConfigError, match="used by another genkan"):
        Lock(tmp_path)
    lock.release()


def test_a_shorter_process_id_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    """The file is written again by each holder."""
    (tmp_path / "lock").write_text("99999999999\n")
    lock = Lock(tmp_path)
    assert holder(tmp_path) == os.getpid()
    lock.release()


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"state directory .*file/state: Not a directory"):
        Lock(tmp_path / "file" / "state")


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Who owns it can put there what we believe, and read what is private. Nothing is written to it."""
    theirs = somebody_elses(tmp_path)
    with pytest.raises(ConfigError, match=r"state directory .* belongs to another user .*--state-dir"):
        Lock(theirs)
    assert not (theirs / "lock").exists()


def test_a_directory_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    """A shared one, such as /tmp itself: it is not for us to close it, and not safe to use it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ConfigError, match=r"everybody may write to state directory .*: chmod o-w"):
        Lock(shared)
    assert shared.stat().st_mode & 0o7777 == 0o1777
    assert not (shared / "lock").exists()


def test_a_directory_of_ours_keeps_its_mode(tmp_path: Path) -> None:
    """It may be a folder that holds other things too: what is private in it closes itself."""
    tmp_path.chmod(0o755)
    Lock(tmp_path).release()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    """Its name says what is served."""
    Lock(tmp_path / "a" / "state").release()
    assert (tmp_path / "a" / "state").stat().st_mode & 0o777 == 0o700


def test_a_planted_lock_is_not_followed(tmp_path: Path) -> None:
    """The file that it leads to would be emptied."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(ConfigError, match="state directory"):
        Lock(tmp_path)
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_link_of_ours_is_followed(tmp_path: Path) -> None:
    """To a larger disk, for instance."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert real_path(tmp_path / "link" / "state") == (tmp_path / "elsewhere" / "state").resolve()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a link that belongs to somebody else")
def test_a_link_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """He could turn it to any folder of ours."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    os.chown(tmp_path / "link", SOMEBODY, SOMEBODY, follow_symlinks=False)
    for state_dir in (tmp_path / "link", tmp_path / "link" / "state"):
        with pytest.raises(ConfigError, match=r"link .*link belongs to another user"):
            real_path(state_dir)


def somebody_elses(tmp_path: Path) -> Path:
    """Give a folder that another user owns: root can make one, for all others root's own will do."""
    if os.getuid() != 0:
        return Path("/usr")
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", SOMEBODY, SOMEBODY)
    return tmp_path / "theirs"


def test_what_is_served_is_remembered(tmp_path: Path) -> None:
    """For `genkan explain`, which needs the manifests."""
    assert read_served(tmp_path) is None
    write_served(tmp_path, Served("/srv/shop", ("web=127.0.0.1:8080",)))
    assert read_served(tmp_path) == Served("/srv/shop", ("web=127.0.0.1:8080",))


def test_a_named_directory_is_taken_at_its_word(tmp_path: Path) -> None:
    """Provided that it exists."""
    assert find_state_dir(tmp_path) == tmp_path
    with pytest.raises(ConfigError, match=r"there is no state directory .*absent"):
        find_state_dir(tmp_path / "absent")


def test_none_is_a_clear_error(tmp_path: Path) -> None:
    """Before anything was served."""
    with pytest.raises(ConfigError, match=r"nothing is served: .*--state-dir"):
        find_state_dir(None, environ(tmp_path))


def test_the_only_one_is_meant(tmp_path: Path) -> None:
    """Whether it is in use or not."""
    only = tmp_path / "state" / "genkan" / "shop-1"
    lock = Lock(only)
    assert find_state_dir(None, environ(tmp_path)) == only
    lock.release()
    assert find_state_dir(None, environ(tmp_path)) == only


def test_of_several_the_one_in_use_is_meant(tmp_path: Path) -> None:
    """Those of yesterday are in nobody's way."""
    genkan = tmp_path / "state" / "genkan"
    for name in ("a", "b", "c"):
        Lock(genkan / name).release()
    lock = Lock(genkan / "b")
    assert find_state_dir(None, environ(tmp_path)) == genkan / "b"
    lock.release()


def test_several_are_listed_and_none_is_guessed(tmp_path: Path) -> None:
    """With what each serves, and which is in use."""
    genkan = tmp_path / "state" / "genkan"
    locks = [Lock(genkan / name) for name in ("a", "b")]
    write_served(genkan / "a", Served("/srv/shop"))
    with pytest.raises(ConfigError) as raised:
        find_state_dir(None, environ(tmp_path))
    assert f"{genkan}/a (of /srv/shop) being served" in str(raised.value)
    assert f"{genkan}/b being served" in str(raised.value)
    assert "--state-dir" in str(raised.value)
    for lock in locks:
        lock.release()
