"""OCI image archives written without a container engine: the same inputs give the same bytes.

Sources: the OCI image specification (image-layout, manifest, config) and containerd's way to name what it imports
(annotation `io.containerd.image.name`).
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a container of the image starts as; the words are those of a Dockerfile."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = "/"

    def document(self) -> dict[str, Any]:
        """Give the `config` part of the image configuration."""
        environment = {"PATH": PATH, **self.environment}
        config = {
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "User": self.user,
            "WorkingDir": self.workdir,
        }
        return {name: value for name, value in config.items() if value}


def folder_layer(folder: Path, at: str = "") -> bytes:
    """Make a layer of a folder's content, placed below `at`: sorted, without times, owned by root."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        _add_parents(archive, set(), PurePosixPath(at) / "x")
        for path in _walk(folder):
            name = str(PurePosixPath(at) / path)
            info = archive.gettarinfo(folder / path, arcname=name)
            info.mtime = info.uid = info.gid = 0
            info.uname = info.gname = ""
            if info.islnk():
                # Which of two hard links comes first is chance; two files are not.
                info.type, info.linkname = tarfile.REGTYPE, ""
                info.size = (folder / path).stat().st_size
            if info.isreg():
                with (folder / path).open("rb") as file:
                    archive.addfile(info, file)
            else:
                archive.addfile(info)
    return out.getvalue()


def files_layer(files: Mapping[str, Path]) -> bytes:
    """Make a layer of single programs: absolute path in the image to file here; all are executable."""
    out = io.BytesIO()
    parents: set[str] = set()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, source in sorted(files.items()):
            path = PurePosixPath(name.lstrip("/"))
            _add_parents(archive, parents, path)
            content = source.read_bytes()
            info = tarfile.TarInfo(str(path))
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def write_archive(target: Path, name: str, layers: Sequence[bytes], settings: Settings, machine: str) -> None:
    """Write an OCI layout with one image, named for containerd; `machine` as in uname(1)."""
    platform = {"architecture": ARCHITECTURES.get(machine, machine), "os": "linux"}
    blobs: dict[str, bytes] = {}

    def put(media_type: str, content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    described = [put(LAYER_TYPE, layer) for layer in layers]
    roots = {"type": "layers", "diff_ids": [one["digest"] for one in described]}
    image = {**platform, "created": EPOCH, "config": settings.document(), "rootfs": roots}
    config = put(CONFIG_TYPE, json.dumps(image).encode())
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": described}
    tag = name.rpartition(":")[2]
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag}
    entry = {**put(MANIFEST_TYPE, json.dumps(manifest).encode()), "platform": platform, "annotations": names}
    index = {"schemaVersion": 2, "manifests": [entry]}
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        _add_file(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add_file(archive, "index.json", json.dumps(index).encode())
        for digest, content in sorted(blobs.items()):
            _add_file(archive, f"blobs/sha256/{digest}", content)


def _walk(folder: Path) -> list[str]:
    found = []
    for base, folders, files in os.walk(folder):
        found += [os.path.relpath(Path(base, name), folder) for name in (*folders, *files)]
    return sorted(found)


def _add_parents(archive: tarfile.TarFile, known: set[str], path: PurePosixPath) -> None:
    for parent in reversed(path.parents):
        name = str(parent)
        if name != "." and name not in known:
            known.add(name)
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info)


def _add_file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    archive.addfile(info, io.BytesIO(content))
