"""requirements.lock is what pyproject.toml asks for: every requirement locked, satisfied, and with hashes. Needs no network."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\n(?: +.*\n?)*))", re.MULTILINE)


def breaches(root: Path) -> list[str]:
    """Every requirement that the lock does not meet; `make lock` mends them."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    return list(of_lock(list(requirements(root, pyproject)), (root / "requirements.lock").read_text()))


def requirements(root: Path, pyproject: dict[str, dict[str, object]]) -> Iterator[Requirement]:
    """What is asked for: run time, the groups, and what builds the package."""
    asked: list[str] = list(pyproject["project"]["dependencies"])  # type: ignore[call-overload]
    for group in pyproject["dependency-groups"].values():
        asked += group  # type: ignore[arg-type]
    build = (root / "requirements.build.in").read_text().splitlines()
    asked += [line for line in build if line and not line.startswith("#")]
    yield from map(Requirement, asked)


def of_lock(asked: list[Requirement], lock: str) -> Iterator[str]:
    """The breaches of a lock's text."""
    pins: dict[str, list[Version]] = {}
    for pin in PIN.finditer(lock):
        pins.setdefault(canonicalize_name(pin["name"]), []).append(Version(pin["version"]))
        if "--hash=sha256:" not in pin["rest"]:
            yield f"requirements.lock: {pin['name']} has no hash: run `make lock`"
    for requirement in asked:
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
            locked = ", ".join(map(str, versions)) or "nothing"
            yield f"requirements.lock: pyproject.toml asks for {requirement}, the lock has {locked}: run `make lock`"
