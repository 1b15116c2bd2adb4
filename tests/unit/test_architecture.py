"""The import contracts of pyproject.toml hold, and each of them catches a breach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source, to break."""
    folder = tmp_path_factory.mktemp("architecture")
    shutil.copytree(ROOT / "src/genkan", folder / "genkan", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken(folder: Path) -> list[str]:
    """Give the names of the contracts that do not hold, or what else was said."""
    result = subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo"], cwd=folder, check=False, capture_output=True, text=True
    )
    names = [line.partition(" BROKEN")[0] for line in result.stdout.splitlines() if " BROKEN" in line]
    return names if names or result.returncode == 0 else [result.stdout]


def test_imports_are_as_agreed(copy: Path) -> None:
    """Nothing is broken as it stands."""
    assert broken(copy) == []


@pytest.mark.parametrize(
    ("module", "line", "contracts"),
    [
        pytest.param("model/meta.py", "import genkan.status", ["Imports point one way"], id="upwards"),
        pytest.param("novelty.py", "import genkan.errors", ["Imports point one way"], id="a-module-of-no-layer"),
        pytest.param(
            "sources/gather.py",
            "import genkan.infrastructure.host.records",
            ["Imports point one way"],
            id="between-siblings",
        ),
        pytest.param(
            "status.py",
            "from google.protobuf import any_pb2",
            ["Only the Envoy driver knows Envoy's messages"],
            id="protobuf-outside-the-driver",
        ),
        pytest.param(
            "dataplanes/envoy/driver.py",
            "import genkan.model",
            ["Drivers take the intermediate representation, never Kubernetes objects"],
            id="a-driver-reads-kubernetes-objects",
        ),
        pytest.param(
            "cli/get.py",
            "import genkan.kube",
            ["Only what runs in a cluster talks to the Kubernetes API"],
            id="a-command-talks-to-the-api",
        ),
        pytest.param(
            "translate/ingress/paths.py",
            "import asyncio",
            ["The core decides without waiting: no asyncio"],
            id="translation-waits",
        ),
    ],
)
def test_a_breach_is_caught(copy: Path, module: str, line: str, contracts: list[str]) -> None:
    """One import more, and the contract that it breaks is named."""
    path = copy / "genkan" / module
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        assert broken(copy) == contracts
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
