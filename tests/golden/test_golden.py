"""Golden files: each folder here is a behaviour, from manifests as a user writes them to what the data plane is given."""

import json
import subprocess
from pathlib import Path

import pytest

from genkan.dataplanes.envoy.bootstrap import bootstrap
from genkan.dataplanes.envoy.workload import find_program
from tests.feature.envoy.offline import static
from tests.golden.stages import BINDING, INPUTS, Case, cases

UPDATE = ".venv/bin/pytest tests/golden --update-golden -k {}"


@pytest.fixture(params=cases(), ids=lambda case: case.folder.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Each case in turn."""
    given: Case = request.param
    return given


def test_every_stage_gives_what_its_file_holds(case: Case, update: bool) -> None:
    """Stages are compared as text; a file that no stage gives is stale and fails."""
    for stage in case.stages:
        file = case.folder / f"{stage}.yaml"
        text = case.give(stage)
        if update:
            file.write_text(text)
        expected = file.read_text() if file.exists() else ""
        assert expected == text, f"{file.name} differs; if that is meant: {UPDATE.format(case.folder.name)}"
    known = {*INPUTS, *(f"{stage}.yaml" for stage in case.stages)}
    for stale in sorted(path for path in case.folder.iterdir() if path.name not in known):
        if update:
            stale.unlink()
        assert not stale.exists(), f"{stale} is stale: {UPDATE.format(case.folder.name)}"


def test_envoy_accepts_what_it_is_given(case: Case, tmp_path: Path) -> None:
    """The real program reads every resource of the case, as one static file."""
    if "envoy" not in case.stages:
        assert not (case.folder / "envoy.yaml").exists()
        return
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(static(case.snapshot(), bootstrap(BINDING))))
    command = [find_program(), "--mode", "validate", "--config-path", str(file), "--log-level", "error"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_input_stays_readable(case: Case) -> None:
    """One behaviour a case: under sixty lines of manifests."""
    lines = (case.folder / "in.yaml").read_text().splitlines()
    assert len(lines) <= 60
