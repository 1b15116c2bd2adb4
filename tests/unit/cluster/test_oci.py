"""Image archives: right by the specification, and the same bytes from the same inputs."""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

from tests.cluster.oci import Settings, files_layer, folder_layer, write_archive

SETTINGS = Settings(entrypoint=["/program"], user="65532:65532", environment={"A": "1"})


def sample(folder: Path, *, time: int, names: list[str]) -> Path:
    """A folder with files, a link and a subfolder, made in the given order."""
    folder.mkdir()
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
        os.utime(folder / name, (time, time))
    (folder / "link").symlink_to("a")
    os.link(folder / "a", folder / "hard")
    return folder


def test_same_content_same_bytes(tmp_path: Path) -> None:
    """Neither the time nor the order in which files were made shows."""
    one = sample(tmp_path / "one", time=1, names=["a", "b", "sub/c"])
    two = sample(tmp_path / "two", time=2, names=["sub/c", "b", "a"])
    assert folder_layer(one, "usr/lib/x") == folder_layer(two, "usr/lib/x")


def test_layer_content(tmp_path: Path) -> None:
    """Paths are placed below their folder, owned by root, links stay links, hard links become files."""
    layer = folder_layer(sample(tmp_path / "one", time=1, names=["a", "sub/c"]), "usr/lib/x")
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        found = {info.name: info for info in archive}
        assert list(found)[:3] == ["usr", "usr/lib", "usr/lib/x"]
        assert found["usr/lib/x/link"].issym()
        assert found["usr/lib/x/hard"].isreg()
        content = archive.extractfile("usr/lib/x/hard")
        assert content is not None
        assert content.read() == b"a"
    assert {(info.uid, info.gid, info.mtime) for info in found.values()} == {(0, 0, 0)}


def test_archive_is_an_oci_layout(tmp_path: Path) -> None:
    """index.json leads to the manifest, the manifest to config and layers, each under its own digest."""
    program = tmp_path / "program"
    program.write_bytes(b"#!")
    layers = [files_layer({"/bin/program": program})]
    targets = [tmp_path / "one.tar", tmp_path / "two.tar"]
    for target in targets:
        write_archive(target, "genkan.test/program:1", layers, SETTINGS, "x86_64")
    assert targets[0].read_bytes() == targets[1].read_bytes()
    with tarfile.open(targets[0]) as archive:
        blobs = {info.name: archive.extractfile(info) for info in archive}
        contents = {name: file.read() for name, file in blobs.items() if file is not None}
    for name, content in contents.items():
        if name.startswith("blobs/"):
            assert name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"
    (entry,) = json.loads(contents["index.json"])["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "genkan.test/program:1"
    assert entry["platform"] == {"architecture": "amd64", "os": "linux"}
    manifest = json.loads(contents["blobs/" + entry["digest"].replace(":", "/")])
    config = json.loads(contents["blobs/" + manifest["config"]["digest"].replace(":", "/")])
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert config["config"]["Entrypoint"] == ["/program"]
    assert config["config"]["User"] == "65532:65532"
    assert "A=1" in config["config"]["Env"]
    assert manifest["layers"][0]["size"] == len(layers[0])
