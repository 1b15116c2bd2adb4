"""Root folders from distribution packages, without debootstrap, chroot or maintainer scripts.

apt resolves the wanted packages as if for an empty system, downloads them and checks their signatures; each is
unpacked over a skeleton with merged /usr. Documentation, translations and the like are left out.
"""

import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.cache import cache_folder, key_of, made_whole
from tests.cluster.outcome import ClusterError, say

FOLDERS = ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "run", "proc", "sys", "dev", "root", "var/lib")
LEFT_OUT = (
    *(f"usr/share/{name}" for name in ("doc", "man", "info", "locale", "lintian", "bug", "i18n", "zoneinfo")),
    "usr/share/common-licenses",
    "usr/share/python3",
    "usr/lib/*/gconv",
)
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\nnonroot:x:65532:65532::/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnonroot:x:65532:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def root_folder(name: str, packages: Sequence[str]) -> Path:
    """Give a folder with these packages and all they need, made once for each distribution release."""
    release = platform.freedesktop_os_release()
    parts = (release.get("ID", ""), release.get("VERSION_CODENAME", ""), platform.machine(), *packages, repr(LEFT_OUT))
    target = cache_folder() / "roots" / f"{name}-{key_of(parts)}"
    if target.is_dir():
        return target
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise ClusterError(f"{tool} is missing: images are made from Debian or Ubuntu packages, on such a machine")
    say(f"unpacking {' '.join(packages)} for image {name}: about 10 s")
    with made_whole(target) as scratch:
        _skeleton(scratch)
        with tempfile.TemporaryDirectory(prefix="genkan-packages-") as store:
            for archive in _download(Path(store), packages):
                _unpack(archive, scratch)
        for path, text in FILES.items():
            (scratch / path).write_text(text)
        subprocess.run(["ldconfig", "-r", str(scratch)], check=True)
        _certificates(scratch)
    return target


def _apt(store: Path, *more: str) -> list[str]:
    """apt-get that believes nothing is installed, and keeps what it downloads in `store`."""
    status = store / "status"
    options = {
        "Dir::State::status": status,
        "Dir::Cache::archives": store / "archives",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    return ["apt-get", "--quiet=2", "--yes", *(f"--option={name}={value}" for name, value in options.items()), *more]


def _download(store: Path, packages: Sequence[str]) -> list[Path]:
    (store / "archives" / "partial").mkdir(parents=True)
    (store / "status").touch()
    argv = _apt(store, "install", "--download-only", *packages)
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        subprocess.run(["apt-get", "update", "--quiet=2"], check=False, capture_output=True)
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"apt could not get {' '.join(packages)}: {done.stderr.strip()[-1500:]}")
    return sorted((store / "archives").glob("*.deb"))


def _skeleton(root: Path) -> None:
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for folder in ("tmp", "var/tmp"):
        (root / folder).mkdir(parents=True)
        (root / folder).chmod(0o1777)


def _unpack(archive: Path, root: Path) -> None:
    left_out = [f"--exclude=./{path}/*" for path in LEFT_OUT]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as package:
        argv = ["tar", "--extract", "--keep-directory-symlink", f"--directory={root}", *left_out]
        subprocess.run(argv, stdin=package.stdout, check=True)
    if package.returncode:
        raise ClusterError(f"{archive.name} cannot be unpacked")


def _certificates(root: Path) -> None:
    """Join the public authorities to one file, as the package's script would."""
    found = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    if found:
        (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
        bundle = b"".join(one.read_bytes() for one in found)
        (root / "etc/ssl/certs/ca-certificates.crt").write_bytes(bundle)


def python_version(root: Path) -> str:
    """Give the version of the Python in a root folder, `3.11`."""
    found = sorted((root / "usr/bin").glob("python3.*[0-9]"))
    names = [match[1] for path in found if (match := re.fullmatch(r"python(3\.\d+)", path.name))]
    if not names:
        raise ClusterError(f"{root} has no Python")
    return names[0]
