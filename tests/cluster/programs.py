"""The Go programs of the cluster: which, at which version, built where.

Versions and checksums are those of modules/NAME/go.mod and go.sum; nothing else here names a version.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.cache import cache_folder, key_of, made_whole
from tests.cluster.outcome import ClusterError, say

MODULES = Path(__file__).parent / "modules"

# Pure Go, the same bytes on every machine, and never another version than go.mod says.
BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly")
TICK = 30.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """One Go program.

    `module` is the required module whose version is the program's; `names` are the names it answers to;
    `assets` maps a folder of ours to a glob inside the module; `minutes` is a cold build on two cores.
    """

    name: str
    module: str
    package: str = "."
    names: tuple[str, ...] = ()
    assets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minutes: float = 1.0

    @property
    def folder(self) -> Path:
        """The folder with go.mod, go.sum and main.go."""
        return MODULES / self.name

    @property
    def version(self) -> str:
        """The version that go.mod pins, `v1.2.3`."""
        return pinned_version((self.folder / "go.mod").read_text(), self.module)


PROGRAMS: tuple[Program, ...] = (
    Program(
        name="kubernetes",
        module="k8s.io/kubernetes",
        names=("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"),
        minutes=5,
    ),
    Program(name="etcd", module="go.etcd.io/etcd/server/v3", package="go.etcd.io/etcd/server/v3", minutes=0.5),
    Program(name="coredns", module="github.com/coredns/coredns"),
    Program(
        name="metallb",
        module="go.universe.tf/metallb",
        package="go.universe.tf/metallb/controller",
        assets={"crds": ("config/crd/bases/*.yaml",)},
        minutes=1.5,
    ),
    Program(
        name="echo",
        module="sigs.k8s.io/gateway-api/conformance",
        package="sigs.k8s.io/gateway-api/conformance/echo-basic",
        minutes=0.5,
    ),
    Program(
        name="kwok",
        module="sigs.k8s.io/kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        assets={
            "stages": (
                "kustomize/stage/node/fast/node-initialize.yaml",
                "kustomize/stage/node/heartbeat-with-lease/*heartbeat*.yaml",
                "kustomize/stage/pod/fast/pod-*.yaml",
            )
        },
    ),
    Program(name="helm", module="helm.sh/helm/v4", package="helm.sh/helm/v4/cmd/helm"),
    Program(name="pause", module="", minutes=0.1),
)


def pinned_version(go_mod: str, module: str) -> str:
    """Read the version of a required module out of the text of a go.mod; the empty module has none."""
    if not module:
        return ""
    found = re.search(rf"^(?:require )?\s*{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if not found:
        raise ClusterError(f"go.mod does not require {module}")
    return found[1]


def linker_flags(program: Program) -> str:
    """Give the linker's flags; Kubernetes learns its own version from them, as its release builds do."""
    flags = ["-s", "-w"]
    if program.module == "k8s.io/kubernetes":
        major, minor = program.version.removeprefix("v").split(".")[:2]
        values = {"gitVersion": program.version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            flags += [f"-X {package}.{name}={value}" for name, value in values.items()]
    return " ".join(flags)


class Programs:
    """The built programs: `programs["kubectl"]` is the path of a binary, building what is missing first."""

    def __init__(self, names: Sequence[str] | None = None) -> None:
        """Take the names of PROGRAMS that will be needed; all by default."""
        self._wanted = [p for p in PROGRAMS if names is None or p.name in names]

    def build(self) -> None:
        """Build all that is missing, with progress."""
        missing = [p for p in self._wanted if not _target(p).is_dir()]
        if missing:
            total = sum(p.minutes for p in missing)
            say(f"building {len(missing)} Go programs: about {total:.0f} min on two idle cores, once per version")
        for number, program in enumerate(missing, start=1):
            _build(program, f"[{number}/{len(missing)}]")

    def __getitem__(self, name: str) -> Path:
        """Give the path of the binary that answers to `name`."""
        for program in self._wanted:
            if name == program.name or name in program.names:
                target = _target(program)
                if not target.is_dir():
                    _build(program, "")
                return target / "bin" / name
        raise KeyError(name)

    def assets(self, name: str, kind: str) -> Path:
        """Give the folder of files that came with a program, such as the types of MetalLB."""
        return self[name].parent.parent / kind

    @property
    def search_path(self) -> str:
        """All folders with binaries, in the form of `PATH`."""
        return os.pathsep.join(str(_target(p) / "bin") for p in self._wanted)


def _target(program: Program) -> Path:
    flags = (*BUILD_FLAGS, linker_flags(program), program.package, platform.machine())
    key = key_of([program.folder, *flags, *program.names, repr(program.assets)])
    return cache_folder() / "programs" / f"{program.name}-{key}"


def _go() -> str:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        raise ClusterError(
            "the Go tool chain is missing: install Go 1.26 or later (golang-go of a recent distribution, or go.dev/dl)"
        )
    return go


def _build(program: Program, place: str) -> None:
    target = _target(program)
    say(f"{place} {program.name} {program.version}: building, about {program.minutes:g} min".strip())
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": " ".join(BUILD_FLAGS), "GOWORK": "off"}
    with made_whole(target) as scratch:
        (scratch / "bin").mkdir()
        binary = scratch / "bin" / program.name
        argv = [_go(), "build", "-ldflags", linker_flags(program), "-o", str(binary), program.package]
        with subprocess.Popen(
            argv, cwd=program.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as build:
            output = _watch(build, program.name)
        if build.returncode:
            tail = "\n".join(output.splitlines()[-20:])
            raise ClusterError(f"go build of {program.name} ended with {build.returncode}:\n{tail}")
        for name in program.names:
            (scratch / "bin" / name).symlink_to(program.name)
        _copy_assets(program, scratch, environment)
    say(f"{place} {program.name} {program.version}: done".strip())


def _watch(build: "subprocess.Popen[str]", name: str) -> str:
    """Wait for a build to end, with a sign of life each half minute; give its output."""
    waited = 0.0
    while True:
        try:
            return build.communicate(timeout=TICK)[0]
        except subprocess.TimeoutExpired:
            waited += TICK
            say(f"      {name}: still building after {waited:.0f} s")
        except BaseException:
            build.terminate()
            raise


def _copy_assets(program: Program, scratch: Path, environment: Mapping[str, str]) -> None:
    if not program.assets:
        return
    found = subprocess.run(
        [_go(), "list", "-m", "-f", "{{.Dir}}", program.module],
        cwd=program.folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    source = Path(found.stdout.strip())
    for folder, patterns in program.assets.items():
        (scratch / folder).mkdir()
        for pattern in patterns:
            files = sorted(source.glob(pattern))
            if not files:
                raise ClusterError(f"{program.name} {program.version} has no {pattern}")
            for file in files:
                shutil.copyfile(file, scratch / folder / file.name)
